"""The whole of an environment file. Its sections are the capabilities' specs."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from terrace.capabilities.audit import AuditSpec
from terrace.capabilities.backup import BackupSpec
from terrace.capabilities.cache import CacheSpec
from terrace.capabilities.cluster import ClusterSpec
from terrace.capabilities.cost import CostSpec
from terrace.capabilities.database import DatabaseSpec
from terrace.capabilities.identity import IdentitySpec, ModuleSpec
from terrace.capabilities.keys import KeysSpec
from terrace.capabilities.lake import LakeSpec
from terrace.capabilities.network import NetworkSpec
from terrace.capabilities.observability import ObservabilitySpec
from terrace.capabilities.registry import RegistrySpec
from terrace.capabilities.secrets import SecretsSpec
from terrace.capabilities.spec import Layer, Name, Spec, Team
from terrace.capabilities.target import AwsSettings, AzureSettings, GcpSettings, Settings, Tier
from terrace.environment.sizes import Cloud

SETTINGS: Mapping[str, type[Settings]] = {"aws": AwsSettings, "azure": AzureSettings, "gcp": GcpSettings}
"""What only one cloud has, by the cloud; the key is the section's name as well."""


class Ownership(Spec):
    """Who answers for the environment; becomes tags on everything that takes them (GOV-1)."""

    owner: Team
    """The owning team."""
    cost_centre: Team
    """Who pays."""
    data_classification: Literal["public", "internal", "confidential", "restricted"]
    """The highest classification that the environment holds."""
    tags: Mapping[
        Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")], Annotated[str, Field(pattern=r"^[a-z0-9_-]{0,63}$")]
    ] = {}
    """More tags; lower case, as Google's labels want."""


class StateSpec(Spec):
    backend: Literal["local", "remote"]
    """Terraform state beside the project, or in the cloud's object storage, locked, encrypted and versioned."""
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] | None = None
    """Exact name of the remote bucket instead of the computed one."""


class DataProduct(Spec):
    """Something that people use the platform for: tables in layers, with an owner who answers for them."""

    name: Name
    """Its name, unique in the environment."""
    owner: Team
    """The owning team."""
    classification: Literal["public", "internal", "confidential", "restricted"]
    """Not above the environment's own."""
    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]
    """Layers it has tables in; raw, staging and curated are understood as bronze, silver and gold."""
    retention_days: Annotated[int, Field(ge=1, le=10950)]
    """Days its data is kept; not longer than its layers keep anything."""


class Environment(Spec):
    """One environment: what is wanted, in cloud-neutral words."""

    name: Annotated[Name, Field(max_length=12)]
    """Its name, as the file's; the id of its foundation stack."""
    project: Annotated[Name, Field(max_length=12)]
    """Begins every name, so that several platforms fit into one account."""
    tier: Tier
    """How strict the rules are."""
    cloud: Cloud
    """The cloud it runs on."""
    region: str
    """A place (frankfurt) or the cloud's own name of a region."""
    recovery_region: str | None = None
    """Where copies go; prod needs one."""
    ownership: Ownership
    """Who answers for it."""
    state: StateSpec
    """Where Terraform keeps its state."""
    network: NetworkSpec
    """Network, entry and hybrid link."""
    keys: KeysSpec
    """Customer-managed keys."""
    secrets: SecretsSpec
    """Secret manager."""
    cluster: ClusterSpec
    """Kubernetes."""
    registry: RegistrySpec
    """Images."""
    database: DatabaseSpec
    """PostgreSQL."""
    cache: CacheSpec
    """Redis protocol."""
    lake: LakeSpec
    """Object storage."""
    data_products: tuple[DataProduct, ...] = ()
    """What the platform is used for."""
    observability: ObservabilitySpec
    """Logs, alarms, people."""
    audit: AuditSpec
    """Records, threat detection, baseline."""
    backup: BackupSpec
    """Backups and objectives."""
    cost: CostSpec
    """Budget and sleep."""
    identity: IdentitySpec
    """People and pipelines."""
    modules: Mapping[Name, ModuleSpec] = {}
    """Components of the data platform."""
    aws: AwsSettings | None = None
    """What only AWS has."""
    azure: AzureSettings | None = None
    """What only Azure has."""
    gcp: GcpSettings | None = None
    """What only Google Cloud has."""
