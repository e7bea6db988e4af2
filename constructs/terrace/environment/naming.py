"""Limits of the clouds on computed names, and the names that exceed them; the keys of tags.

A name is a prefix, by default project-environment, and a purpose. A project and an environment have at most 12
characters each and a prefix at most 25, so few names come near a limit. They are checked before a plan because several
services reject a long name only during an apply.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from terrace.capabilities.cloud import CloudName
from terrace.environment.schema import Environment

BOOTSTRAP = "-bootstrap"
"""What follows the environment's name in the id of its bootstrap stack; no environment may have such a name."""
LONGEST_PREFIX = 25
"""Characters, in any naming pattern."""
WORKLOADS = "-workloads"
"""What follows the environment's name in the id of its workloads stack; no environment may have such a name."""


class Limit(NamedTuple):
    """`suffix` is the longest fixed text after the prefix; `per` names the variable part, if any."""

    resource: str
    suffix: str
    characters: int
    per: str = ""


LIMITS: dict[CloudName, tuple[Limit, ...]] = {
    # Sources: the service's API reference, or the provider's own check if it has one.
    "aws": (
        Limit("load balancer", "", 32),  # Elastic Load Balancing, CreateLoadBalancer, Name
        Limit("target group", "", 32),  # Elastic Load Balancing, CreateTargetGroup, Name
        Limit("replication group", "", 40),  # ElastiCache, CreateReplicationGroup, ReplicationGroupId
        Limit("cache user", "-", 40, "cache"),  # ElastiCache, CreateUser, UserId
        Limit("backup vault", "-recovery", 50),  # AWS Backup, CreateBackupVault, BackupVaultName
        Limit("database", "-replica-5", 63),  # RDS, CreateDBInstance, DBInstanceIdentifier
        Limit("bucket", "-artifacts-recovery-111122223333", 63),  # S3, bucket naming rules
        Limit("node group", "-", 63, "pool"),  # EKS, CreateNodegroup, nodegroupName
        Limit("role", "-module-", 64, "module"),  # IAM, CreateRole, RoleName
        Limit("schedule", "--down", 64, "pool"),  # EventBridge Scheduler, CreateSchedule, Name
    ),
    "azure": (
        # names of key vaults, registries and storage accounts are shortened and end in a hash (terrace.azure.names)
        Limit("node pool", "", 12, "pool alone"),  # Azure resource naming rules, Microsoft.ContainerService
        Limit("backup vault", "", 50),  # Azure resource naming rules, Microsoft.DataProtection
        Limit("cluster", "", 63),  # Azure resource naming rules, Microsoft.ContainerService
        Limit("database", "-a1b2c3-replica-5", 63),  # Azure resource naming rules, Microsoft.DBforPostgreSQL
        Limit("cache", "", 63),  # Azure resource naming rules, Microsoft.Cache
    ),
    "gcp": (
        Limit("service account", "-", 30, "module"),  # IAM, projects.serviceAccounts.create, accountId
        Limit("cluster", "", 40),  # GKE, projects.locations.clusters.create, name
        Limit("node pool", "", 40, "pool alone"),  # GKE, nodePools, name
        Limit("bucket", "-artifacts-recovery", 63),  # Cloud Storage, bucket naming
        Limit("network", "-services", 63),  # Compute Engine, RFC 1035 names
    ),
}


@dataclass(frozen=True)
class LongName:
    """A name that is too long, the path of the setting that causes it, and what to shorten."""

    resource: str
    name: str
    limit: int
    path: str
    shorten: str

    @property
    def excess(self) -> int:
        """Characters over the limit."""
        return len(self.name) - self.limit


def prefix(environment: Environment) -> str:
    """The start of every name, by default project-environment."""
    pattern = environment.naming.pattern
    return pattern.replace("{project}", environment.project).replace("{environment}", environment.name)


def required_tags(environment: Environment) -> tuple[str, ...]:
    """The keys of the tags that every resource has, as the organisation spells them (GOV-1)."""
    keys = environment.naming.tag_keys
    return ("environment", keys.owner, keys.cost_centre, keys.data_classification, "managed-by")


def long_names(environment: Environment) -> Iterator[LongName]:
    """Each computed name that exceeds its cloud's limit."""
    start = prefix(environment)
    for limit in LIMITS[environment.cloud]:
        for part, path in _variable_parts(environment, limit):
            name = part if limit.per == "pool alone" else f"{start}{_joined(limit.suffix, part)}"
            if len(name) > limit.characters:
                shorten = f"{path.rpartition('.')[2]!r} or {start!r}" if part else "project or name"
                yield LongName(limit.resource, name, limit.characters, path, shorten)


def _joined(suffix: str, part: str) -> str:
    """-module- and airflow: -module-airflow; --down and spot: -spot-down."""
    return f"-{part}{suffix[1:]}" if suffix.startswith("--") else f"{suffix}{part}"


def _variable_parts(environment: Environment, limit: Limit) -> Iterator[tuple[str, str]]:
    """The variable parts of a name, each with the path of its setting."""
    if limit.per in ("module", "cache"):
        for name, module in environment.foundation_modules.items():
            if limit.per == "module" or module.needs.cache:
                yield name, f"modules.{name}"
    elif limit.per.startswith("pool"):
        for name in environment.pools:
            yield name, f"cluster.pools.{name}"
    else:
        yield "", "name"
