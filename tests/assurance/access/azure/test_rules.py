"""What a security group leaves open, compared with the first rule that matches each packet."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from terrace.assurance.access.azure.rules import Peer, Rule, default_rules, left_open, rule

NETWORK = ip_network("10.42.0.0/16")
OWN = [ip_network("10.42.128.64/26")]
_PEERS = [
    "*",
    "Internet",
    "VirtualNetwork",
    "10.42.0.0/19",
    "10.42.0.0/24",
    "198.51.100.0/24",
    "0.0.0.0/0",
    "0.0.0.0/1",
]
_PORTS = ["*", "22", "443", "400-500", "5432-6432"]
_PACKETS = [
    (address, protocol, port)
    for address in ("10.42.0.9", "10.42.20.9", "198.51.100.7", "8.8.8.8")
    for protocol in ("tcp", "udp")
    for port in (22, 443, 5432, 9999)
]


def written(**more: Any) -> dict[str, Any]:
    return {
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "priority": 100,
        "source_address_prefix": "*",
        "destination_address_prefix": "*",
        "destination_port_range": "*",
        **more,
    }


def opened(*rules: dict[str, Any], inbound: bool = True) -> list[tuple[str, str, tuple[int, int]]]:
    """(peer, protocol, ports) of what rules leave open beside Azure's own rules."""
    every = [*(rule(one, f"rule-{number}") for number, one in enumerate(rules)), *default_rules("group")]
    return [
        (str(peer.network or peer.text), one.protocol, ports)
        for one, ports in left_open(every, inbound, OWN, NETWORK)
        for peer in one.peers
        if not one.default
    ]


def test_singular_and_plural_fields_are_read() -> None:
    plural = written(
        source_address_prefix=None,
        source_address_prefixes=["198.51.100.0/24", "Internet"],
        destination_port_range="22",
        destination_port_ranges=["443", "8000-8010"],
    )
    assert len(opened(plural)) == 6
    assert ("Internet", "tcp", (8000, 8010)) in opened(plural)


def test_a_denial_before_a_rule_takes_its_ports_away() -> None:
    denied = written(access="Deny", priority=90, destination_port_range="400-500", protocol="*")
    assert opened(denied, written()) == [("*", "tcp", (0, 399)), ("*", "tcp", (501, 65535))]


def test_a_denial_after_a_rule_takes_nothing_away() -> None:
    assert opened(written(access="Deny", priority=200, protocol="*"), written()) == [("*", "tcp", (0, 65535))]


@pytest.mark.parametrize(
    "narrow",
    [
        {"source_address_prefix": "10.42.0.0/24"},
        {"destination_address_prefix": "10.42.128.64/28"},
        {"protocol": "Udp"},
    ],
)
def test_a_denial_of_a_part_takes_nothing_away(narrow: dict[str, str]) -> None:
    denied = written(**{"access": "Deny", "priority": 90, "protocol": "*", **narrow})
    assert opened(denied, written()) == [("*", "tcp", (0, 65535))]


def test_a_rule_for_another_subnet_opens_nothing() -> None:
    assert opened(written(destination_address_prefix="10.42.0.0/19")) == []


def test_what_a_rule_does_not_name_is_everything() -> None:
    assert opened({"access": "Allow", "priority": 1}) == [("*", "all", (0, 65535))]


def test_an_application_security_group_is_unknown() -> None:
    of_group = written(source_address_prefix=None, source_application_security_group_ids=["/x/y"])
    assert opened(of_group) == [("unknown application security group /x/y", "tcp", (0, 65535))]


def test_azures_own_rules_apply_after_the_groups() -> None:
    every = [(one.peers[0].text, one.default) for one, _ in left_open(default_rules("group"), True, OWN, NETWORK)]
    assert every == [("VirtualNetwork", True), ("AzureLoadBalancer", True)]


rules = some.lists(
    some.builds(
        lambda allow, priority, protocol, peer, port: written(
            access="Allow" if allow else "Deny",
            priority=priority,
            protocol=protocol,
            source_address_prefix=peer,
            destination_port_range=port,
        ),
        some.booleans(),
        some.integers(100, 4096),
        some.sampled_from(["*", "Tcp", "Udp"]),
        some.sampled_from(_PEERS),
        some.sampled_from(_PORTS),
    ),
    max_size=6,
    unique_by=lambda one: one["priority"],
)


@given(rules)
def test_no_packet_that_azure_lets_through_is_left_out(several: list[dict[str, Any]]) -> None:
    every = [*(rule(one, "x") for one in several), *default_rules("group")]
    found = list(left_open(every, True, OWN, NETWORK))
    for address, protocol, port in _PACKETS:
        first = next(
            one
            for one in sorted(every, key=lambda one: one.priority)
            if one.inbound and _matches(one, address, protocol, port)
        )
        open_in_model = any(_matches(one, address, protocol, port) for one, _ in found)
        assert open_in_model or not first.allow, f"{address} {protocol} {port} is let through by {first}"


def _matches(one: Rule, address: str, protocol: str, port: int) -> bool:
    return (
        one.protocol in (protocol, "all")
        and any(first <= port <= last for first, last in one.ports)
        and any(_contains(peer, address) for peer in one.peers)
    )


def _contains(peer: Peer, address: str) -> bool:
    if peer.network is not None:
        return ip_address(address) in peer.network
    inside = ip_address(address) in NETWORK
    return {"*": True, "VirtualNetwork": inside, "Internet": not inside}.get(peer.text, False)
