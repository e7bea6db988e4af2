"""Ranges of the network's subnets, and Google's own. Loads no CDK."""

from ipaddress import IPv4Network
from typing import NamedTuple

from terrace.capabilities.cluster import PoolSpec
from terrace.capabilities.ranges import NodeRoom

GOOGLE_APIS = "199.36.153.4/30"
"""restricted.googleapis.com: Google's APIs without the internet. Source: VPC documentation, "Private Google Access"."""
LOAD_BALANCERS = ("35.191.0.0/16", "130.211.0.0/22")
"""Source ranges of Google's proxies and health checks. Source: Cloud Load Balancing, "Firewall rules"."""
PODS_PER_NODE = 64
"""GKE gives a node twice as many addresses, as a range of a power of two. Source: GKE documentation, "Configure maximum
Pods per node"."""
_RESERVED = 4
"""Addresses that Google reserves in a subnet. Source: VPC documentation, "Subnets", unusable addresses."""


class _Layout(NamedTuple):
    """Ranges of subnets. A subnet on Google Cloud spans all zones of the region."""

    nodes: str
    pods: str
    services: str
    data: str
    control: str
    recovery: str


def layout(cidr: str) -> _Layout:
    """The second half of a /16 to /20 is for pods; of the first half, nodes and services take a quarter secondary, data
    a sixteenth.

    The control plane's range is a /28, as GKE requires; the recovery region has a range for endpoints.
    """
    network = IPv4Network(cidr)
    first, second = network.subnets(prefixlen_diff=1)
    eighths = list(first.subnets(prefixlen_diff=2))
    data, recovery, small, _ = eighths[1].subnets(prefixlen_diff=2)
    control = next(small.subnets(new_prefix=28))
    return _Layout(
        nodes=str(eighths[0]),
        pods=str(second),
        services=str(eighths[2]),
        data=str(data),
        control=str(control),
        recovery=str(recovery),
    )


def node_room(cidr: str, zones: int) -> tuple[NodeRoom, ...]:
    """A node takes an address of the subnet, and a range of the pods'."""
    ranges = layout(cidr)
    return (
        NodeRoom("nodes", (ranges.nodes,), 1, 1, _RESERVED),
        NodeRoom("pods", (ranges.pods,), 2 * PODS_PER_NODE, 2 * PODS_PER_NODE),
    )


def nodes_of_upgrade(pool: PoolSpec, zones: int) -> int:
    """Nodes that an upgrade adds to a pool: `max_surge` of the pools."""
    return 1
