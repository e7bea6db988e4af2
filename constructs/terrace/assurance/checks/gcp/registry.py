"""Artifact Registry (K8S-10)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import uses
from terrace.assurance.checks.gcp.secrets import modules
from terrace.assurance.evaluation import Observation, check, empty, equal
from terrace.assurance.view import Resource


def _repositories(stack: Subject) -> list[Resource]:
    """The repository of each enabled module. Raises NotRequired."""
    return [stack.one("google_artifact_registry_repository", f"registry/{module}") for module in modules(stack)]


@check("K8S-10")
def private_and_encrypted(stack: Subject) -> Iterator[Observation]:
    for repository in _repositories(stack):
        yield uses(stack, repository, repository.get("kms_key_name"), "kms_key_name", "registry")
    members = stack.all("google_artifact_registry_repository_iam_member")
    public = [str(one) for one in members if str(one.get("member")) in ("allUsers", "allAuthenticatedUsers")]
    yield empty("registry", "grants to all users", public)


@check("K8S-10")
def immutable_tags(stack: Subject) -> Iterator[Observation]:
    for repository in _repositories(stack):
        yield equal(str(repository), "immutable_tags", repository.get("docker_config.immutable_tags"), True)


@check("K8S-10")
def scanned(stack: Subject) -> Iterator[Observation]:
    for repository in _repositories(stack):
        scan = repository.get("vulnerability_scanning_config.enablement_config", "INHERITED")
        yield equal(str(repository), "enablement_config", scan, "INHERITED")
    services = [str(service.get("service")) for service in stack.all("google_project_service")]
    scanning = "containerscanning.googleapis.com" in services
    yield equal("registry", "scanning is enabled", scanning or not stack.target.settings.owns_account, True)
