"""Names are computed (project-environment-purpose), and each cloud ends them somewhere: the limits, and what exceeds.

A project has at most 12 characters and an environment as well, so the prefix has at most 25 and only few names can
come to their limit. They are counted here, before a plan, because several services say so only during an apply.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from terrace.environment.schema import Environment
from terrace.environment.sizes import Cloud


class Limit(NamedTuple):
    """`suffix` is the longest fixed one the kit puts behind the prefix; `per` names what else varies in it."""

    thing: str
    suffix: str
    characters: int
    per: str = ""


LIMITS: dict[Cloud, tuple[Limit, ...]] = {
    # Sources: the service's API reference, or the provider's own check where it has one.
    "aws": (
        Limit("the load balancer", "", 32),  # Elastic Load Balancing, CreateLoadBalancer, Name
        Limit("the target group", "", 32),  # Elastic Load Balancing, CreateTargetGroup, Name
        Limit("the replication group", "", 40),  # ElastiCache, CreateReplicationGroup, ReplicationGroupId
        Limit("the cache user", "-", 40, "cache"),  # ElastiCache, CreateUser, UserId
        Limit("the backup vault", "-recovery", 50),  # AWS Backup, CreateBackupVault, BackupVaultName
        Limit("the database", "-replica-5", 63),  # RDS, CreateDBInstance, DBInstanceIdentifier
        Limit("the bucket", "-artifacts-recovery-111122223333", 63),  # S3, bucket naming rules
        Limit("the node group", "-", 63, "pool"),  # EKS, CreateNodegroup, nodegroupName
        Limit("the role", "-module-", 64, "module"),  # IAM, CreateRole, RoleName
        Limit("the schedule", "--down", 64, "pool"),  # EventBridge Scheduler, CreateSchedule, Name
    ),
    "azure": (
        # key vault, registry and storage accounts are cut and end in a hash (terrace.azure.names)
        Limit("the node pool", "", 12, "pool alone"),  # Azure resource naming rules, Microsoft.ContainerService
        Limit("the backup vault", "", 50),  # Azure resource naming rules, Microsoft.DataProtection
        Limit("the cluster", "", 63),  # Azure resource naming rules, Microsoft.ContainerService
        Limit("the database", "-a1b2c3-replica-5", 63),  # Azure resource naming rules, Microsoft.DBforPostgreSQL
        Limit("the cache", "", 63),  # Azure resource naming rules, Microsoft.Cache
    ),
    "gcp": (
        Limit("the service account", "-", 30, "module"),  # IAM, projects.serviceAccounts.create, accountId
        Limit("the cluster", "", 40),  # GKE, projects.locations.clusters.create, name
        Limit("the node pool", "", 40, "pool alone"),  # GKE, nodePools, name
        Limit("the bucket", "-artifacts-recovery", 63),  # Cloud Storage, bucket naming
        Limit("the network", "-services", 63),  # Compute Engine, RFC 1035 names
    ),
}


@dataclass(frozen=True)
class Excess:
    """A name that is too long, the path of what makes it so, and what to shorten."""

    thing: str
    name: str
    limit: int
    path: str
    shorten: str

    @property
    def over(self) -> int:
        return len(self.name) - self.limit


def prefix(environment: Environment) -> str:
    """What begins every name: project-environment."""
    return f"{environment.project}-{environment.name}"


def excesses(environment: Environment) -> Iterator[Excess]:
    """Every computed name beyond its cloud's limit."""
    start = prefix(environment)
    for limit in LIMITS[environment.cloud]:
        for part, path in _parts(environment, limit):
            name = part if limit.per == "pool alone" else f"{start}{_joined(limit.suffix, part)}"
            if len(name) > limit.characters:
                shorten = f"{path.rpartition('.')[2]!r} or {start!r}" if part else "project or name"
                yield Excess(limit.thing, name, limit.characters, path, shorten)


def _joined(suffix: str, part: str) -> str:
    """-module- and airflow: -module-airflow; --down and spot: -spot-down."""
    return f"-{part}{suffix[1:]}" if suffix.startswith("--") else f"{suffix}{part}"


def _parts(environment: Environment, limit: Limit) -> Iterator[tuple[str, str]]:
    """What varies in a name, and the path that it comes from."""
    if limit.per in ("module", "cache"):
        for name, module in environment.modules.items():
            if module.enabled and (limit.per == "module" or module.cache):
                yield name, f"modules.{name}"
    elif limit.per.startswith("pool"):
        for name in environment.cluster.pools:
            yield name, f"cluster.pools.{name}"
    else:
        yield "", "name"
