"""Ranges of the network's subnets, and how many nodes fit into them. Loads no CDK."""

from ipaddress import IPv4Network
from typing import Literal

from terrace.capabilities.cluster import PoolSpec
from terrace.capabilities.ranges import NodeRoom
from terrace.errors import ContractError

POD_RANGE = "100.64.0.0/16"
"""The range of pods, an overlay beside the network; shared address space that no network of the kit routes."""
PODS_PER_NODE = 110
_POD_ADDRESSES = 256
"""A /24 of the overlay for each node. Source: AKS documentation, "Azure CNI Overlay", IP address planning."""
_RESERVED = 5
"""Addresses that Azure reserves in a subnet. Source: Azure Virtual Network FAQ."""

_Party = Literal["control", "database", "endpoints", "cache", "entry", "streams", "nodes"]


def layout(cidr: str) -> dict[_Party | str, str]:
    """Subnets of a /16 to /20: nodes take an eighth, everything else small ranges of another. A subnet
    spans all zones on Azure. Raises ContractError if the range is too small.
    """
    eighths = list(IPv4Network(cidr).subnets(prefixlen_diff=3))
    if eighths[0].prefixlen > 23:
        raise ContractError(f"{cidr} is too small for the network's subnets", where="network.cidr", hint="/16 to /20")
    small = [str(part) for part in eighths[4].subnets(new_prefix=26)]
    parties: tuple[_Party | str, ...] = (
        "control",
        "database",
        "endpoints",
        "cache",
        "entry",
        "GatewaySubnet",
        "streams",
    )
    return {"nodes": str(eighths[0]), **dict(zip(parties, small, strict=False))}


def node_room(cidr: str, zones: int) -> tuple[NodeRoom, ...]:
    """A node takes an address of the subnet, and a /24 of the overlay for its pods."""
    return (
        NodeRoom("nodes", (layout(cidr)["nodes"],), 1, 1, _RESERVED),
        NodeRoom("pods", (POD_RANGE,), _POD_ADDRESSES, _POD_ADDRESSES),
    )


def nodes_of_upgrade(pool: PoolSpec, zones: int) -> int:
    """Nodes that an upgrade adds to a pool: a third of them, rounded up; none to a spot pool. Source: AKS
    documentation, "Customize node surge upgrade"; `max_surge` of the pools."""
    return 0 if pool.kind == "spot" else -(-pool.max_nodes // 3)
