"""A private network over the environment's zones: subnets, NAT, private paths, firewall rules, flow logs (NET-1 to
NET-5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from terrace.capabilities.entry import EntrySpec
from terrace.capabilities.hybrid import HybridSpec
from terrace.capabilities.spec import Cidr, Name, OrOff, Spec

Group = Literal["control", "nodes", "endpoints", "database", "cache", "streams", "entry"]
"""The parties of the network, between which the firewall allows traffic (NET-4)."""


class Destination(Spec):
    """A destination outside the network that nodes may reach through NAT; its key in the map is the purpose (NET-4)."""

    cidr: Cidr
    """Range of the destination."""
    port: Annotated[int, Field(ge=1, le=65535)] = 443
    """TCP port."""


class EgressSpec(Spec):
    nat: Literal["single", "per_zone"]
    """single: one NAT with a fixed address; per_zone: one per zone (NET-2)."""
    destinations: Mapping[Name, Destination]
    """Purpose to destination. All other egress is denied."""


class NetworkSpec(Spec):
    cidr: Cidr
    """Range of the network; /16 to /20."""
    zones: Annotated[int, Field(ge=1, le=3)]
    """Number of zones of the subnets (NET-1)."""
    egress: EgressSpec
    """Egress of nodes (NET-2, NET-4)."""
    private_paths: Literal["essential", "full"]
    """Which of the cloud's services have a private path (NET-3). essential: those that nodes and workloads need to run;
    full: all that the platform uses."""
    flow_log_interval_seconds: Literal[60, 600]
    """Aggregation interval of flow logs in seconds (NET-5)."""
    entry: OrOff[EntrySpec]
    """The public entry (NET-6), or off."""
    hybrid: HybridSpec | None = None
    """A link to on-premises; none: no link (NET-7)."""


@dataclass(frozen=True)
class NetworkHandle:
    """What other capabilities need of the network; ids may be tokens at synth.

    `zones` are the cloud's own zone names. `groups` has the traffic group (security group, NSG, service account) of
    each party: control, nodes, endpoints, database, cache, streams, entry. Nodes depend on `ready`, public resources on
    `public_ready`. `routes` has the route tables of nodes and control plane by a stable name, to which a hybrid link
    adds routes. `ranges` has the range of each party that has its own. A handle of an existing network has what the
    capabilities that use it need.
    """

    id: str
    zones: tuple[str, ...]
    public_subnet_ids: tuple[str, ...] = ()
    node_subnet_ids: tuple[str, ...] = ()
    data_subnet_ids: tuple[str, ...] = ()
    control_subnet_ids: tuple[str, ...] = ()
    groups: Mapping[str, str] = field(default_factory=dict)
    nat_ids: Mapping[str, str] = field(default_factory=dict)
    private_zone_id: str = ""
    ready: tuple[Any, ...] = ()
    public_ready: tuple[Any, ...] = ()
    routes: Mapping[str, str] = field(default_factory=dict)
    ranges: Mapping[str, str] = field(default_factory=dict)
