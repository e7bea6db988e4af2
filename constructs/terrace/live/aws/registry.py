"""Checks of ECR (K8S-10)."""

from collections.abc import Iterator

from terrace.assurance.evaluation import NotRequired, Observation, check, equal
from terrace.live.aws import keys
from terrace.live.aws.checks import Deployment
from terrace.live.aws.secrets import modules


@check("K8S-10")
def scanned_and_immutable(deployment: Deployment) -> Iterator[Observation]:
    enabled = modules(deployment)
    if not enabled:
        raise NotRequired("no enabled module uses the foundation (modules)")
    for module in enabled:
        name = f"{deployment.prefix}/{module}"
        found = deployment.call("ecr", "describe_repositories", repositoryNames=[name])["repositories"][0]
        resource = f"repository {name}"
        yield equal(resource, "imageTagMutability", found.get("imageTagMutability"), "IMMUTABLE")
        scan = found.get("imageScanningConfiguration", {}).get("scanOnPush")
        yield equal(resource, "scanOnPush", scan, True)
        encryption = found.get("encryptionConfiguration", {})
        yield equal(resource, "encryptionType", encryption.get("encryptionType"), "KMS")
        yield keys.used(deployment, resource, "kmsKey", encryption.get("kmsKey"), "registry")
    if deployment.environment.registry.scanning == "continuous":
        answer = deployment.call("ecr", "get_registry_scanning_configuration")
        kind = answer["scanningConfiguration"].get("scanType")
        yield equal("registry", "scanType", kind, "ENHANCED")
