"""Private network over the environment's zones: subnets, NAT, private paths, openings, flow logs (NET-1 to 5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from terrace.capabilities.entry import EntrySpec
from terrace.capabilities.hybrid import HybridSpec
from terrace.capabilities.spec import Cidr, Name, Spec


class Destination(Spec):
    """Somewhere outside that nodes may reach through NAT; its key in the map is the purpose (NET-4)."""

    cidr: Cidr
    """The destination's range."""
    port: Annotated[int, Field(ge=1, le=65535)] = 443
    """TCP port."""


class EgressSpec(Spec):
    nat: Literal["single", "per_zone"]
    """One NAT with a fixed address, or one a zone (NET-2)."""
    destinations: Mapping[Name, Destination]
    """Purpose to destination. Nothing else leaves the network."""


class NetworkSpec(Spec):
    cidr: Cidr
    """The network's range; /16 to /20."""
    zones: Annotated[int, Field(ge=1, le=3)]
    """Number of zones that subnets spread over (NET-1)."""
    egress: EgressSpec
    """How traffic leaves (NET-2, NET-4)."""
    private_paths: Literal["essential", "full"]
    """Which of the cloud's services are reached privately (NET-3): those that nodes and workloads need to run, or all
    that the platform uses."""
    flow_log_interval_seconds: Literal[60, 600]
    """Aggregation window of flow logs (NET-5)."""
    entry: EntrySpec
    """The public entry (NET-6)."""
    hybrid: HybridSpec | None = None
    """A link to on-premises, or none (NET-7)."""


@dataclass(frozen=True)
class NetworkHandle:
    """What the rest of the stack may know of the network; ids may be tokens at synth.

    `zones` are the cloud's own zone names. `groups` names the traffic group (security group, NSG, network tag) of each
    party: control, nodes, endpoints, database, cache, entry. `ready` are constructs to depend on before nodes start.
    `public_ready` the same before what is public starts. `routes` is what carries the routes of nodes and control
    plane, by a stable name: a hybrid link adds its own. `ranges` are parties' ranges, where each has one of its own.
    """

    id: str
    zones: tuple[str, ...]
    public_subnet_ids: tuple[str, ...]
    node_subnet_ids: tuple[str, ...]
    data_subnet_ids: tuple[str, ...]
    control_subnet_ids: tuple[str, ...]
    groups: Mapping[str, str]
    nat_ids: Mapping[str, str]
    private_zone_id: str
    ready: tuple[Any, ...]
    public_ready: tuple[Any, ...] = ()
    routes: Mapping[str, str] = field(default_factory=dict)
    ranges: Mapping[str, str] = field(default_factory=dict)
