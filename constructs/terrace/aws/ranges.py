"""Ranges of the network's subnets, and how many nodes fit into them. Loads no CDK."""

from ipaddress import IPv4Network
from typing import NamedTuple

from terrace.capabilities.cluster import PoolSpec
from terrace.capabilities.ranges import NodeRoom

PODS_PER_NODE = 110
"""The most pods of a node with fewer than 30 vCPUs. Source: EKS User Guide, "Assign more IP addresses to Amazon EKS
nodes with prefixes"."""
_PREFIX = 16
"""Addresses of a prefix, by which a node takes addresses for its pods; one more prefix is kept ready. Source: Amazon
VPC CNI plugin, "Prefix delegation", WARM_PREFIX_TARGET."""
_RESERVED = 5
"""Addresses that AWS reserves in a subnet. Source: Amazon VPC User Guide, "Subnet CIDR blocks"."""


class _Layout(NamedTuple):
    """Ranges of subnets by position of the zone. Positions are fixed, so that another zone moves no subnet."""

    public: tuple[str, ...]
    nodes: tuple[str, ...]
    data: tuple[str, ...]
    control: tuple[str, ...]


def layout(cidr: str) -> _Layout:
    """Three zones' subnets in a /16 to /20: nodes take an eighth each, every other kind small ranges of one eighth.

    Small ranges are 1/256 of the network but at least a /26: a load balancer requires a /27, and a control subnet has
    up to seventeen endpoints besides the API's interfaces. Two eighths stay free.
    """
    network = IPv4Network(cidr)
    eighths = list(network.subnets(prefixlen_diff=3))

    def small(eighth: IPv4Network) -> tuple[str, ...]:
        ranges = eighth.subnets(new_prefix=min(network.prefixlen + 8, 26))
        return tuple(str(subnet) for subnet, _ in zip(ranges, range(3), strict=False))

    return _Layout(
        public=small(eighths[0]),
        nodes=tuple(str(eighth) for eighth in eighths[1:4]),
        data=small(eighths[4]),
        control=small(eighths[5]),
    )


def node_room(cidr: str, zones: int) -> tuple[NodeRoom, ...]:
    """A node takes an address of its own, and prefixes for its pods from the same subnet. One that an upgrade
    adds takes over pods of another node; it begins with two prefixes."""
    each = 1 + _PREFIX * (-(-PODS_PER_NODE // _PREFIX) + 1)
    return (NodeRoom("nodes and pods", layout(cidr).nodes[:zones], each, 1 + 2 * _PREFIX, _RESERVED),)


def nodes_of_upgrade(pool: PoolSpec, zones: int) -> int:
    """Nodes that an upgrade adds to a pool: two in each zone, or a third of them. Source: EKS User Guide, "Understand
    each phase of node updates"; `max_unavailable_percentage` of the pools."""
    return max(2 * zones, pool.max_nodes // 3)
