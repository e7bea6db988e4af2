"""The target of a stack and each cloud's settings, which every capability needs in addition to its spec."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from terrace.capabilities.existing import ExistingSpec
from terrace.capabilities.spec import Guid, Spec

Tier = Literal["dev", "staging", "prod"]


class Settings(Spec):
    """The settings that every cloud has."""

    NAMED_BY: ClassVar[str]
    """The setting that identifies an account."""
    ADMINISTERED_BY: ClassVar[str]
    """The setting with the id of the administrators' group or role."""

    owns_account: bool = True
    """Whether this environment creates what exists once per account (threat detection, defaults, ...)."""
    zones: tuple[str, ...] = ()
    """Exact zones; default: the region's first ones."""
    groups: Mapping[str, str] = {}
    """Group of `identity.oidc.groups` to its id on the cloud; needed for `access[].files`."""

    @property
    def account(self) -> str:
        """The id of the account, subscription or project."""
        return str(getattr(self, self.NAMED_BY))


class AwsSettings(Settings):
    """Settings that only AWS has, and exact values that replace Terrace's defaults."""

    NAMED_BY = "account_id"
    ADMINISTERED_BY = "admin_role"

    account_id: Annotated[str, Field(pattern=r"^\d{12}$")]
    """Account id; Terraform refuses to apply to another account."""
    partition: Literal["aws", "aws-cn", "aws-us-gov"] = "aws"
    """Partition of ARNs."""
    admin_role: Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=,.@-]+(/[A-Za-z0-9_+=,.@-]+)*$")]
    """Path and name of the role that the organisation's administrators assume, as created by IAM Identity Center."""
    groups: Mapping[str, Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=,.@-]+(/[A-Za-z0-9_+=,.@-]+)*$")]] = {}
    """Group of `identity.oidc.groups` to path and name of the role that its members sign in with, as created by IAM
    Identity Center; needed for `access[].files`."""
    database_class: Annotated[str, Field(pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$")] | None = None
    """Exact RDS instance class instead of the size's."""
    cache_node_type: Annotated[str, Field(pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$")] | None = None
    """Exact ElastiCache node type instead of the size's."""
    node_types: Mapping[str, tuple[Annotated[str, Field(pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$")], ...]] = {}
    """Pool name to exact instance types."""


class AzureSettings(Settings):
    """Settings that only Azure has, and exact values that replace Terrace's defaults."""

    NAMED_BY = "subscription_id"
    ADMINISTERED_BY = "admin_group_id"

    subscription_id: Guid
    """Subscription id."""
    tenant_id: Guid
    """Entra tenant id."""
    admin_group_id: Guid
    """Object id of `identity.admin_group` in Entra, whose members administer the platform."""
    groups: Mapping[str, Guid] = {}
    """Group of `identity.oidc.groups` to its object id in Entra; needed for `access[].files`."""
    deployer_id: Guid | None = None
    """Object id of a service principal that applies in addition to the pipelines, such as for the first apply; none: it
    has the roles on keys and secrets already."""
    certificate_issuer: Annotated[str, Field(min_length=1)] = "Self"
    """Certificate authority of the public entry, by its name in Key Vault; Self: self-signed."""
    database_sku: Annotated[str, Field(pattern=r"^(B|GP|MO)_Standard_\w+$")] | None = None
    """Exact PostgreSQL SKU instead of the size's."""
    cache_sku: Annotated[str, Field(pattern=r"^[A-Za-z]+_[A-Z]\d+$")] | None = None
    """Exact Managed Redis SKU instead of the size's."""
    node_types: Mapping[str, Annotated[str, Field(pattern=r"^Standard_\w+$")]] = {}
    """Pool name to exact VM size."""


class GcpSettings(Settings):
    """Settings that only Google Cloud has, and exact values that replace Terrace's defaults."""

    NAMED_BY = "project_id"
    ADMINISTERED_BY = "admin_group"

    project_id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
    """Project id."""
    project_number: Annotated[str, Field(pattern=r"^\d+$")]
    """Project number, which is part of the names of service agents."""
    billing_account: Annotated[str, Field(pattern=r"^[0-9A-F]{6}(-[0-9A-F]{6}){2}$")]
    """Billing account of the project, which has the budget."""
    admin_group: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$")]
    """Address of the administrators' group in Cloud Identity; the organisation's other groups have the same domain."""
    groups: Mapping[str, Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$")]] = {}
    """Group of `identity.oidc.groups` to its address in Cloud Identity; needed for `access[].files`."""
    database_tier: Annotated[str, Field(pattern=r"^db-[A-Za-z0-9-]+$")] | None = None
    """Exact Cloud SQL tier instead of the size's."""
    cache_node_type: Annotated[str, Field(pattern=r"^[A-Z_]+$")] | None = None
    """Exact Memorystore node type instead of the size's."""
    node_types: Mapping[str, str] = {}
    """Pool name to an exact machine type."""


@dataclass(frozen=True)
class Target:
    """The account, region and protection that a stack is synthesized for.

    `prefix` (project-environment) begins every name. `zones` are the network's zones; `spare_zones` are the other zones
    of the region. `protected` is false in dev and during a destroy; `unprotected` is true during a destroy, which also
    lifts the protections that the environment asks for. `remote_state` is whether a state home exists, and
    `state_bucket` the exact name of its bucket, if the environment sets it. `ignored_tags` are keys, or beginnings with
    *, of tags of others. `required_tags` are the keys that every resource has (GOV-1). `existing` are resources of the
    organisation, which the names of a cloud return instead of names of their own.
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
    remote_state: bool
    state_bucket: str | None
    settings: Settings
    unprotected: bool = False
    ignored_tags: tuple[str, ...] = ()
    required_tags: tuple[str, ...] = ("environment", "owner", "cost-centre", "data-classification", "managed-by")
    existing: ExistingSpec = field(default_factory=ExistingSpec)

    @property
    def layers(self) -> tuple[str, str]:
        """The ids of the environment's stacks: the foundation and the workloads."""
        return self.environment, f"{self.environment}-workloads"
