"""Names and ARNs on AWS, computed from the target alone, so that they are known before the resources exist.

Loads no CDK: `terrace.live.aws` computes the same names to find the same resources.
"""

from terrace.capabilities.identity import IdentitySpec
from terrace.capabilities.observability import LogGroup
from terrace.capabilities.target import AwsSettings, Target
from terrace.errors import ContractError

STS = "sts.amazonaws.com"
"""The audience of a token for STS, where a job can choose it."""
_USER_ID_LENGTH = 40
"""Source: ElastiCache API, CreateUser."""


def settings(target: Target) -> AwsSettings:
    """The AWS settings of a target on AWS."""
    assert isinstance(target.settings, AwsSettings)
    return target.settings


def account(target: Target) -> str:
    """The account's twelve digits."""
    return settings(target).account_id


def arn(target: Target, service: str, resource: str, *, region: str | None = None) -> str:
    """An ARN in the target's account; `region` is the home region unless given ('' for global services)."""
    where = target.region if region is None else region
    return f"arn:{settings(target).partition}:{service}:{where}:{account(target)}:{resource}"


def identity_provider(target: Target, spec: IdentitySpec) -> str:
    """The ARN of the account's identity provider for the CI system's tokens."""
    return arn(target, "iam", f"oidc-provider/{spec.issuer_host}", region="")


def condition_keys(target: Target, spec: IdentitySpec) -> frozenset[str]:
    """The claims besides audience and subject that a trust policy can compare: in the commercial regions, of some
    issuers. Source: IAM User Guide, "Available keys for AWS OIDC federation"."""
    known: frozenset[str] = spec.tokens.condition_keys(spec)
    return known if settings(target).partition == "aws" else frozenset()


def root(target: Target) -> str:
    """The account itself as a principal."""
    return arn(target, "iam", "root", region="")


def role_name(target: Target, purpose: str) -> str:
    """An IAM role's name; 64 characters at most."""
    return f"{target.prefix}-{purpose}"


def role_arn(target: Target, purpose: str) -> str:
    """An IAM role's ARN."""
    return arn(target, "iam", f"role/{role_name(target, purpose)}", region="")


def managed_policy(target: Target, name: str) -> str:
    """The ARN of an AWS managed policy; `name` may include a path (service-role/...)."""
    return f"arn:{settings(target).partition}:iam::aws:policy/{name}"


def boundary_arn(target: Target) -> str:
    """The permissions boundary of every role of the kit."""
    return arn(target, "iam", f"policy/{target.prefix}-boundary", region="")


def bucket(target: Target, name: str, *, recovery: bool = False) -> str:
    """A bucket's name; global, so the account's number ends it; 63 characters at most."""
    return f"{target.prefix}-{name}{'-recovery' if recovery else ''}-{account(target)}"


def bucket_arn(target: Target, name: str, *, recovery: bool = False) -> str:
    """A bucket's ARN; objects are below it with a slash."""
    return f"arn:{settings(target).partition}:s3:::{bucket(target, name, recovery=recovery)}"


def log_group(target: Target, name: LogGroup) -> str:
    """A log group's name. EKS, RDS, WAF and Container Insights fix theirs; the kit creates them first, encrypted."""
    fixed: dict[LogGroup, str] = {
        "cluster": f"/aws/eks/{cluster(target)}/cluster",
        "postgresql": f"/aws/rds/instance/{target.prefix}/postgresql",
        "upgrade": f"/aws/rds/instance/{target.prefix}/upgrade",
        "waf": f"aws-waf-logs-{target.prefix}",
        "containers": f"/aws/containerinsights/{target.prefix}/application",
        "hosts": f"/aws/containerinsights/{target.prefix}/host",
        "dataplane": f"/aws/containerinsights/{target.prefix}/dataplane",
        "performance": f"/aws/containerinsights/{target.prefix}/performance",
    }
    return fixed.get(name, f"/terrace/{target.prefix}/{name}")


def log_group_arn(target: Target, name: LogGroup) -> str:
    """A log group's ARN without the `:*` that permissions append."""
    return arn(target, "logs", f"log-group:{log_group(target, name)}")


def dns_log_group(target: Target) -> str:
    """The log group of the network's DNS queries."""
    return f"/terrace/{target.prefix}/dns"


def topic_arn(target: Target, severity: str) -> str:
    """The SNS topic of a severity."""
    return arn(target, "sns", f"{target.prefix}-{severity}")


def trail_arn(target: Target) -> str:
    """The CloudTrail trail."""
    return arn(target, "cloudtrail", f"trail/{target.prefix}")


def cluster(target: Target) -> str:
    """The EKS cluster's name: an existing one's, or the foundation's own."""
    return target.existing.cluster.name if target.existing.cluster else target.prefix


def cluster_arn(target: Target) -> str:
    """The EKS cluster."""
    return arn(target, "eks", f"cluster/{cluster(target)}")


def state_bucket(target: Target) -> str:
    """The bucket with the remote state of all the project's environments in the account."""
    project = target.prefix.removesuffix(f"-{target.environment}")
    return target.state_bucket or f"{project}-state-{account(target)}"


def state_key(target: Target) -> str:
    """The alias of the KMS key of the state home, which seals bundles too."""
    return f"alias/{target.prefix.removesuffix(f'-{target.environment}')}-state"


def plan_folders(target: Target) -> list[str]:
    """Where the bundles of plans are beside the states, by layer."""
    return [f"{target.environment}/aws/{layer}/plans/" for layer in target.layers]


def cache_user(target: Target, module: str) -> str:
    """A module's user of the cache."""
    name = f"{target.prefix}-{module}"
    if len(name) > _USER_ID_LENGTH:
        raise ContractError(
            f"the cache user {name} has {len(name)} characters; ElastiCache allows {_USER_ID_LENGTH}",
            where=f"modules.{module}",
            hint="shorten the project's or the module's name",
        )
    return name


def cache_user_arn(target: Target, module: str) -> str:
    """The user as IAM policies name it."""
    return arn(target, "elasticache", f"user:{cache_user(target, module)}")


def stream_arn(target: Target, kind: str, name: str = "") -> str:
    """The cluster of streams (`cluster`), or what is in it (`topic`, `group`, `transactional-id`), as IAM policies
    name it; the cluster's ARN ends in an id that is unknown before the apply."""
    return arn(target, "kafka", f"{kind}/{target.prefix}/*" + (f"/{name}" if name else ""))


def registry(target: Target) -> str:
    """The host of the image registry: of the account of an existing one, or of the environment's."""
    suffix = ".cn" if settings(target).partition == "aws-cn" else ""
    return f"{registry_account(target)}.dkr.ecr.{target.region}.amazonaws.com{suffix}"


def registry_account(target: Target) -> str:
    """The account of the image registry."""
    return target.existing.registry.split(":")[4] if target.existing.registry else account(target)


def repository(target: Target, module: str) -> str:
    """The name of a module's repository."""
    existing = target.existing.registry
    return f"{existing.partition('repository/')[2] if existing else target.prefix}/{module}"


def metric_namespace(target: Target) -> str:
    """The namespace of the environment's own metrics."""
    return f"Terrace/{target.prefix}"


def secret_arn_pattern(target: Target, secret: str) -> str:
    """A secret's ARN for policies; Secrets Manager appends a hyphen and six random characters to ARNs."""
    return arn(target, "secretsmanager", f"secret:{secret}-??????")
