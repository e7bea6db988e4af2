"""Checks of the container registry (K8S-10)."""

from collections.abc import Iterator

from terrace.assurance.evaluation import Observation, check, equal, includes
from terrace.azure import names
from terrace.live.azure import keys
from terrace.live.azure.checks import Deployment, at, named


@check("K8S-10")
def private_and_scanned(deployment: Deployment) -> Iterator[Observation]:
    id = names.registry_id(deployment.target)
    found, resource = deployment.get(id), f"registry {named(id)}"
    yield equal(resource, "loginServer", at(found, "loginServer"), f"{named(id).lower()}.azurecr.io")
    for switch in ("adminUserEnabled", "anonymousPullEnabled"):
        yield equal(resource, switch, bool(at(found, switch)), False)
    yield equal(resource, "publicNetworkAccess", at(found, "publicNetworkAccess"), "Disabled")
    yield equal(resource, "exportPolicy", str(at(found, "policies.exportPolicy.status")).lower(), "disabled")
    key = at(found, "encryption.keyVaultProperties.keyIdentifier")
    yield keys.sealed(deployment, resource, "encryption", key, "registry", "registry")
    # a subscription has one plan, of any environment
    plan = deployment.get(f"/subscriptions/{id.split('/')[2]}/providers/Microsoft.Security/pricings/Containers")
    yield equal("Defender for Containers", "pricingTier", at(plan, "pricingTier"), "Standard")
    parts = [str(one.get("name")) for one in at(plan, "extensions", []) if str(one.get("isEnabled")).lower() == "true"]
    yield includes("Defender for Containers", "extensions", parts, ["ContainerRegistriesVulnerabilityAssessments"])
