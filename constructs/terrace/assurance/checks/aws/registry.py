"""ECR (K8S-10)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.checks.aws.lookup import principals, statements
from terrace.assurance.checks.aws.secrets import modules
from terrace.assurance.evaluation import Observation, check, empty, equal
from terrace.assurance.view import Resource, at


def _repositories(stack: Subject) -> list[Resource]:
    """The repository of each enabled module. Raises NotRequired."""
    return [stack.one("aws_ecr_repository", f"registry/{module}") for module in modules(stack)]


@check("K8S-10")
def private_and_encrypted(stack: Subject) -> Iterator[Observation]:
    for repository in _repositories(stack):
        encryption = repository.get("encryption_configuration", [])
        yield equal(str(repository), "encryption_type", at(encryption, "encryption_type"), "KMS")
        yield lookup.uses(stack, repository, at(encryption, "kms_key"), "kms_key", "registry")
        public = [
            principal
            for policy in stack.view.pointing("aws_ecr_repository_policy", "repository", repository)
            for statement in statements(policy.get("policy") or {})
            for principal in principals(statement)
            if principal == "*"
        ]
        yield empty(str(repository), "public principals", public)


@check("K8S-10")
def immutable_tags(stack: Subject) -> Iterator[Observation]:
    for repository in _repositories(stack):
        yield equal(str(repository), "image_tag_mutability", repository.get("image_tag_mutability"), "IMMUTABLE")


@check("K8S-10")
def scanned(stack: Subject) -> Iterator[Observation]:
    for repository in _repositories(stack):
        scan = repository.get("image_scanning_configuration.scan_on_push")
        yield equal(str(repository), "scan_on_push", scan, True)


@check("K8S-10")
def scanned_continuously(stack: Subject) -> Iterator[Observation]:
    account = stack.target.settings.owns_account
    if stack.environment.registry.scanning != "continuous" or not account:
        yield Observation("registry", "scan on push is sufficient", True)
        return
    scanning = stack.view.only("aws_ecr_registry_scanning_configuration")
    yield equal(str(scanning), "scan_type", scanning.get("scan_type"), "ENHANCED")
    frequencies = [rule.get("scan_frequency") for rule in scanning.blocks("rule")]
    yield equal(str(scanning), "scan_frequency", frequencies, ["CONTINUOUS_SCAN"])
