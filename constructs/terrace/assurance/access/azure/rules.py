"""Security rules of Azure: what a group allows after its priorities and denials.

Source: Azure documentation, "Network security groups", security rules and default security rules.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from terrace.assurance.access.model import ALL_PORTS, Protocol
from terrace.assurance.view import Reference

_Network = IPv4Network | IPv6Network
_PROTOCOLS: Mapping[str, Protocol] = {"tcp": "tcp", "udp": "udp", "icmp": "icmp"}
_PRIVATE = tuple(ip_network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
"""Ranges that the tag Internet may not have: networks that are linked by a peering or a VPN are in VirtualNetwork."""
_SINGLE: tuple[Protocol, ...] = ("tcp", "udp", "icmp")


@dataclass(frozen=True)
class Peer:
    """One end of a rule: a range as `network`, or a service tag, `*` or `unknown ...` as `text`."""

    text: str
    network: _Network | None = None

    def includes(self, other: "Peer", inside: _Network) -> bool:
        """Whether every address of `other` is in this end; `inside` is the virtual network's range."""
        if self.text == "*" or self == other or (self.network is not None and self.network.prefixlen == 0):
            return True
        if other.network is None:
            return False
        if self.network is not None:
            return _within(other.network, self.network)
        if self.text == "VirtualNetwork":
            return _within(other.network, inside)
        private = (inside, *_PRIVATE)
        return self.text == "Internet" and not any(_overlap(other.network, range) for range in private)


@dataclass(frozen=True)
class Rule:
    """A security rule. `peers` are the ends outside the group's subnet, `own` those inside. `default` is one that Azure
    adds to every group."""

    by: str
    inbound: bool
    allow: bool
    priority: int
    protocol: Protocol
    peers: tuple[Peer, ...]
    own: tuple[Peer, ...]
    ports: tuple[tuple[int, int], ...]
    default: bool = False


def rule(written: Mapping[str, Any], by: str) -> Rule:
    """A rule as it is written, alone or inline, singular and plural. What it does not name is everything."""
    inbound = written.get("direction") != "Outbound"
    source, destination = _ends(written, "source"), _ends(written, "destination")
    return Rule(
        by,
        inbound,
        written.get("access") == "Allow",
        int(written.get("priority") or 0),
        _PROTOCOLS.get(str(written.get("protocol")).lower(), "all"),
        source if inbound else destination,
        destination if inbound else source,
        tuple(_port(text) for text in _listed(written, "destination_port_range", "destination_port_ranges"))
        or (ALL_PORTS,),
    )


def default_rules(group: str) -> list[Rule]:
    """The rules that Azure adds to every security group, with the lowest priorities."""
    everything = (Peer("*"),)
    network, balancer, internet = (Peer("VirtualNetwork"),), (Peer("AzureLoadBalancer"),), (Peer("Internet"),)
    return [
        Rule(group, inbound, allow, priority, "all", peers, everything, (ALL_PORTS,), default=True)
        for inbound, allow, priority, peers in (
            (True, True, 65000, network),
            (True, True, 65001, balancer),
            (True, False, 65500, everything),
            (False, True, 65000, network),
            (False, True, 65001, internet),
            (False, False, 65500, everything),
        )
    ]


def left_open(
    rules: Sequence[Rule], inbound: bool, own: Sequence[_Network], inside: _Network
) -> Iterator[tuple[Rule, tuple[int, int]]]:
    """Each allowing rule of a direction that applies to the ranges `own`, one peer and one protocol at a time, with the
    ports that no denial before it takes away. A denial that covers only a part of the peer takes nothing away."""
    ordered = sorted((one for one in rules if one.inbound == inbound), key=lambda one: (one.priority, one.allow))
    for position, one in enumerate(ordered):
        if not one.allow or not _applies(one, own):
            continue
        denials = [before for before in ordered[:position] if not before.allow]
        for peer in one.peers:
            before = [denial for denial in denials if _covers(denial, one, peer, inside)]
            # a denial of one protocol splits a rule for all of them
            mixed = one.protocol == "all" and any(denial.protocol != "all" for denial in before)
            for protocol in _SINGLE if mixed else (one.protocol,):
                ports = list(one.ports)
                for denial in before:
                    if denial.protocol in (protocol, "all"):
                        ports = [part for span in ports for part in _without(span, denial.ports)]
                for span in ports:
                    yield replace(one, protocol=protocol, peers=(peer,), ports=(span,)), span


def _covers(denial: Rule, one: Rule, peer: Peer, inside: _Network) -> bool:
    """Whether a denial takes ports away from a rule's traffic with a peer."""
    if denial.protocol not in ("all", one.protocol) and one.protocol != "all":
        return False
    own = all(any(end.includes(other, inside) for end in denial.own) for other in one.own)
    return own and any(end.includes(peer, inside) for end in denial.peers)


def _applies(one: Rule, own: Sequence[_Network]) -> bool:
    """Whether any of the group's ranges is in the rule's own end. A tag or an unknown end may contain them."""
    return any(end.network is None or any(_overlap(end.network, range) for range in own) for end in one.own)


def _overlap(one: _Network, other: _Network) -> bool:
    return type(one) is type(other) and one.overlaps(other)


def _within(one: _Network, other: _Network) -> bool:
    return type(one) is type(other) and one.subnet_of(other)  # type: ignore[arg-type]


def _without(span: tuple[int, int], denied: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    left = [span]
    for first, last in denied:
        cut = []
        for begin, end in left:
            if begin < first:
                cut.append((begin, min(end, first - 1)))
            if end > last:
                cut.append((max(begin, last + 1), end))
        left = [part for part in cut if part[0] <= part[1]]
    return left


def _ends(written: Mapping[str, Any], side: str) -> tuple[Peer, ...]:
    ends = [_peer(text) for text in _listed(written, f"{side}_address_prefix", f"{side}_address_prefixes")]
    for group in written.get(f"{side}_application_security_group_ids") or []:
        ends.append(Peer(f"unknown application security group {group}"))
    return tuple(ends) or (Peer("*"),)


def _peer(text: object) -> Peer:
    if isinstance(text, Reference):
        return Peer(f"unknown {text}")
    if str(text) in ("*", "Any"):
        return Peer("*")
    try:
        return Peer("", ip_network(str(text), strict=False))
    except ValueError:
        return Peer(str(text))


def _port(text: object) -> tuple[int, int]:
    first, _, last = str(text).partition("-")
    if not first.strip().isdecimal():
        return ALL_PORTS
    return int(first), int(last or first)


def _listed(written: Mapping[str, Any], one: str, several: str) -> list[Any]:
    """The values of a singular and a plural argument."""
    return [*([written[one]] if written.get(one) else []), *(written.get(several) or [])]
