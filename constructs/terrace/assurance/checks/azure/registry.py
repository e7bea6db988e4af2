"""The container registry (K8S-10)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import uses
from terrace.assurance.evaluation import Observation, check, equal, includes
from terrace.assurance.view import at


@check("K8S-10")
def private_and_sealed(stack: Subject) -> Iterator[Observation]:
    registry = stack.view.only("azurerm_container_registry")
    for name in ("admin_enabled", "anonymous_pull_enabled", "public_network_access_enabled", "export_policy_enabled"):
        yield equal(str(registry), name, registry.get(name), False)
    key = at(registry.get("encryption", []), "key_vault_key_id")
    yield uses(stack, registry, key, "encryption", "registry")


@check("K8S-10")
def scanned(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        yield Observation("registry", "another environment of the subscription has scanning on", True)
        return
    plan = stack.one("azurerm_security_center_subscription_pricing", "audit/detection-Containers")
    parts = [str(one.get("name")) for one in plan.blocks("extension")]
    yield includes(str(plan), "extensions", parts, ["ContainerRegistriesVulnerabilityAssessments"])
