"""Subnets have addresses for what is in them: nodes and pods by a rule, private endpoints by their number."""

from collections import Counter
from ipaddress import IPv4Network
from itertools import combinations

import pytest

from terrace.capabilities.cloud import CLOUDS, implementation
from terrace.capabilities.cluster import PoolSpec
from terrace.capabilities.ranges import NodeRoom
from tests.conftest import Foundations

_RESERVED = 5
"""Addresses that AWS and Azure reserve in a subnet."""
_EKS = 16
"""Addresses of the Kubernetes API in its subnet. Source: EKS User Guide, "VPC and subnet requirements"."""


@pytest.mark.parametrize("cloud", CLOUDS)
def test_rooms_are_separate_ranges_and_grow_with_the_network(cloud: str) -> None:
    ranges = implementation("terrace", cloud, "ranges")
    sizes = []
    for length in (20, 18, 16):
        rooms = ranges.node_room(f"10.0.0.0/{length}", 3)
        cidrs = [IPv4Network(cidr) for room in rooms for cidr in room.cidrs]
        assert not any(one.overlaps(other) for one, other in combinations(cidrs, 2))
        sizes.append(_nodes(rooms))
    assert sizes == sorted(sizes) and sizes[0] > 0


@pytest.mark.parametrize(("cloud", "nodes"), [("aws", 11), ("azure", 256), ("gcp", 16)])
def test_the_smallest_network_has_addresses_for_so_many_nodes(cloud: str, nodes: int) -> None:
    rooms = implementation("terrace", cloud, "ranges").node_room("10.0.0.0/20", 3)
    assert _nodes(rooms) == nodes


@pytest.mark.parametrize(("cloud", "added"), [("aws", (6, 6)), ("azure", (4, 0)), ("gcp", (1, 1))])
def test_an_upgrade_adds_nodes_to_a_pool(cloud: str, added: tuple[int, int]) -> None:
    add = implementation("terrace", cloud, "ranges").nodes_of_upgrade
    pools = [PoolSpec(kind=kind, size="small", min_nodes=0, max_nodes=12) for kind in ("general", "spot")]
    assert tuple(add(pool, 3) for pool in pools) == added


def test_private_endpoints_of_aws_fit_the_smallest_control_subnet(foundation: Foundations) -> None:
    stack = foundation("prod", "aws")
    endpoints = [body for _, body in stack.all("aws_vpc_endpoint") if body["vpc_endpoint_type"] == "Interface"]
    smallest = min(IPv4Network(cidr).num_addresses for cidr in _layout("aws").control)
    assert 0 < len(endpoints) <= smallest - _RESERVED - _EKS


def test_private_endpoints_of_azure_fit_the_smallest_subnet(foundation: Foundations) -> None:
    """A registry's endpoint takes an address for itself and for the data endpoint of each region."""
    stack = foundation("prod", "azure")
    by_subnet = Counter(body["subnet_id"] for _, body in stack.all("azurerm_private_endpoint"))
    assert by_subnet and max(by_subnet.values()) + 3 <= IPv4Network(_layout("azure")["endpoints"]).num_addresses - 5


def _nodes(rooms: tuple[NodeRoom, ...]) -> int:
    """The most nodes that fit, if none is added."""
    return min(room.addresses // room.each for room in rooms)


def _layout(cloud: str):  # type: ignore[no-untyped-def]  # each cloud has its own
    return implementation("terrace", cloud, "ranges").layout("10.0.0.0/20")
