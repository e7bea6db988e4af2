"""ECR (K8S-10)."""

from collections.abc import Iterator

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.checks.aws.secrets import modules
from terrace.assurance.evaluation import Observation, check, equal
from terrace.assurance.view import Resource, at
from terrace.aws import names


def _repositories(stack: Subject) -> list[Resource]:
    """The repository of each enabled module. Raises NotRequired."""
    stack.own("registry")
    return [stack.one("aws_ecr_repository", f"registry/{module}") for module in modules(stack)]


@check("K8S-10")
def private_and_encrypted(stack: Subject) -> Iterator[Observation]:
    for repository in _repositories(stack):
        encryption = repository.get("encryption_configuration", [])
        yield equal(str(repository), "encryption_type", at(encryption, "encryption_type"), "KMS")
        yield lookup.uses(stack, repository, at(encryption, "kms_key"), "kms_key", "registry")
        yield equal(str(repository), "force_delete", bool(repository.get("force_delete")), False)
    for replication in stack.all("aws_ecr_replication_configuration", or_none=True):
        rules = at(replication.attributes, "replication_configuration.rule", [])
        owners = {str(copy.get("registry_id")) for rule in rules for copy in rule.get("destination", [])}
        yield equal(str(replication), "registries of copies", sorted(owners), [names.account(stack.target)])


@check("K8S-10")
def keeps_images_in_use(stack: Subject) -> Iterator[Observation]:
    for repository in _repositories(stack):
        for policy in stack.view.pointing("aws_ecr_lifecycle_policy", "repository", repository):
            selections = [rule.get("selection", {}) for rule in policy.blocks("policy.rules")]
            kinds = sorted({str(one.get("tagStatus")) for one in selections})
            yield equal(str(policy), "expires images", kinds, ["untagged"])
            days = [one.get("countNumber") for one in selections if one.get("countType") == "sinceImagePushed"]
            yield equal(str(policy), "after days", days, [stack.environment.registry.untagged_days])


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
    stack.own("registry")
    account = stack.target.settings.owns_account
    if stack.environment.registry.scanning != "continuous" or not account:
        yield Observation("registry", "scan on push is sufficient", True)
        return
    scanning = stack.one("aws_ecr_registry_scanning_configuration", "registry/scanning")
    yield equal(str(scanning), "scan_type", scanning.get("scan_type"), "ENHANCED")
    frequencies = [rule.get("scan_frequency") for rule in scanning.blocks("rule")]
    yield equal(str(scanning), "scan_frequency", frequencies, ["CONTINUOUS_SCAN"])


@check("K8S-10")
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "K8S-10")
