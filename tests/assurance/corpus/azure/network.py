"""Openings in the network and the entry."""

from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Edit, add, drop, every, point, put, remove, to

RULE, GROUP, SUBNET = "azurerm_network_security_rule", "azurerm_network_security_group", "azurerm_subnet"
GUARD = "azurerm_subnet_network_security_group_association"
DATABASE_IN = (RULE, "network/openings/database-nodes-to-database-in")
ELSEWHERE = "/subscriptions/99999999-9999-4999-8999-999999999999/resourceGroups/other/providers"


def _rule(path: str, party: str, **more: Any) -> Edit:
    """A rule that allows TCP from the internet; `more` are other arguments. None removes one."""
    written = {
        "name": path.rpartition("/")[2],
        "description": "For the migration, remove afterwards",
        "resource_group_name": to("azurerm_resource_group", "group", "name"),
        "network_security_group_name": to(GROUP, f"network/openings/{party}-group", "name"),
        "priority": 900,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "source_port_range": "*",
        "source_address_prefix": "Internet",
        "destination_address_prefix": "*",
        **more,
    }
    return add(RULE, path, {name: value for name, value in written.items() if value is not None})


def _network(sentence: str, edit: Edit, type: str, path: str) -> Danger:
    return Danger("network", sentence, edit, f"{type} {path}")


DANGERS = (
    _network(
        "PostgreSQL open to the internet by plural fields",
        _rule(
            "network/migration",
            "database",
            source_address_prefix=None,
            source_address_prefixes=["0.0.0.0/0"],
            destination_port_ranges=["5432"],
        ),
        RULE,
        "network/migration",
    ),
    _network(
        "PostgreSQL open to the internet in two halves",
        _rule(
            "network/halves",
            "database",
            source_address_prefix=None,
            source_address_prefixes=["0.0.0.0/1", "128.0.0.0/1"],
            destination_port_range="5432",
        ),
        RULE,
        "network/halves",
    ),
    _network(
        "PostgreSQL open to a public address of an engineer",
        _rule("network/engineer", "database", source_address_prefix="198.51.100.77", destination_port_range="5432"),
        RULE,
        "network/engineer",
    ),
    _network(
        "PostgreSQL open to everything in Azure",
        _rule("network/azure-cloud", "database", source_address_prefix="AzureCloud", destination_port_range="5432"),
        RULE,
        "network/azure-cloud",
    ),
    _network(
        "PostgreSQL open to the public entry",
        put(*DATABASE_IN, "source_address_prefixes", ["10.42.0.0/19", "100.64.0.0/16", "10.42.129.0/26"]),
        *DATABASE_IN,
    ),
    _network(
        "PostgreSQL open to the whole virtual network",
        every(
            [
                drop(*DATABASE_IN, "source_address_prefixes"),
                put(*DATABASE_IN, "source_address_prefix", "VirtualNetwork"),
            ]
        ),
        *DATABASE_IN,
    ),
    _network(
        "PostgreSQL open to nodes on every port",
        put(*DATABASE_IN, "destination_port_range", "*"),
        *DATABASE_IN,
    ),
    _network(
        "PostgreSQL open on another port beside the declared ones",
        every(
            [
                drop(*DATABASE_IN, "destination_port_range"),
                put(*DATABASE_IN, "destination_port_ranges", ["5432-6432", "22"]),
            ]
        ),
        *DATABASE_IN,
    ),
    _network(
        "PostgreSQL's database open to the on-premises network",
        _rule("network/on-premises", "database", source_address_prefix="192.168.0.0/16", destination_port_range="5432"),
        RULE,
        "network/on-premises",
    ),
    _network(
        "Redis open to endpoints' subnet",
        _rule("network/cache", "cache", source_address_prefix="10.42.128.128/26", destination_port_range="10000"),
        RULE,
        "network/cache",
    ),
    _network(
        "SSH of the nodes open to the internet",
        _rule("network/ssh", "nodes", destination_port_range="22"),
        RULE,
        "network/ssh",
    ),
    _network(
        "nodes open to an application security group",
        _rule(
            "network/application-group",
            "nodes",
            source_address_prefix=None,
            source_application_security_group_ids=[f"{ELSEWHERE}/Microsoft.Network/applicationSecurityGroups/x"],
            destination_port_range="443",
        ),
        RULE,
        "network/application-group",
    ),
    _network(
        "Kubernetes API open to the internet in the network",
        _rule("network/api", "control", destination_port_range="443"),
        RULE,
        "network/api",
    ),
    _network(
        "0.0.0.0/0 as the node range of an outbound rule",
        every(
            [
                drop(RULE, "network/openings/control-api-to-kubelets-out", "destination_address_prefixes"),
                put(RULE, "network/openings/control-api-to-kubelets-out", "destination_address_prefix", "0.0.0.0/0"),
            ]
        ),
        RULE,
        "network/openings/control-api-to-kubelets-out",
    ),
    _network(
        "0.0.0.0/0 as the node range of an inbound rule",
        put(RULE, "network/openings/endpoints-nodes-to-endpoints-in", "source_address_prefixes", ["0.0.0.0/0"]),
        RULE,
        "network/openings/endpoints-nodes-to-endpoints-in",
    ),
    _network(
        "node egress to every TCP port of an outside range",
        _rule(
            "network/egress",
            "nodes",
            direction="Outbound",
            source_address_prefix="*",
            destination_address_prefix="198.51.100.0/24",
            destination_port_range="0-65535",
        ),
        RULE,
        "network/egress",
    ),
    _network(
        "node egress for UDP, a way out by DNS",
        put(RULE, "network/openings/nodes-to-https-out", "protocol", "*"),
        RULE,
        "network/openings/nodes-to-https-out",
    ),
    _network(
        "database egress to the internet",
        put(RULE, "network/openings/database-archive-out", "destination_address_prefix", "Internet"),
        RULE,
        "network/openings/database-archive-out",
    ),
    _network(
        "default deny below an allow rule of the same width",
        _rule(
            "network/first",
            "endpoints",
            priority=4095,
            protocol="*",
            source_address_prefix="*",
            destination_port_range="*",
        ),
        RULE,
        "network/first",
    ),
    _network(
        "default deny that allows",
        put(RULE, "network/openings/cache-refuse-in", "access", "Allow"),
        RULE,
        "network/openings/cache-refuse-in",
    ),
    _network(
        "rule inline in the security group",
        put(
            GROUP,
            "network/openings/nodes-group",
            "security_rule",
            [
                {
                    "name": "inline",
                    "priority": 200,
                    "direction": "Inbound",
                    "access": "Allow",
                    "protocol": "*",
                    "source_address_prefix": "*",
                    "source_port_range": "*",
                    "destination_address_prefix": "*",
                    "destination_port_range": "*",
                }
            ],
        ),
        GROUP,
        "network/openings/nodes-group",
    ),
    _network(
        "database subnet without its security group",
        remove(GUARD, "network/database-guard"),
        SUBNET,
        "network/database",
    ),
    _network(
        "database subnet with the entry's security group",
        point(
            GUARD, "network/database-guard", "network_security_group_id", (GROUP, "network/openings/entry-group"), "id"
        ),
        GUARD,
        "network/database-guard",
    ),
    _network(
        "database subnet with a security group of another subscription",
        put(
            GUARD,
            "network/database-guard",
            "network_security_group_id",
            f"{ELSEWHERE}/Microsoft.Network/networkSecurityGroups/x",
        ),
        GUARD,
        "network/database-guard",
    ),
    _network(
        "another subnet without a security group",
        add(
            SUBNET,
            "network/sandbox",
            {
                "name": "sandbox",
                "resource_group_name": to("azurerm_resource_group", "group", "name"),
                "virtual_network_name": to("azurerm_virtual_network", "network/network", "name"),
                "address_prefixes": ["10.42.200.0/24"],
                "default_outbound_access_enabled": False,
            },
        ),
        SUBNET,
        "network/sandbox",
    ),
    _network(
        "service endpoints of the nodes' subnet",
        put(SUBNET, "network/nodes", "service_endpoints", ["Microsoft.Storage"]),
        SUBNET,
        "network/nodes",
    ),
    _network(
        "security rules without effect on private endpoints",
        put(SUBNET, "network/endpoints", "private_endpoint_network_policies", "Disabled"),
        SUBNET,
        "network/endpoints",
    ),
)
