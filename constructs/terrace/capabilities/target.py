"""Where a stack goes and under which names: what every capability needs beside its own spec."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from terrace.capabilities.spec import Spec

Tier = Literal["dev", "staging", "prod"]


class Settings(Spec):
    """What every cloud's settings have."""

    NAMED_BY: ClassVar[str]
    """The setting that tells one account from another."""

    owns_account: bool = True
    """Whether this environment carries the settings that exist once an account (threat detection, defaults, ...)."""
    zones: tuple[str, ...] = ()
    """Exact zones instead of the region's first ones."""

    @property
    def account(self) -> str:
        """What tells this account (subscription, project) from another one of the cloud."""
        return str(getattr(self, self.NAMED_BY))


class AwsSettings(Settings):
    """What only AWS has, and exact choices that replace the kit's own."""

    NAMED_BY = "account_id"

    account_id: Annotated[str, Field(pattern=r"^\d{12}$")]
    """The account; applying to another one is refused."""
    partition: Literal["aws", "aws-cn", "aws-us-gov"] = "aws"
    """The partition of its ARNs."""
    admin_role: Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=,.@-]+(/[A-Za-z0-9_+=,.@-]+)*$")]
    """Path and name of the role that the organisation's administrators assume, as IAM Identity Center makes it."""
    database_class: Annotated[str, Field(pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$")] | None = None
    """Exact RDS instance class instead of the size's."""
    cache_node_type: Annotated[str, Field(pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$")] | None = None
    """Exact ElastiCache node type instead of the size's."""
    node_types: Mapping[str, tuple[Annotated[str, Field(pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$")], ...]] = {}
    """Pool name to exact instance types."""


_Guid = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class AzureSettings(Settings):
    """What only Azure has, and exact choices that replace the kit's own."""

    NAMED_BY = "subscription_id"

    subscription_id: _Guid
    """The subscription."""
    tenant_id: _Guid
    """The Entra tenant."""
    admin_group_id: _Guid
    """Object id of `identity.admin_group` in Entra, whose members administer the platform."""
    deployer_id: _Guid | None = None
    """Object id of a service principal that applies beside the pipelines, as the first time; none: it holds the rights
    on keys and secrets already."""
    certificate_issuer: Annotated[str, Field(min_length=1)] = "Self"
    """The certificate authority of the public entry, by the name it has in Key Vault; Self: self-signed."""
    database_sku: Annotated[str, Field(pattern=r"^(B|GP|MO)_Standard_\w+$")] | None = None
    """Exact PostgreSQL SKU instead of the size's."""
    cache_sku: Annotated[str, Field(pattern=r"^[A-Za-z]+_[A-Z]\d+$")] | None = None
    """Exact Managed Redis SKU instead of the size's."""
    node_types: Mapping[str, Annotated[str, Field(pattern=r"^Standard_\w+$")]] = {}
    """Pool name to exact VM size."""


class GcpSettings(Settings):
    """What only Google Cloud has, and exact choices that replace the kit's own."""

    NAMED_BY = "project_id"

    project_id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
    """The project."""
    project_number: Annotated[str, Field(pattern=r"^\d+$")]
    """Its number; service agents are named by it."""
    billing_account: Annotated[str, Field(pattern=r"^[0-9A-F]{6}(-[0-9A-F]{6}){2}$")]
    """The billing account that pays for the project; the budget is there."""
    admin_group: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$")]
    """Address of the administrators' group in Cloud Identity; the organisation's other groups have the same domain."""
    github_owner_id: Annotated[str, Field(pattern=r"^\d+$")] | None = None
    """GitHub's number of the repository's owner: whoever takes over the name after it is given up is refused."""
    database_tier: Annotated[str, Field(pattern=r"^db-[A-Za-z0-9-]+$")] | None = None
    """Exact Cloud SQL tier instead of the size's."""
    cache_node_type: Annotated[str, Field(pattern=r"^[A-Z_]+$")] | None = None
    """Exact Memorystore node type instead of the size's."""
    node_types: Mapping[str, str] = {}
    """Pool name to an exact machine type."""


@dataclass(frozen=True)
class Target:
    """Where a stack goes.

    `prefix` (project-environment) begins every name. `zones` has as many as the network asks for; `spare_zones` are the
    region's others. `protected` is false in dev, and while a destroy is under way. `state_bucket` is the exact name of
    the bucket of remote state, where the environment gives one.
    """

    environment: str
    prefix: str
    tier: Tier
    region: str
    recovery_region: str | None
    zones: tuple[str, ...]
    spare_zones: tuple[str, ...]
    tags: Mapping[str, str]
    protected: bool
    offline: bool
    state_bucket: str | None
    settings: Settings
