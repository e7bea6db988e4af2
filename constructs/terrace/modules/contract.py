"""The contract of a module: the model of `modules/<name>/module.yaml`.

A module is one component that runs in the cluster, or a connector: a service outside that the platform uses. Its folder
says what it is and what it needs, in cloud-neutral words; Terrace derives from it the cloud identity, the rights, the
database, the secrets, the network policies, the host names, the monitoring and the backups, equally on every cloud.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from terrace.capabilities.cloud import CLOUDS, CloudName
from terrace.capabilities.identity import Granted, LakeRight, Role
from terrace.capabilities.spec import Access, Name, Spec
from terrace.capabilities.streams import TopicOrAny

Category = Literal[
    "policy", "security", "certificates", "secrets", "network", "observability", "backup", "scaling", "delivery",
    "cost", "management", "streaming", "processing", "orchestration", "transformation", "quality", "query", "catalogue",
    "analytics", "notebooks", "machine-learning", "serving", "applications", "connectors",
]  # fmt: skip

Service = Literal[
    "admission", "certificates", "secrets", "dns", "gateway", "mesh", "metrics", "logs", "search", "traces",
    "telemetry", "backup", "scaling", "rollouts", "cost", "detection", "scanning", "topics", "sql", "catalogue",
    "orchestration", "dashboards", "models", "load-balancing",
]  # fmt: skip
"""What a module can provide to others. At most one enabled module provides a service. Where all of its providers are
for other clouds, the cloud itself provides it."""

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Cpu = Annotated[str, Field(pattern=r"^(\d+m|\d+(\.\d+)?)$")]
"""A Kubernetes quantity of processor time: 100m, 2."""
Memory = Annotated[str, Field(pattern=r"^\d+(Mi|Gi)$")]
"""A Kubernetes quantity of memory: 256Mi, 4Gi."""
BodySize = Annotated[str, Field(pattern=r"^[1-9]\d{0,2}(Ki|Mi)$")]
"""A Kubernetes quantity of bytes: 512Ki, 25Mi."""
Origin = Annotated[str, Field(pattern=r"^([a-z][a-z0-9-]*[a-z0-9]|https://[a-z0-9.-]+(:\d{1,5})?)$")]
"""An origin as browsers send it, without a wildcard, or a host name of the platform."""
ModuleSize = Literal["small", "medium", "large"]
SIZES: tuple[ModuleSize, ...] = ("small", "medium", "large")
Destination = Literal["kubernetes-api", "cloud", "internet", "nodes"]
"""What a module may call besides other modules: the cluster's API server; the cloud's APIs; the environment's
`network.egress.destinations`; the kubelets and host ports of the nodes."""
DESTINATIONS: tuple[Destination, ...] = ("kubernetes-api", "cloud", "internet", "nodes")
Caller = Literal["kubernetes-api", "gateway", "entry", "nodes", "all"]
"""What may call a module besides other modules: the API server (webhooks); the gateway; the load balancer of the public
entry; the nodes; every module."""
CALLERS: tuple[Caller, ...] = ("kubernetes-api", "gateway", "entry", "nodes", "all")
RESERVED = frozenset((*DESTINATIONS, *CALLERS, "database", "cache", "streams", "lake"))
"""Names that no module can have, because they are other ends of network paths."""
Call = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*[a-z0-9](:[a-z][a-z0-9-]*[a-z0-9])?$")]
"""A module and one of its ports, or a destination."""


class ChartSpec(Spec):
    """A Helm chart: an upstream one, pinned, or the module's own in `chart/` (no `repository`)."""

    repository: Annotated[str, Field(pattern=r"^(https|oci)://")] | None = None
    """URL of the chart repository, or of the OCI registry; none: the folder `chart/` of the module."""
    name: Annotated[str, Field(min_length=1)]
    """Name of the chart."""
    version: Annotated[str, Field(pattern=r"^v?\d+\.\d+\.\d+([-+][0-9A-Za-z.-]+)?$")]
    """Exact version."""
    digest: Digest | None = None
    """SHA-256 of the chart archive, as its repository's index publishes it."""


class ConnectorSpec(Spec):
    """A service outside the cluster, whose resources a Terraform provider makes: those of `resources.yaml.j2`."""

    source: Annotated[str, Field(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")]
    """Address of the provider in the registry: snowflakedb/snowflake."""
    versions: Annotated[str, Field(pattern=r"^>= \d+(\.\d+){1,2}, < \d+(\.\d+){0,2}$")]
    """Its versions: `>= 2.18, < 3`."""

    @property
    def provider(self) -> str:
        """The provider's name in the stack, and the beginning of its types."""
        return self.source.rpartition("/")[2]


class Image(Spec):
    """A container image that the module pulls."""

    repository: Annotated[str, Field(pattern=r"^[a-z0-9.-]+(:\d+)?/[a-z0-9._/-]+$")]
    """Registry and path: quay.io/jetstack/cert-manager-controller."""
    tag: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$")]
    """Exact tag; never latest."""
    digest: Digest | None = None
    """SHA-256 of the image index; none: `terrace modules images` reports the image as not pinned."""


class DatabaseNeed(Spec):
    """A database and a role of the module's name on the environment's PostgreSQL server."""

    extensions: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")], ...] = ()
    """Extensions to create in the database."""
    platform: Literal["read", "write", "people"] | None = None
    """Right on all schemas of the platform's database, such as `marts`: read their tables, or also make some. people:
    it asks for people, and reads nothing but as the role of a group, which it takes for each transaction."""
    login: Literal["own", "password-file"] = "own"
    """How its pods get the token that is their password. own: they ask the cloud for it; password-file: they read it
    from the file in PGPASSFILE, as libpq and PostgreSQL's JDBC driver do, and a container beside them writes it."""


class HostNeed(Spec):
    """A host name below the environment's domain, served by the gateway with TLS."""

    service: Annotated[str, Field(min_length=1)]
    """Kubernetes Service that receives the requests."""
    port: Port
    """Port of the Service."""
    login: Literal["oidc", "own", "api-key", "none"]
    """oidc: single sign-on at the gateway, for people; own: the module itself logs people in as a client of the
    provider, at https://<host>/callback, with the secret in the Secret `<module>-oidc`; api-key: a key per client and a
    rate limit, for programs; none: the module itself authenticates every request."""
    role: Role = "viewer"
    """With oidc: the least role that may open it."""
    max_body: BodySize = "1Mi"
    """Largest body of a request; a larger one gets status 413. The gateway holds a body in memory until it is complete.
    WebSockets have no body and no limit."""
    cors: tuple[Origin, ...] = ()
    """Other origins whose pages may call it from a browser: https://app.example.com, or a host name of the platform,
    such as grafana for https://grafana.<domain>."""
    optional: bool = False
    """With oidc: left out where identity.oidc has no client for the module, which works without its pages."""


class IdentityNeed(Spec):
    """A service account with a cloud identity of the foundation, beyond the module's own."""

    service_account: Annotated[str, Field(min_length=1)]
    """Name of the service account in the module's namespace."""


class Needs(Spec):
    """What the module needs from the foundation and from other modules."""

    modules: tuple[Name, ...] = ()
    """Modules that must be enabled and are installed first."""
    services: tuple[Service, ...] = ()
    """Services that some enabled module must provide, which is installed first. Secrets, hosts and log-in imply
    theirs."""
    database: DatabaseNeed | None = None
    """A database of its own."""
    cache: bool = False
    """A cache user of its own, limited to keys with the module's name."""
    lake: Mapping[Granted, LakeRight] = {}
    """Layers that the module reads, writes, or only adds objects to, in the data products that name it, and artifacts,
    in the folder of its name; no other access is granted (LAKE-7)."""
    topics: Mapping[TopicOrAny, Access] = {}
    """Topics that the module reads or writes; those of a data product as far as the product names the module. `*`
    stands for the topics of the data products that name it."""
    secrets: Mapping[Name, tuple[Annotated[str, Field(min_length=1)], ...]] = {}
    """Kubernetes Secret to its keys; each value is derived from the module's secret in the cloud's secret manager."""
    identities: Mapping[Literal["external-secrets", "external-dns", "cert-manager", "velero", "cluster-autoscaler",
                                "load-balancer"], IdentityNeed] = {}  # fmt: skip
    """Cloud identities of platform components, each bound to a service account of the module."""
    hosts: Mapping[Name, HostNeed] = {}
    """Host names: `grafana` is grafana.<domain>."""
    features: tuple[Literal["gpu"], ...] = ()
    """Features of the cluster without which the module cannot run."""

    @property
    def secret_store(self) -> bool:
        """Whether Secrets of the module come from the secret manager: its own, an OIDC client's, or API keys."""
        return bool(self.secrets) or any(host.login != "none" for host in self.hosts.values())


class PodSize(Spec):
    """Resources of one pod of a component, and the number of pods."""

    cpu: Cpu
    """Processor request."""
    memory: Memory
    """Memory request, and its limit."""
    replicas: Annotated[int, Field(ge=0, le=50)] = 1
    """Pods; from 2 on with a PodDisruptionBudget and spread over zones."""
    storage_gb: Annotated[int, Field(ge=1, le=16384)] | None = None
    """Size of the volume of each pod, in GB."""


class Component(Spec):
    """A kind of pod of the module: a Deployment, StatefulSet, DaemonSet or Job."""

    pods: Mapping[str, str] = {}
    """Labels that select its pods; used for the PodDisruptionBudget."""
    jobs: bool = False
    """Whether its pods are those of Jobs, which end and need no budget; `replicas` is how many run at once."""
    spot: bool = False
    """Whether its pods tolerate nodes that the cloud may reclaim."""
    per_node: bool = False
    """One pod on each node, as a DaemonSet; `replicas` does not count then."""
    priority: Literal["cluster-critical", "node-critical"] | None = None
    """Its pods have the priority class system-cluster-critical or system-node-critical, which their namespace must
    allow: GKE refuses such pods where no quota names the class."""
    sizes: Mapping[ModuleSize, PodSize]
    """Resources by size of the module; each environment chooses a size, by default by its tier."""


class NetworkNeed(Spec):
    """The network paths of the module. All others are denied; pods of the module may reach each other."""

    ports: Mapping[Name, Port] = {}
    """Ports of the module's pods, by purpose."""
    called_by: Mapping[Name, tuple[Name, ...]] = {}
    """Port to its callers: names of modules, or kubernetes-api, gateway, entry, nodes, all."""
    calls: tuple[Call, ...] = ()
    """What the module calls: a module and the name of its port, such as prometheus:http (a module with one port needs
    no name), or kubernetes-api, cloud, internet, nodes."""

    def called(self, name: str) -> tuple[str, int] | None:
        """The name and number of the port that others call as `<module>:<name>`, or, if this is the only port, as
        `<module>` (an empty name). None: there is no such port."""
        if not name and len(self.ports) == 1:
            return next(iter(self.ports.items()))
        return (name, self.ports[name]) if name in self.ports else None


class Scrape(Spec):
    """A metrics endpoint of the module's pods."""

    port: Name
    """A port of `network.ports`."""
    path: Annotated[str, Field(pattern=r"^/")] = "/metrics"
    """HTTP path."""
    pods: Mapping[str, str] = {}
    """Labels that select the pods; none: all pods of the namespace."""


class Slo(Spec):
    """A service level objective: the share of good events over 30 days."""

    objective: Annotated[float, Field(gt=50, lt=100)] = 99.9
    """Percent of events that must be good."""
    good: Annotated[str, Field(min_length=1)]
    """PromQL: rate of good events over `$window`."""
    total: Annotated[str, Field(min_length=1)]
    """PromQL: rate of all events over `$window`."""


class Observability(Spec):
    """How the module is watched. Alerts are in `alerts/*.yaml`, dashboards in `dashboards/*.json`."""

    scrape: tuple[Scrape, ...] = ()
    """Metrics endpoints."""
    without_metrics: Annotated[str, Field(min_length=20)] | None = None
    """Why it has no metrics endpoint, and what watches it instead."""
    slo: Slo | None = None
    """Its service level objective; becomes burn-rate alerts."""


class Version(Spec):
    """Another version of the software, with what it is installed from."""

    chart: ChartSpec
    """Its Helm chart."""
    images: tuple[Image, ...]
    """Every image that its pods pull."""
    services: Mapping[Name, Annotated[str, Field(min_length=1)]] = {}
    """Host name to the Kubernetes Service that receives its requests, where it has another name."""


class PolicyException(Spec):
    """A Kyverno policy that the module cannot meet."""

    policy: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    """Name of the policy: its folder in `policies/kyverno/`."""
    reason: Annotated[str, Field(min_length=20)]
    """Why the module cannot meet it, and what limits the risk."""
    until: date
    """Day after which the exception is an error."""


class Module(Spec):
    """A component of the platform: what it is, what it needs, and how it is run."""

    summary: Annotated[str, Field(min_length=10, max_length=100)]
    """What it is, in one line."""
    category: Category
    """Its place in the catalogue."""
    home: Annotated[str, Field(pattern=r"^https://")]
    """Home page of the software."""
    licence: Annotated[str, Field(min_length=2)]
    """SPDX identifier of the software's licence."""
    version: Annotated[str, Field(min_length=1)]
    """Version of the software."""
    clouds: Annotated[tuple[CloudName, ...], Field(min_length=1)] = CLOUDS
    """Clouds on which it runs. On another one it is left out: an environment is the same for all clouds."""
    chart: ChartSpec | None = None
    """The Helm chart; none: Terrace prepares the namespace, the identity and the access, and nothing is installed."""
    charts: tuple[ChartSpec, ...] = ()
    """Further charts, each installed after the one before it, with the values of `values-<name>.yaml.j2`."""
    connector: ConnectorSpec | None = None
    """Set for a module of which nothing runs in the cluster: it has this, `settings` and its descriptions only."""
    chart_account: bool = False
    """Whether the chart itself creates the service account of the module's name."""
    images: tuple[Image, ...] = ()
    """Every image that its pods pull."""
    versions: Mapping[str, Version] = {}
    """Other versions of the software; an environment chooses one with the module's setting `version`."""
    provides: tuple[Service, ...] = ()
    """Services that it provides to other modules."""
    conflicts: tuple[Name, ...] = ()
    """Modules that cannot be enabled beside it."""
    needs: Needs = Field(default_factory=Needs)
    """What it needs."""
    components: Mapping[Name, Component] = {}
    """Its kinds of pods."""
    network: NetworkNeed = Field(default_factory=NetworkNeed)
    """Its network paths."""
    observability: Observability = Field(default_factory=Observability)
    """Metrics, alerts and service level objective."""
    backup: bool = False
    """Whether Velero backs up the volumes of its namespace; its objects always are."""
    pod_security: Literal["restricted", "baseline", "privileged"] = "restricted"
    """Pod Security Standard that its namespace enforces; less than restricted needs policy exceptions."""
    exceptions: tuple[PolicyException, ...] = ()
    """Policies that it cannot meet."""
    settings_secrets: Mapping[Annotated[str, Field(min_length=1)], Annotated[str, Field(min_length=20)]] = {}
    """Kubernetes Secrets that its charts render with settings which are no secret, each with the reason."""
    settings: Mapping[Name, Any] = {}
    """Settings with their defaults; an environment overrides them in `modules.<name>.settings`."""

    @property
    def all_charts(self) -> tuple[ChartSpec, ...]:
        """The chart and the further charts, in the order of their installation."""
        return (self.chart, *self.charts) if self.chart else ()
