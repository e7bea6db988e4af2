"""What an organisation already has, which a foundation uses and does not make."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from terrace.capabilities.keys import Purpose
from terrace.capabilities.network import Group
from terrace.capabilities.spec import Cidr, Spec

Id = Annotated[str, Field(min_length=1, max_length=400)]
"""The cloud's id of a resource; a rule checks its form."""

SubnetKind = Literal["entry", "nodes", "control", "data", "endpoints"]


class ExistingNetwork(Spec):
    """A network with its routes, firewall, private paths and logs. `network.cidr` is its range."""

    id: Id
    """The network."""
    subnets: Mapping[SubnetKind, Annotated[tuple[Id, ...], Field(min_length=1)]]
    """Subnets by kind: of the public entry, the nodes, the control plane's addresses, the database and cache, and on
    Azure of private endpoints."""
    groups: Mapping[Group, Id] = {}
    """Security groups by party (AWS only)."""
    node_range: Cidr | None = None
    """Range of the nodes' subnet (Azure only), at whose end the ingress has its address."""
    private_zones: tuple[Id, ...] = ()
    """Private DNS zones of services that are linked to the network (Azure only), such as a hub's
    `privatelink.blob.core.windows.net`; the foundation makes and links the others."""


class ExistingCluster(Spec):
    """A cluster with its node pools, add-ons, access and logs, in the existing network and the environment's account.
    The section `cluster` describes it, and verify compares it."""

    id: Id
    """The cluster."""
    endpoint: Annotated[str, Field(pattern=r"^https://[^\s]+$")]
    """Address of its API."""
    certificate_authority: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]*={0,2}$")] = ""
    """The API's certificate authority in base64, which is public; empty: the certificate is a public one."""
    issuer: Annotated[str, Field(pattern=r"^https://[^\s]+$")] | None = None
    """Issuer of its service accounts' tokens (Azure only)."""
    nodes: Id | None = None
    """Identity of its nodes, which gets the right to pull images: the object id of the kubelets' identity (Azure), the
    address of the nodes' service account (Google Cloud). On AWS the role of the nodes has the right."""

    @property
    def name(self) -> str:
        """The cluster's name, the last word of its id."""
        return self.id.rpartition("/")[2]


class ExistingMonitoring(Spec):
    """Where the platform's logs go. The audit record has a copy in the foundation's own store, where flow logs are."""

    id: Id
    """The Log Analytics workspace (Azure), the log bucket (Google Cloud)."""
    workspace: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")] | None = None
    """The workspace's own id, a GUID (Azure only)."""


class ExistingSpec(Spec):
    """Existing resources by the capability that they stand for. Their owner carries its guarantees."""

    keys: Mapping[Purpose, Id] = {}
    """Keys by purpose; the foundation makes the others."""
    network: ExistingNetwork | None = None
    """The network, instead of one of the foundation's."""
    cluster: ExistingCluster | None = None
    """The cluster, instead of one of the foundation's."""
    registry: Id | None = None
    """What holds the modules' images, instead of repositories of the foundation's: a prefix of repositories (AWS), a
    registry (Azure), a repository (Google Cloud)."""
    monitoring: ExistingMonitoring | None = None
    """The store of logs, instead of one of the foundation's; not on AWS."""
    dns_zone: Id | None = None
    """The public zone of `network.entry.domain`, instead of one of the foundation's."""

    @property
    def kinds(self) -> Mapping[str, str]:
        """The capabilities that stand on existing resources, and what exists of them."""
        found = {"keys": ", ".join(sorted(self.keys))} if self.keys else {}
        found |= {"network": self.network.id.rpartition("/")[2]} if self.network else {}
        found |= {"cluster": self.cluster.name} if self.cluster else {}
        found |= {"registry": self.registry.rpartition("/")[2]} if self.registry else {}
        found |= {"monitoring": self.monitoring.id.rpartition("/")[2]} if self.monitoring else {}
        return found | ({"dns_zone": self.dns_zone.rpartition("/")[2]} if self.dns_zone else {})
