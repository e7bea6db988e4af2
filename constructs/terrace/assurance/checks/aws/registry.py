"""ECR (K8S-10)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.checks.aws.lookup import principals, statements
from terrace.assurance.checks.aws.secrets import modules
from terrace.assurance.evaluation import Observation, check, empty, equal
from terrace.assurance.view import at


@check("K8S-10")
def scanned_and_immutable(stack: Subject) -> Iterator[Observation]:
    for module in modules(stack):
        repository = stack.one("aws_ecr_repository", f"registry/{module}")
        yield equal(str(repository), "image_tag_mutability", repository.get("image_tag_mutability"), "IMMUTABLE")
        scan = repository.get("image_scanning_configuration.scan_on_push")
        yield equal(str(repository), "scan_on_push", scan, True)
        encryption = repository.get("encryption_configuration", [])
        yield equal(str(repository), "encryption_type", at(encryption, "encryption_type"), "KMS")
        yield lookup.uses(stack, repository, at(encryption, "kms_key"), "kms_key", "registry")
        strangers = [
            who
            for policy in stack.view.pointing("aws_ecr_repository_policy", "repository", repository)
            for statement in statements(policy.get("policy") or {})
            for who in principals(statement)
            if who == "*"
        ]
        yield empty(str(repository), "open to", strangers)


@check("K8S-10")
def scanned_again(stack: Subject) -> Iterator[Observation]:
    account = stack.target.settings.owns_account
    if stack.environment.registry.scanning != "continuous" or not account:
        yield Observation("registry", "images are scanned when they are pushed", True)
        return
    scanning = stack.view.only("aws_ecr_registry_scanning_configuration")
    yield equal(str(scanning), "scan_type", scanning.get("scan_type"), "ENHANCED")
    frequencies = [rule.get("scan_frequency") for rule in scanning.blocks("rule")]
    yield equal(str(scanning), "scan_frequency", frequencies, ["CONTINUOUS_SCAN"])
