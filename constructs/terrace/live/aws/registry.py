"""Checks of ECR (K8S-10)."""

from collections.abc import Iterator

from terrace.assurance.checks.aws.lookup import condition_keys, principals, statements
from terrace.assurance.evaluation import NotRequired, Observation, check, empty, equal
from terrace.aws import names
from terrace.calls import Absent
from terrace.live.aws import keys
from terrace.live.aws.checks import Deployment
from terrace.live.aws.secrets import modules


@check("K8S-10")
def scanned_and_immutable(deployment: Deployment) -> Iterator[Observation]:
    enabled, account = modules(deployment), names.registry_account(deployment.target)
    if not enabled:
        raise NotRequired("no enabled module uses the foundation (modules)")
    for module in enabled:
        name = names.repository(deployment.target, module)
        answer = deployment.call("ecr", "describe_repositories", registryId=account, repositoryNames=[name])
        found = answer["repositories"][0]
        resource = f"repository {name}"
        yield equal(resource, "imageTagMutability", found.get("imageTagMutability"), "IMMUTABLE")
        scan = found.get("imageScanningConfiguration", {}).get("scanOnPush")
        yield equal(resource, "scanOnPush", scan, True)
        encryption = found.get("encryptionConfiguration", {})
        yield equal(resource, "encryptionType", encryption.get("encryptionType"), "KMS")
        yield empty(resource, "public access", _public(deployment, account, name))
        yield keys.sealed(deployment, resource, "kmsKey", encryption.get("kmsKey"), "registry", "registry")
    # only an account itself can read the settings of its registry
    own = account == names.account(deployment.target)
    if own and deployment.environment.registry.scanning == "continuous":
        answer = deployment.call("ecr", "get_registry_scanning_configuration")
        kind = answer["scanningConfiguration"].get("scanType")
        yield equal("registry", "scanType", kind, "ENHANCED")


def _public(deployment: Deployment, account: str, name: str) -> list[str]:
    """The statements of a repository's policy that allow every account something, without a condition."""
    try:
        answer = deployment.call("ecr", "get_repository_policy", registryId=account, repositoryName=name)
    except Absent:
        return []
    return [
        str(one.get("Sid", "without Sid"))
        for one in statements(answer["policyText"])
        if one.get("Effect") == "Allow" and "*" in principals(one) and not condition_keys(one)
    ]
