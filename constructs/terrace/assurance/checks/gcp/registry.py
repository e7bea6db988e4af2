"""Artifact Registry (K8S-10)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import uses
from terrace.assurance.checks.gcp.secrets import modules
from terrace.assurance.evaluation import Observation, check, empty, equal


@check("K8S-10")
def scanned_and_immutable(stack: Subject) -> Iterator[Observation]:
    for module in modules(stack):
        repository = stack.one("google_artifact_registry_repository", f"registry/{module}")
        immutable = repository.get("docker_config.immutable_tags")
        yield equal(str(repository), "immutable_tags", immutable, True)
        scan = repository.get("vulnerability_scanning_config.enablement_config", "INHERITED")
        yield equal(str(repository), "vulnerability_scanning", scan, "INHERITED")
        yield uses(stack, repository, repository.get("kms_key_name"), "kms_key_name", "registry")
    on = [str(one.get("service")) for one in stack.all("google_project_service")]
    scanning = "containerscanning.googleapis.com" in on
    yield equal("registry", "images are scanned", scanning or not stack.target.settings.owns_account, True)
    members = stack.all("google_artifact_registry_repository_iam_member")
    public = [str(one) for one in members if str(one.get("member")) in ("allUsers", "allAuthenticatedUsers")]
    yield empty("registry", "open to everybody", public)
