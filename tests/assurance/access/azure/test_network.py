"""Paths on Azure."""

from typing import Any

import pytest

from terrace.assurance.access.azure.network import parties
from terrace.assurance.access.model import ALL_PORTS, Path
from terrace.environment import load
from tests.assurance.access.azure.conftest import Read
from tests.assurance.mutants import Edit, add, body, every, point, put, remove, to
from tests.conftest import ROOT

RULE, GROUP = "azurerm_network_security_rule", "azurerm_network_security_group"
GUARD = ("azurerm_subnet_network_security_group_association", "network/database-guard")
IN = (RULE, "network/openings/database-nodes-to-database-in")


def allow(**more: Any) -> Edit:
    """One more rule of the database's group."""
    return add(
        RULE,
        "network/other",
        {
            "name": "other",
            "network_security_group_name": to(GROUP, "network/openings/database-group", "name"),
            "priority": 900,
            "direction": "Inbound",
            "access": "Allow",
            "protocol": "Tcp",
            "source_address_prefix": "Internet",
            "destination_address_prefix": "*",
            "destination_port_range": "5432",
            **more,
        },
    )


def undeclared(read: Read, *edits: Edit) -> set[str]:
    return {str(one) for one in read(*edits)[1].undeclared if isinstance(one, Path)}


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_the_stacks_open_what_is_declared(read: Read, environment: str) -> None:
    _, differences = read(environment=environment)
    assert (differences.undeclared, differences.missing, differences.unknown) == ((), (), ())


def test_a_path_names_the_rules_on_both_sides(read: Read) -> None:
    access, _ = read()
    path = next(one for one in access.paths if (one.source, one.destination) == ("nodes", "cache"))
    assert path.by == ("network/openings/cache-nodes-to-cache-in", "network/openings/nodes-nodes-to-cache-out")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("Internet", "internet"),
        ("0.0.0.0/0", "internet"),
        ("*", "internet"),
        ("8.8.8.8", "internet"),
        ("AzureCloud", "cloud AzureCloud"),
        ("Storage.WestEurope", "cloud Storage"),
        ("10.42.129.0/26", "entry"),
        ("192.168.0.0/16", "on-premises"),
        ("172.16.0.0/12", "range 172.16.0.0/12"),
        ("VirtualNetwork", "range 10.42.0.0/16"),
    ],
)
def test_a_rule_beside_the_declared_ones_is_a_difference(read: Read, source: str, name: str) -> None:
    assert f"{name} -> database on tcp 5432" in undeclared(read, allow(source_address_prefix=source))


def test_two_halves_of_the_internet_are_the_internet(read: Read) -> None:
    halves = allow(source_address_prefix=None, source_address_prefixes=["0.0.0.0/1", "128.0.0.0/1"])
    assert undeclared(read, halves) == {"internet -> database on tcp 5432"}


def test_a_declared_path_needs_both_sides(read: Read) -> None:
    _, differences = read(remove(RULE, "network/openings/nodes-nodes-to-database-out"))
    assert [str(one) for one in differences.missing] == ["nodes -> database on tcp 5432-6432"]
    assert differences.undeclared == ()


def test_without_a_denial_azures_own_rules_apply(read: Read) -> None:
    found = undeclared(read, remove(RULE, "network/openings/database-refuse-out"))
    assert "database -> internet on all ports" in found


def test_an_unguarded_subnet_is_open(read: Read) -> None:
    _, differences = read(remove(*GUARD))
    opened = Path("internet", "database", "all", ALL_PORTS)
    assert next(one.by for one in differences.undeclared if one == opened) == ("network/database",)


def test_the_rules_of_a_group_without_a_subnet_are_read(read: Read) -> None:
    assert "internet -> database on tcp 5432" in undeclared(read, allow(), remove(*GUARD))


def test_a_group_of_another_party_opens_its_own_rules(read: Read) -> None:
    entry = point(*GUARD, "network_security_group_id", (GROUP, "network/openings/entry-group"), "id")
    _, differences = read(entry)
    outbound = Path("database", "internet", "all", ALL_PORTS)
    assert next(one.by for one in differences.undeclared if one == outbound)[-1] == GUARD[1]


def test_a_route_of_a_subnet_is_a_path(read: Read) -> None:
    route = {"name": "x", "address_prefix": "0.0.0.0/0", "next_hop_type": "Internet"}
    routed = every(
        [
            add("azurerm_route_table", "network/table", {"name": "table", "route": [route]}),
            add(
                "azurerm_subnet_route_table_association",
                "network/routed",
                {
                    "subnet_id": to("azurerm_subnet", "network/cache", "id"),
                    "route_table_id": to("azurerm_route_table", "network/table", "id"),
                },
            ),
        ]
    )
    assert undeclared(read, routed) == {"cache -> internet on all ports"}


def test_ranges_of_parties_are_inside_the_network() -> None:
    environment = load("prod", project=ROOT, cloud="azure").environment
    assert parties(environment)["nodes"] == ("10.42.0.0/19", "100.64.0.0/16")


def test_a_subnet_with_another_range_is_not_the_party(read: Read) -> None:
    _, differences = read(put("azurerm_subnet", "network/database", "address_prefixes", ["10.42.200.0/24"]))
    assert "nodes -> database on tcp 5432-6432" in {str(one) for one in differences.missing}


def test_a_trusted_resource_of_an_account_is_a_path(read: Read) -> None:
    trusted = [{"endpoint_resource_id": "/x", "endpoint_tenant_id": "y"}]
    edit = put("azurerm_storage_account", "lake/gold/account", "network_rules.private_link_access", trusted)
    assert undeclared(read, edit) == {"unknown resource /x -> endpoints on tcp 443"}


def test_a_wider_rule_is_reported_at_the_rule(read: Read) -> None:
    def widened(stack: dict[str, Any]) -> None:
        rule = body(stack, *IN)
        del rule["source_address_prefixes"]
        rule["source_address_prefix"] = "VirtualNetwork"

    _, differences = read(widened)
    wide = Path("range 10.42.0.0/16", "database", "tcp", (5432, 6432))
    assert next(one.by for one in differences.undeclared if one == wide) == (IN[1],)
    assert differences.missing == ()
