"""Checks of Artifact Registry (K8S-10)."""

from collections.abc import Iterator

from terrace.assurance.evaluation import NotRequired, Observation, check, empty, equal
from terrace.gcp import names
from terrace.live.gcp import grants, keys
from terrace.live.gcp.checks import Deployment
from terrace.live.gcp.secrets import modules

_REPOSITORIES = "projects.locations.repositories"


@check("K8S-10")
def scanned_and_immutable(deployment: Deployment) -> Iterator[Observation]:
    enabled = modules(deployment)
    if not enabled:
        raise NotRequired("no enabled module uses the foundation (modules)")
    for module in enabled:
        full = f"{deployment.place}/repositories/{deployment.prefix}-{module}"
        found = deployment.call("artifactregistry", f"{_REPOSITORIES}.get", name=full)
        resource = f"repository {deployment.prefix}-{module}"
        immutable = found.get("dockerConfig", {}).get("immutableTags", False)
        yield equal(resource, "immutableTags", immutable, True)
        scan = found.get("vulnerabilityScanningConfig", {}).get("enablementConfig", "INHERITED")
        yield equal(resource, "vulnerabilityScanning", scan, "INHERITED")
        yield keys.used(deployment, resource, "kmsKeyName", found.get("kmsKeyName"), "registry")
        held = grants.on(deployment, "artifactregistry", _REPOSITORIES, full)
        yield empty(resource, "public grants", grants.public(held))
    service = f"projects/{names.account(deployment.target)}/services/containerscanning.googleapis.com"
    state = deployment.call("serviceusage", "services.get", name=service).get("state")
    yield equal("containerscanning.googleapis.com", "state", state, "ENABLED")
