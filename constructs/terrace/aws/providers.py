"""The AWS providers of a stack: one for the home region and, if there is one, for the recovery region."""

from cdktn import TerraformStack
from cdktn_provider_aws.provider import AwsProvider, AwsProviderDefaultTags, AwsProviderIgnoreTags
from constructs import Construct

from terrace.aws import names
from terrace.capabilities.target import Target
from terrace.errors import ContractError

_IGNORED = (
    *("eks:", "elbv2.k8s.aws/", "ingress.k8s.aws/", "k8s.io/", "karpenter.sh/", "service.k8s.aws/"),
    *("kubernetes.io/cluster/", "kubernetes.io/created-for/", "kubernetes.io/service-name"),
)
"""Beginnings of tags that EKS and the cluster's controllers set; the provider ignores `aws:` itself. Not all of
`kubernetes.io/`: subnets have `kubernetes.io/role/`. Sources: EKS User Guide, "Subnet requirements and considerations";
AWS Load Balancer Controller, "Subnet auto discovery" and resource tags; AWS provider, `ignore_tags`."""


def configure(stack: TerraformStack, target: Target) -> None:
    """Add the providers to `stack`. With credentials of another account, Terraform fails before any change."""
    _provider(stack, "aws", target, target.region, alias=None)
    if target.recovery_region:
        _provider(stack, "aws-recovery", target, target.recovery_region, alias="recovery")


def recovery(scope: Construct) -> AwsProvider:
    """The provider for the recovery region, of the stack that contains `scope`."""
    provider = TerraformStack.of(scope).node.try_find_child("aws-recovery")
    if not isinstance(provider, AwsProvider):
        raise ContractError("the environment has no recovery region", where=scope.node.path)
    return provider


def _provider(stack: TerraformStack, id: str, target: Target, region: str, *, alias: str | None) -> None:
    offline = True if target.offline else None
    AwsProvider(
        stack,
        id,
        alias=alias,
        region=region,
        # allowed_account_ids needs STS, which an offline plan does not have
        allowed_account_ids=None if target.offline else [names.account(target)],
        default_tags=[AwsProviderDefaultTags(tags=dict(target.tags))],  # GOV-1
        ignore_tags=[
            AwsProviderIgnoreTags(
                keys=[key for key in target.ignored_tags if not key.endswith("*")] or None,
                key_prefixes=[*_IGNORED, *(key.rstrip("*") for key in target.ignored_tags if key.endswith("*"))],
            )
        ],
        skip_credentials_validation=offline,
        skip_requesting_account_id=offline,
        skip_metadata_api_check="true" if offline else None,
        skip_region_validation=offline,
    )
