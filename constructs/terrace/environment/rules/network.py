"""IP ranges, zones, the public entry and egress."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations

from terrace.capabilities.cloud import implementation
from terrace.capabilities.ranges import NodeRoom
from terrace.environment.schema import Environment
from terrace.errors import Problem

LARGEST, SMALLEST = 16, 20
"""Prefix lengths of the network: a VPC is at most a /16, and subnets for three zones need at least a /20."""

ZONES = {"dev": 1, "staging": 2, "prod": 3}
"""The minimum number of zones (NET-1)."""

PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
"""RFC 1918, and RFC 6598, which the three clouds also route in private networks."""


def ranges_are_valid(environment: Environment) -> Iterator[Problem]:
    for path, cidr in _ranges(environment):
        try:
            IPv4Network(cidr)
        except ValueError:
            try:
                network = IPv4Network(cidr, strict=False)
                yield Problem(f"{cidr!r} has host bits set.", path=path, hint=f"Did you mean '{network}'?")
            except ValueError:
                hint = "Expected CIDR notation, such as 10.40.0.0/16."
                yield Problem(f"{cidr!r} is not an IPv4 range.", path=path, hint=hint)


def network_has_supported_size(environment: Environment) -> Iterator[Problem]:
    network = _range(environment.network.cidr)
    if network is None:
        return
    expected = f"Expected /{LARGEST} to /{SMALLEST}"
    if network.prefixlen > SMALLEST:
        hint = f"{expected}: three zones need public, node and data subnets."
        yield Problem(f"{network} is too small.", path="network.cidr", hint=hint)
    elif network.prefixlen < LARGEST:
        hint = f"{expected}: an AWS VPC is at most a /16."
        yield Problem(f"{network} is too large.", path="network.cidr", hint=hint)
    yield from _not_private(network, "network.cidr", PRIVATE)


def service_range_is_separate(environment: Environment) -> Iterator[Problem]:
    """/12 to /24 and private. Source: EKS API Reference, KubernetesNetworkConfigRequest, serviceIpv4Cidr."""
    path = "cluster.service_cidr"
    services = _range(environment.cluster.service_cidr) if environment.cluster else None
    if services is None:
        return
    if not 12 <= services.prefixlen <= 24:
        yield Problem(f"prefix length /{services.prefixlen} is not supported.", path=path, hint="Expected /12 to /24.")
    yield from _not_private(services, path, PRIVATE[:3])
    network = _range(environment.network.cidr)
    if network is not None and services.overlaps(network):
        yield Problem(f"{services} overlaps network.cidr ({network}).", path=path)


def peer_ranges_do_not_overlap(environment: Environment) -> Iterator[Problem]:
    """Ranges behind the hybrid link must differ from the environment's own and from each other."""
    hybrid = environment.network.hybrid
    if hybrid is None:
        return
    peers = [
        (f"network.hybrid.peer_cidrs.{position}", peer)
        for position, cidr in enumerate(hybrid.peer_cidrs)
        if (peer := _range(cidr)) is not None
    ]
    own = {"network.cidr": environment.network.cidr}
    own |= {"cluster.service_cidr": environment.cluster.service_cidr} if environment.cluster else {}
    for path, peer in peers:
        for name, cidr in own.items():
            other = _range(cidr)
            if other is not None and peer.overlaps(other):
                yield Problem(f"{peer} overlaps {name} ({other}).", path=path)
    for (_, first), (path, second) in combinations(peers, 2):
        if first.overlaps(second):
            yield Problem(f"{second} overlaps {first} in the same list.", path=path)


def api_is_not_public(environment: Environment) -> Iterator[Problem]:
    for name, cidr in environment.api_ranges.items():
        source = _range(cidr)
        if environment.tier != "dev" and source is not None and source.prefixlen < 8:
            yield Problem(
                f"{source} opens the Kubernetes API to the internet, which {environment.tier} does not allow (K8S-1).",
                path=f"cluster.api_access.public_from.{name}",
                hint="List smaller ranges, or leave public_from empty.",
            )


def zones_meet_tier_minimum(environment: Environment) -> Iterator[Problem]:
    minimum = ZONES[environment.tier]
    if environment.network.zones < minimum:
        message = f"{environment.network.zones} is too few; {environment.tier} needs at least {minimum} (NET-1)."
        yield Problem(message, path="network.zones")


def prod_has_nat_in_each_zone(environment: Environment) -> Iterator[Problem]:
    if environment.tier == "prod" and environment.network.egress.nat != "per_zone":
        yield Problem(
            "a zone failure would take down egress for all zones; prod needs NAT in each zone (NET-2).",
            path="network.egress.nat",
            hint="Use per_zone.",
        )


def prod_firewall_blocks(environment: Environment) -> Iterator[Problem]:
    entry = environment.network.entry
    if environment.tier == "prod" and entry and entry.firewall != "block":
        yield Problem(
            "'count' does not block attacks; prod must block them (NET-6).",
            path="network.entry.firewall",
            hint="Use block.",
        )


def pools_fit_network(environment: Environment) -> Iterator[Problem]:
    """The pools at their maximum, and the nodes that an upgrade adds, have addresses for themselves and their pods. The
    numbers are in each cloud's `ranges.py`."""
    network = _range(environment.network.cidr)
    if network is None or not LARGEST <= network.prefixlen <= SMALLEST:
        return
    ranges, zones = implementation("terrace", environment.cloud, "ranges"), environment.network.zones
    pools = environment.pools
    nodes = sum(pool.max_nodes for pool in pools.values())
    added = sum(ranges.nodes_of_upgrade(pool, zones) for pool in pools.values())

    def exceeded(cidr: IPv4Network) -> list[NodeRoom]:
        return [room for room in ranges.node_room(str(cidr), zones) if room.needed(nodes, added) > room.addresses]

    for room in exceeded(network)[:1]:
        larger = (network.supernet(new_prefix=length) for length in range(network.prefixlen - 1, LARGEST - 1, -1))
        enough = next((str(one.prefixlen) for one in larger if not exceeded(one)), None)
        lower = f"ower max_nodes of {', '.join(f'{name} ({pool.max_nodes})' for name, pool in pools.items())}."
        yield Problem(
            f"{room}, but the node pools need {room.needed(nodes, added)}: {nodes} nodes take {room.each} each, and "
            f"{added} more during an upgrade take {room.each_added} each.",
            path="network.cidr" if enough else "cluster.pools",
            hint=f"Use a /{enough}, or l{lower}" if enough else f"L{lower}",
        )


def _ranges(environment: Environment) -> Iterator[tuple[str, str]]:
    """The path and value of each range, read lazily: an invalid one in a partial environment ends the iteration."""
    network = environment.network
    yield "network.cidr", network.cidr
    for purpose, destination in network.egress.destinations.items():
        yield f"network.egress.destinations.{purpose}.cidr", destination.cidr
    for position, cidr in enumerate(network.hybrid.peer_cidrs if network.hybrid else ()):
        yield f"network.hybrid.peer_cidrs.{position}", cidr
    if environment.cluster:
        yield "cluster.service_cidr", environment.cluster.service_cidr
    for name, cidr in environment.api_ranges.items():
        yield f"cluster.api_access.public_from.{name}", cidr


def _range(cidr: str) -> IPv4Network | None:
    try:
        return IPv4Network(cidr)
    except ValueError:
        return None


def _not_private(network: IPv4Network, path: str, private: tuple[IPv4Network, ...]) -> Iterator[Problem]:
    if not any(network.subnet_of(each) for each in private):
        hint = f"Expected a range within {', '.join(map(str, private))}."
        yield Problem(f"{network} is not a private range.", path=path, hint=hint)
