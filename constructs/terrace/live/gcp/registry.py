"""Checks of Artifact Registry (K8S-10)."""

from collections.abc import Iterator

from terrace.assurance.evaluation import NotRequired, Observation, check, empty, equal
from terrace.gcp import names
from terrace.live.gcp import grants, keys
from terrace.live.gcp.checks import Deployment, named
from terrace.live.gcp.secrets import modules

_REPOSITORIES = "projects.locations.repositories"


@check("K8S-10")
def scanned_and_immutable(deployment: Deployment) -> Iterator[Observation]:
    enabled = modules(deployment)
    if not enabled:
        raise NotRequired("no enabled module uses the foundation (modules)")
    existing = deployment.target.existing.registry
    own = [f"{deployment.place}/repositories/{deployment.prefix}-{module}" for module in enabled]
    for full in [existing] if existing else own:
        found = deployment.call("artifactregistry", f"{_REPOSITORIES}.get", name=full)
        resource = f"repository {named(full)}"
        immutable = found.get("dockerConfig", {}).get("immutableTags", False)
        yield equal(resource, "immutableTags", immutable, True)
        scan = found.get("vulnerabilityScanningConfig", {}).get("enablementConfig", "INHERITED")
        yield equal(resource, "vulnerabilityScanning", scan, "INHERITED")
        yield keys.sealed(deployment, resource, "kmsKeyName", found.get("kmsKeyName"), "registry", "registry")
        held = grants.on(deployment, "artifactregistry", _REPOSITORIES, full)
        yield empty(resource, "public grants", grants.public(held))
    project = existing.split("/")[1] if existing else names.account(deployment.target)
    service = f"projects/{project}/services/containerscanning.googleapis.com"
    state = deployment.call("serviceusage", "services.get", name=service).get("state")
    yield equal("containerscanning.googleapis.com", "state", state, "ENABLED")
