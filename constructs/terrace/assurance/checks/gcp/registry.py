"""Artifact Registry (K8S-10)."""

from collections.abc import Iterator

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import unset, uses
from terrace.assurance.checks.gcp.secrets import modules
from terrace.assurance.evaluation import NotRequired, Observation, check, equal
from terrace.assurance.view import Resource, at
from terrace.gcp import names


def _repositories(stack: Subject) -> list[Resource]:
    """The repository of each enabled module. Raises NotRequired."""
    stack.own("registry")
    return [stack.one("google_artifact_registry_repository", f"registry/{module}") for module in modules(stack)]


@check("K8S-10")
def private_and_encrypted(stack: Subject) -> Iterator[Observation]:
    for repository in _repositories(stack):
        yield uses(stack, repository, repository.get("kms_key_name"), "kms_key_name", "registry")
        yield equal(str(repository), "mode", repository.get("mode", "STANDARD_REPOSITORY"), "STANDARD_REPOSITORY")


@check("K8S-10")
def immutable_tags(stack: Subject) -> Iterator[Observation]:
    for repository in _repositories(stack):
        yield equal(str(repository), "immutable_tags", repository.get("docker_config.immutable_tags"), True)
        rules = repository.blocks("cleanup_policies")
        deleted = [at(one, "condition.tag_state") for one in rules if one.get("action") == "DELETE"]
        yield equal(str(repository), "images that the clean-up deletes", deleted, ["UNTAGGED"])


@check("K8S-10")
def scanned(stack: Subject) -> Iterator[Observation]:
    for repository in _repositories(stack):
        scan = repository.get("vulnerability_scanning_config.enablement_config", "INHERITED")
        yield equal(str(repository), "enablement_config", scan, "INHERITED")
    services = [str(service.get("service")) for service in stack.all("google_project_service")]
    scanning = "containerscanning.googleapis.com" in services
    yield equal("registry", "scanning is enabled", scanning or not stack.target.settings.owns_account, True)


@check("K8S-10")
def admission(stack: Subject) -> Iterator[Observation]:
    if stack.target.tier == "dev":
        raise NotRequired("tier is dev")
    stack.own("cluster")
    cluster = stack.view.only("google_container_cluster")
    mode = cluster.get("binary_authorization.evaluation_mode")
    yield equal(str(cluster), "binary_authorization", mode, "PROJECT_SINGLETON_POLICY_ENFORCE")
    policy = stack.view.only("google_binary_authorization_policy")
    rule = policy.get("default_admission_rule.evaluation_mode")
    yield equal(str(policy), "evaluation_mode", rule, "ALWAYS_DENY")
    enforcement = policy.get("default_admission_rule.enforcement_mode")
    yield equal(str(policy), "enforcement_mode", enforcement, "ENFORCED_BLOCK_AND_AUDIT_LOG")
    patterns = [str(one.get("name_pattern")) for one in policy.blocks("admission_whitelist_patterns")]
    yield equal(str(policy), "admitted images", patterns, [f"{names.registry(stack.target)}/**"])
    yield from unset(policy, "cluster_admission_rules")


@check("K8S-10")
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "K8S-10")
