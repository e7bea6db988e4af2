"""Ranges, zones, the public entry, the way out."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations

from terrace.environment.schema import Environment
from terrace.errors import Problem

LARGEST, SMALLEST = 16, 20
"""Prefix lengths of the network: a VPC is a /16 at most, and subnets for three zones want a /20 at least."""

ZONES = {"dev": 1, "staging": 2, "prod": 3}
"""The least number of zones (NET-1)."""

PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
"""RFC 1918, and RFC 6598, which the three clouds route in private networks as well."""


def ranges_are_canonical(environment: Environment) -> Iterator[Problem]:
    for path, cidr in _ranges(environment):
        try:
            IPv4Network(cidr)
        except ValueError:
            try:
                meant = IPv4Network(cidr, strict=False)
                yield Problem(f"{cidr!r} has host bits set.", path=path, hint=f"Did you mean '{meant}'?")
            except ValueError:
                yield Problem(f"{cidr!r} is not an IPv4 range.", path=path, hint="Write it as 10.40.0.0/16.")


def network_has_room(environment: Environment) -> Iterator[Problem]:
    network = _range(environment.network.cidr)
    if network is None:
        return
    if network.prefixlen > SMALLEST:
        yield Problem(
            f"{network} is too small: /{LARGEST} to /{SMALLEST}.",
            path="network.cidr",
            hint="Three zones of public, node and data subnets have to fit.",
        )
    elif network.prefixlen < LARGEST:
        yield Problem(
            f"{network} is too large: /{LARGEST} to /{SMALLEST}.",
            path="network.cidr",
            hint="A network of AWS is a /16 at most.",
        )
    if not any(network.subnet_of(private) for private in PRIVATE):
        yield Problem(f"{network} is not a private range.", path="network.cidr", hint=f"({_joined(PRIVATE)})")


def services_have_a_range_of_their_own(environment: Environment) -> Iterator[Problem]:
    """/12 to /24 and private. Source: EKS API Reference, KubernetesNetworkConfigRequest, serviceIpv4Cidr."""
    path = "cluster.service_cidr"
    services = _range(environment.cluster.service_cidr)
    if services is None:
        return
    if not 12 <= services.prefixlen <= 24:
        yield Problem(f"{services} has the wrong size: /12 to /24.", path=path)
    if not any(services.subnet_of(private) for private in PRIVATE[:3]):
        yield Problem(f"{services} is not a private range.", path=path, hint=f"({_joined(PRIVATE[:3])})")
    network = _range(environment.network.cidr)
    if network is not None and services.overlaps(network):
        yield Problem(f"{services} overlaps network.cidr, {network}.", path=path)


def office_is_elsewhere(environment: Environment) -> Iterator[Problem]:
    """What lies behind the hybrid link must not be reachable twice."""
    hybrid = environment.network.hybrid
    if hybrid is None:
        return
    peers = [
        (f"network.hybrid.peer_cidrs.{position}", peer)
        for position, cidr in enumerate(hybrid.peer_cidrs)
        if (peer := _range(cidr)) is not None
    ]
    ours = {"network.cidr": environment.network.cidr, "cluster.service_cidr": environment.cluster.service_cidr}
    for path, peer in peers:
        for name, cidr in ours.items():
            other = _range(cidr)
            if other is not None and peer.overlaps(other):
                yield Problem(f"{peer} overlaps {name}, {other}.", path=path)
    for (_, first), (path, second) in combinations(peers, 2):
        if first.overlaps(second):
            yield Problem(f"{second} overlaps {first} of the same list.", path=path)


def api_is_not_open_to_the_world(environment: Environment) -> Iterator[Problem]:
    for place, cidr in environment.cluster.api_access.public_from.items():
        source = _range(cidr)
        if environment.tier != "dev" and source is not None and source.prefixlen < 8:
            yield Problem(
                f"{source} opens the Kubernetes API to the world, which {environment.tier} may not (K8S-1).",
                path=f"cluster.api_access.public_from.{place}",
                hint="Name the ranges that need it, or leave public_from empty.",
            )


def zones_suit_the_tier(environment: Environment) -> Iterator[Problem]:
    least = ZONES[environment.tier]
    if environment.network.zones < least:
        yield Problem(
            f"{environment.network.zones} is too few for {environment.tier}: {least} at least (NET-1).",
            path="network.zones",
        )


def prod_leaves_by_every_zone(environment: Environment) -> Iterator[Problem]:
    if environment.tier == "prod" and environment.network.egress.nat != "per_zone":
        yield Problem(
            "'single' makes one zone's fault everybody's, and prod wants one a zone (NET-2).",
            path="network.egress.nat",
            hint="Write per_zone.",
        )


def prod_blocks_at_the_entry(environment: Environment) -> Iterator[Problem]:
    if environment.tier == "prod" and environment.network.entry.firewall != "block":
        yield Problem(
            "'count' lets attacks through, and prod has to stop them (NET-6).",
            path="network.entry.firewall",
            hint="Write block.",
        )


def _ranges(environment: Environment) -> Iterator[tuple[str, str]]:
    """Every range of the file with its path. One that cannot be read ends the list, not the others' reading."""
    network = environment.network
    yield "network.cidr", network.cidr
    for purpose, destination in network.egress.destinations.items():
        yield f"network.egress.destinations.{purpose}.cidr", destination.cidr
    for position, cidr in enumerate(network.hybrid.peer_cidrs if network.hybrid else ()):
        yield f"network.hybrid.peer_cidrs.{position}", cidr
    yield "cluster.service_cidr", environment.cluster.service_cidr
    for place, cidr in environment.cluster.api_access.public_from.items():
        yield f"cluster.api_access.public_from.{place}", cidr


def _range(cidr: str) -> IPv4Network | None:
    try:
        return IPv4Network(cidr)
    except ValueError:
        return None


def _joined(ranges: tuple[IPv4Network, ...]) -> str:
    return ", ".join(map(str, ranges))
