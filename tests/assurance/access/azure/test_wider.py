"""Random openings and rights: none that is wider than declared is without a difference."""

from ipaddress import ip_address, ip_network
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from terrace.assurance.access.azure.network import parties
from terrace.authorization.azure.roles import BUILT_IN
from terrace.environment import load
from tests.assurance.access.azure.conftest import Read
from tests.assurance.mutants import add, to
from tests.conftest import ROOT

PROD = load("prod", project=ROOT, cloud="azure").environment
PARTIES = {party: cidrs for party, cidrs in parties(PROD).items() if party not in PROD.parties_left_out}
_ADDRESSES = {
    "Internet": "8.8.8.8",
    "0.0.0.0/0": "8.8.8.8",
    "*": "8.8.8.8",
    "8.8.0.0/16": "8.8.8.8",
    "10.0.0.0/8": "10.9.9.9",
    "192.168.0.0/16": "192.168.1.1",
    "172.20.0.0/16": "172.20.0.1",
    "VirtualNetwork": "10.42.250.1",
    **{cidr: str(ip_network(cidr)[4]) for cidrs in PARTIES.values() for cidr in cidrs},
}
"""Peers of a rule, each with an address in it."""
_DECLARED = {
    ("internet", "entry"): {80, 443},
    ("nodes", "control"): {443},
    ("control", "nodes"): {443, 8443, 9443, 10250},
    ("nodes", "nodes"): {22, 80, 443, 5432, 6432, 8443, 9443, 10000, 10250},
    ("nodes", "endpoints"): {443},
    ("control", "endpoints"): {443},
    ("nodes", "database"): {5432, 6432},
    ("database", "database"): {5432},
    ("nodes", "cache"): {10000},
    ("entry", "nodes"): {8443},
    ("nodes", "internet"): {443},
}
"""The TCP ports that prod declares, of those that the rules below have."""
_PORTS = [22, 80, 443, 5432, 6432, 8443, 9443, 10000, 10250]
_QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def place(address: str) -> str:
    """The party of an address, `internet`, or another network."""
    for party, cidrs in PARTIES.items():
        if any(ip_address(address) in ip_network(cidr) for cidr in cidrs):
            return party
    return "internet" if ip_address(address).is_global else "other"


@settings(max_examples=60, deadline=None, suppress_health_check=_QUIET)
@given(
    some.sampled_from(sorted(PARTIES)),
    some.booleans(),
    some.sampled_from(sorted(_ADDRESSES)),
    some.sampled_from(_PORTS),
    some.integers(0, 20000),
    some.booleans(),
)
def test_no_wider_opening_passes(
    read: Read, party: str, inbound: bool, peer: str, port: int, width: int, plural: bool
) -> None:
    last = min(port + width, 65535)
    side, other = ("source", "destination") if inbound else ("destination", "source")
    ends: dict[str, Any] = {f"{other}_address_prefix": "*"}
    ends |= {f"{side}_address_prefixes": [peer]} if plural else {f"{side}_address_prefix": peer}
    group = to("azurerm_network_security_group", f"network/openings/{party}-group", "name")
    edit = add(
        "azurerm_network_security_rule",
        "network/random",
        {
            "name": "random",
            "network_security_group_name": group,
            "priority": 500,
            "direction": "Inbound" if inbound else "Outbound",
            "access": "Allow",
            "protocol": "Tcp",
            **(
                {"destination_port_ranges": [f"{port}-{last}"]}
                if plural
                else {"destination_port_range": f"{port}-{last}"}
            ),
            **ends,
        },
    )
    source, into = (place(_ADDRESSES[peer]), party) if inbound else (party, place(_ADDRESSES[peer]))
    ports = {one for one in _PORTS if port <= one <= last}
    wider = not ports <= _DECLARED.get((source, into), set())
    if wider and not (source == "entry" and not inbound):  # the entry's outbound traffic is not limited
        differences = read(edit)[1]
        assert any("network/random" in one.by for one in differences.undeclared)


@settings(max_examples=60, deadline=None, suppress_health_check=_QUIET)
@given(
    some.sampled_from(sorted(BUILT_IN)),
    some.sampled_from(
        [
            "/subscriptions/00000000-0000-4000-8000-000000000021",
            to("azurerm_resource_group", "group", "id"),
            to("azurerm_resource_group", "group-recovery", "id"),
            "/providers/Microsoft.Management/managementGroups/root",
        ]
    ),
    some.sampled_from(
        [
            "77777777-7777-4777-8777-777777777777",
            to("azurerm_user_assigned_identity", "workloads/module-spark", "principal_id"),
            to("azurerm_user_assigned_identity", "workloads/external-dns", "principal_id"),
            to("azurerm_user_assigned_identity", "entry/user", "principal_id"),
            to("azurerm_user_assigned_identity", "keys/lake-user", "principal_id"),
        ]
    ),
)
def test_no_role_on_a_whole_group_passes(read: Read, role: str, scope: Any, principal: Any) -> None:
    right = {"role_definition_name": role, "scope": scope, "principal_id": principal}
    differences = read(add("azurerm_role_assignment", "other/random", right))[1]
    assert any("other/random" in one.by for one in differences.undeclared)
