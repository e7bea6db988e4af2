"""The model of a merged environment. Its sections are the capabilities' specs."""

import json
from collections.abc import Mapping
from datetime import date
from operator import attrgetter
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr

from terrace.capabilities.audit import AuditSpec
from terrace.capabilities.backup import BackupSpec
from terrace.capabilities.cache import CacheSpec
from terrace.capabilities.cloud import CloudName
from terrace.capabilities.cluster import ClusterSpec, PoolSpec
from terrace.capabilities.cost import CostSpec
from terrace.capabilities.data_access import DataAccessSpec
from terrace.capabilities.database import DatabaseSpec
from terrace.capabilities.effects import Risk
from terrace.capabilities.existing import ExistingSpec
from terrace.capabilities.extension import ExtensionSpec
from terrace.capabilities.identity import (
    BOOTSTRAP,
    COMPONENT_ACCOUNTS,
    Granted,
    IdentitySpec,
    LakeAccess,
    LakeRight,
    ModuleSpec,
    ServiceAccount,
)
from terrace.capabilities.keys import KeysSpec
from terrace.capabilities.lake import LakeSpec
from terrace.capabilities.network import Group, NetworkSpec
from terrace.capabilities.observability import ObservabilitySpec
from terrace.capabilities.registry import RegistrySpec
from terrace.capabilities.secrets import SecretsSpec
from terrace.capabilities.spec import OFF, Access, Layer, Name, OrOff, Spec, Team
from terrace.capabilities.streams import ANY, StreamsSpec, Topic, TopicSpec
from terrace.capabilities.target import AwsSettings, AzureSettings, GcpSettings, Settings, Tier
from terrace.environment.contracts import Table
from terrace.modules.enabled import EnabledModule

Optional = Literal["cache", "cluster", "database", "entry", "streams"]
OPTIONAL: Mapping[Optional, str] = {
    "cache": "cache",
    "cluster": "cluster",
    "database": "database",
    "entry": "network.entry",
    "streams": "streams",
}
"""Capability that an environment may leave out, to the section of it that is then `off`."""

_PARTIES: Mapping[Optional, Group] = {
    "cache": "cache",
    "cluster": "control",
    "database": "database",
    "entry": "entry",
    "streams": "streams",
}
"""Capability to its party in the network."""

OF_CLUSTER = ("registry", "workloads")
"""Capabilities that only a cluster uses, and that are left out with it."""

_COMPONENTS: Mapping[Optional, tuple[str, ...]] = {
    "cluster": tuple(COMPONENT_ACCOUNTS),
    "database": (BOOTSTRAP,),
    "entry": ("external-dns", "cert-manager", "load-balancer"),
}
"""Platform components that have no identity without a capability."""

SETTINGS: Mapping[str, type[Settings]] = {"aws": AwsSettings, "azure": AzureSettings, "gcp": GcpSettings}
"""Settings that only one cloud has; the key is the cloud and the name of the section."""


class Ownership(Spec):
    """Who is responsible for the environment; becomes tags on all resources that support tags (GOV-1)."""

    owner: Team
    """The owning team."""
    cost_centre: Team
    """The cost centre that pays."""
    data_classification: Literal["public", "internal", "confidential", "restricted"]
    """The highest classification of data in the environment."""
    tags: Mapping[
        Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")], Annotated[str, Field(pattern=r"^[a-z0-9_-]{0,63}$")]
    ] = {}
    """Additional tags, in lower case as in Google Cloud labels."""
    ignored_tags: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:/@-]{1,127}\*?$")], ...] = ()
    """Keys of tags that others set, such as a cost tool, or with * at the end their beginnings (AWS only). Terrace
    neither reports nor removes these."""


TagKey = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.:/@+=-]{0,127}$")]


class TagKeys(Spec):
    """How an organisation spells the keys of the tags of `ownership`. `environment` and `managed-by` have no other
    spelling: the kit finds its resources by them."""

    owner: TagKey = "owner"
    """Key of the owning team."""
    cost_centre: TagKey = "cost-centre"
    """Key of the cost centre."""
    data_classification: TagKey = "data-classification"
    """Key of the classification."""


class NamingSpec(Spec):
    """An organisation's naming pattern and spelling of tags."""

    pattern: Annotated[str, Field(pattern=r"^([a-z0-9-]|\{project\})*\{environment\}([a-z0-9-]|\{project\})*$")] = (
        "{project}-{environment}"
    )
    """Beginning of every name, of a-z, 0-9, -, {project} and {environment}. A change replaces every resource."""
    tag_keys: TagKeys = Field(default_factory=TagKeys)
    """Keys of tags, as the organisation spells them."""


class StateSpec(Spec):
    backend: Literal["local", "remote"]
    """Terraform state in a local file, or in the cloud's object storage: locked, encrypted and versioned."""
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] | None = None
    """Exact name of the bucket for remote state, instead of the computed one."""


class DataProduct(Spec):
    """A data product: tables in layers, with an owner."""

    name: Name
    """Name, unique in the environment, and its folder in each of its layers."""
    owner: Team
    """The owning team."""
    classification: Literal["public", "internal", "confidential", "restricted"]
    """At most the environment's classification."""
    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]
    """Layers with its tables; raw, staging and curated are other names of bronze, silver and gold."""
    retention_days: Annotated[int, Field(ge=1, le=10950)]
    """Days to keep its data; at most until its layers' objects expire."""
    contract: Annotated[str, Field(min_length=1)] | None = None
    """File of its contract in the Open Data Contract Standard, relative to the project: its tables and columns."""
    topics: tuple[Topic, ...] = ()
    """Topics with its events; each is of one data product at most."""
    modules: Mapping[Name, Access] = {}
    """Modules that read or write its data, in the layers and topics that they need (`needs.lake`, `needs.topics`) and
    as far as they need it."""


class Environment(Spec):
    """A deployment, described in cloud-neutral words."""

    name: Annotated[Name, Field(max_length=12)]
    """Name of the environment, its file and its foundation stack."""
    project: Annotated[Name, Field(max_length=12)]
    """Prefix of every resource name; platforms in the same account need different ones."""
    tier: Tier
    """Class of the environment; determines which rules apply."""
    cloud: CloudName
    """Cloud to deploy to."""
    region: str
    """Region, by a name common to all clouds (frankfurt) or by the cloud's own name."""
    recovery_region: str | None = None
    """Second region for copies and backups; required in prod."""
    expires: Annotated[date, Field(strict=False)] | None = None
    """Last day of a short-lived environment of the dev tier, which `terrace env reap` destroys afterwards."""
    ownership: Ownership
    """Owner, cost centre, classification and tags."""
    naming: NamingSpec = Field(default_factory=NamingSpec)
    """Naming pattern and spelling of tags."""
    state: StateSpec
    """Location of the Terraform state."""
    network: NetworkSpec
    """Network, public entry and hybrid link."""
    keys: KeysSpec
    """Customer-managed keys."""
    secrets: SecretsSpec
    """Secrets and their rotation."""
    cluster: OrOff[ClusterSpec]
    """Kubernetes cluster, or off."""
    registry: RegistrySpec
    """Container image registry."""
    database: OrOff[DatabaseSpec]
    """PostgreSQL database, or off."""
    cache: OrOff[CacheSpec]
    """Redis-compatible cache, or off."""
    streams: OrOff[StreamsSpec] = None
    """Managed Kafka, or off (default): topics are then those of the module kafka, if it is enabled."""
    lake: LakeSpec
    """Object storage of the data lake."""
    topics: Mapping[Topic, TopicSpec] = {}
    """Topics of events, beside those that enabled modules need (`needs.topics`), which have the defaults here."""
    data_products: tuple[DataProduct, ...] = ()
    """Data products that the platform serves."""
    access: tuple[DataAccessSpec, ...] = ()
    """What groups of people may read."""
    observability: ObservabilitySpec
    """Logs, alarms and alert channels."""
    audit: AuditSpec
    """Audit records, threat detection and configuration recording."""
    backup: BackupSpec
    """Backups and recovery objectives."""
    cost: CostSpec
    """Budget and sleep schedule."""
    max_risk: Risk = "downtime"
    """Worst effect of a change that `terrace plan --risk` accepts; what is not known to be harmless counts as a
    downtime."""
    identity: IdentitySpec
    """Access of administrators and pipelines."""
    modules: Mapping[Name, ModuleSpec] = {}
    """Components that run in the cluster, by the name of their folder."""
    modules_from: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Folders with further modules, relative to the project; the project's own are in modules/."""
    existing: ExistingSpec = Field(default_factory=ExistingSpec)
    """Resources that the organisation already has, which the foundation uses and does not make."""
    extensions: Mapping[Name, ExtensionSpec] = {}
    """Own resources in the foundation, by a name that begins their paths."""
    aws: AwsSettings | None = None
    """Settings for AWS only."""
    azure: AzureSettings | None = None
    """Settings for Azure only."""
    gcp: GcpSettings | None = None
    """Settings for Google Cloud only."""

    _enabled_modules: Mapping[str, EnabledModule] | None = PrivateAttr(None)
    _product_tables: tuple[Table, ...] = PrivateAttr(())

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Environment":
        """The environment of plain data, where a section that is left out is `off`. Raises pydantic.ValidationError."""
        return cls.model_validate_json(json.dumps(without_off(document)), strict=True)

    @property
    def left_out(self) -> tuple[Optional, ...]:
        """The capabilities that the environment leaves out."""
        return tuple(name for name, section in OPTIONAL.items() if attrgetter(section)(self) is None)

    def off_by(self, capability: str) -> str:
        """What leaves a capability out: itself, or the cluster that alone uses it; empty if it is not left out."""
        name = "cluster" if capability in OF_CLUSTER else capability
        return name if name in self.left_out else ""

    @property
    def parties_left_out(self) -> tuple[Group, ...]:
        """The network's parties of the capabilities that the environment leaves out."""
        return tuple(_PARTIES[name] for name in self.left_out)

    @property
    def makes_cluster(self) -> bool:
        """Whether the foundation makes a cluster: it is neither left out nor an existing one."""
        return self.cluster is not None and self.existing.cluster is None

    @property
    def pools(self) -> Mapping[str, PoolSpec]:
        """The cluster's node pools."""
        return self.cluster.pools if self.cluster else {}

    @property
    def api_ranges(self) -> Mapping[str, str]:
        """The ranges from which the cluster's API is reachable, by name."""
        return self.cluster.api_access.public_from if self.cluster else {}

    @property
    def enabled_modules(self) -> Mapping[str, EnabledModule]:
        """The enabled modules with what their folders declare, in the order of their installation; set by `load`."""
        if self._enabled_modules is not None:
            return self._enabled_modules
        if any(module.enabled for module in self.modules.values()):
            raise AttributeError("the environment's modules were not read; use terrace.environment.load")
        return {}

    @property
    def foundation_modules(self) -> Mapping[str, EnabledModule]:
        """The enabled modules that have an identity, a secret and an image repository in the foundation, by name."""
        return {name: module for name, module in sorted(self.enabled_modules.items()) if module.in_foundation}

    def lake_access(self, module: EnabledModule) -> LakeAccess:
        """What a module may access in the lake (LAKE-7): of each data product, what both the product gives and the
        module needs; of the artifacts, the folder of its own name."""
        found: dict[Granted, dict[str, LakeRight]] = {}
        for bucket, needed in module.needs.lake.items():
            given: Mapping[str, Access] = (
                {module.name: "write"}
                if bucket == "artifacts"
                else {one.name: one.modules[module.name] for one in self.products_of(module.name, bucket)}
            )
            if needed == "add":
                given = {folder: access for folder, access in given.items() if access == "write"}
            if given:
                found[bucket] = {
                    folder: "add" if needed == "add" else _lesser(needed, access) for folder, access in given.items()
                }
        return found

    @property
    def managed_services(self) -> tuple[Literal["topics"], ...]:
        """The services for modules that the foundation provides in place of a module."""
        return ("topics",) if self.streams else ()

    @property
    def all_topics(self) -> Mapping[str, TopicSpec]:
        """Topics by name: those that are declared here, those of data products, and those that enabled modules need."""
        needed = {topic for module in self.enabled_modules.values() for topic in module.needs.topics} - {ANY}
        names = {*self.topics, *needed, *(topic for product in self.data_products for topic in product.topics)}
        return {name: self.topics.get(name, TopicSpec()) for name in sorted(names)}

    def topic_access(self, module: EnabledModule) -> Mapping[str, Access]:
        """What a module may do with topics: what it needs, and of a data product's topics at most what the product
        gives it."""
        found: dict[str, Access] = {}
        products = {topic: product for product in self.data_products for topic in product.topics}
        wanted: dict[str, Access] = {**module.needs.topics}
        if any_ := wanted.pop(ANY, None):
            wanted = {**dict.fromkeys(products, any_), **wanted}
        for topic, needed in sorted(wanted.items()):
            product = products.get(topic)
            if product is None:
                found[topic] = needed
            elif module.name in product.modules:
                found[topic] = _lesser(needed, product.modules[module.name])
        return found

    def products_of(self, module: str, layer: Layer) -> tuple[DataProduct, ...]:
        """The data products of a layer that a module reads or writes."""
        return tuple(one for one in self.data_products if layer in one.layers and module in one.modules)

    @property
    def component_accounts(self) -> Mapping[str, ServiceAccount]:
        """Platform components to their service accounts: those that enabled modules name, else Terrace's."""
        named: dict[str, ServiceAccount] = {
            component: ServiceAccount(module.namespace, need.service_account)
            for module in self.enabled_modules.values()
            for component, need in module.needs.identities.items()
        }
        without = {component for name in self.left_out for component in _COMPONENTS.get(name, ())}
        return {name: account for name, account in {**COMPONENT_ACCOUNTS, **named}.items() if name not in without}

    @property
    def product_tables(self) -> tuple[Table, ...]:
        """The tables of the data products, as their contracts describe them; set by `load`."""
        return self._product_tables

    def with_product_tables(self, tables: tuple[Table, ...]) -> "Environment":
        """The same environment with the contracts of its data products read."""
        environment = self.model_copy()
        environment._product_tables = tables
        return environment

    def with_modules(self, enabled: Mapping[str, EnabledModule]) -> "Environment":
        """The same environment with its modules read from their folders."""
        environment = self.model_copy()
        environment._enabled_modules = enabled
        return environment


def _lesser(one: Access, other: Access) -> Access:
    return "write" if one == other == "write" else "read"


def without_off(document: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data in which each section that is `off`, or `false`, is None."""
    result = dict(document)
    for section in OPTIONAL.values():
        parent, _, key = section.rpartition(".")
        within = result.get(parent) if parent else result
        if isinstance(within, dict) and (within.get(key) == OFF or within.get(key) is False):
            if parent:
                result[parent] = {**within, key: None}
            else:
                result[key] = None
    return result
