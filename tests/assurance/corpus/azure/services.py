"""Firewalls of services, and networks that are linked to the stack's."""

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Edit, add, every, put, to

SUBNET = "azurerm_subnet"
ENDPOINT, VAULT = "azurerm_private_endpoint", ("azurerm_key_vault", "keys/vault")
ACCOUNT, FLOW = "azurerm_storage_account", ("azurerm_storage_account", "observability/flow-account")
DEVICE = ("azurerm_local_network_gateway", "hybrid/device")
ELSEWHERE = "/subscriptions/99999999-9999-4999-8999-999999999999/resourceGroups/other/providers"


def _network(sentence: str, edit: Edit, type: str, path: str) -> Danger:
    return Danger("network", sentence, edit, f"{type} {path}")


DANGERS = (
    _network(
        "peering with a network of another subscription",
        add(
            "azurerm_virtual_network_peering",
            "network/partner",
            {
                "name": "partner",
                "resource_group_name": to("azurerm_resource_group", "group", "name"),
                "virtual_network_name": to("azurerm_virtual_network", "network/network", "name"),
                "remote_virtual_network_id": f"{ELSEWHERE}/Microsoft.Network/virtualNetworks/partner",
                "allow_forwarded_traffic": True,
            },
        ),
        "azurerm_virtual_network_peering",
        "network/partner",
    ),
    _network(
        "route of the nodes to an appliance outside",
        every(
            [
                add(
                    "azurerm_route_table",
                    "network/detour",
                    {
                        "name": "detour",
                        "location": "germanywestcentral",
                        "resource_group_name": to("azurerm_resource_group", "group", "name"),
                        "route": [
                            {
                                "name": "all",
                                "address_prefix": "0.0.0.0/0",
                                "next_hop_type": "VirtualAppliance",
                                "next_hop_in_ip_address": "10.99.0.4",
                            }
                        ],
                    },
                ),
                add(
                    "azurerm_subnet_route_table_association",
                    "network/detoured",
                    {
                        "subnet_id": to(SUBNET, "network/nodes", "id"),
                        "route_table_id": to("azurerm_route_table", "network/detour", "id"),
                    },
                ),
            ]
        ),
        "azurerm_route_table",
        "network/detour",
    ),
    _network(
        "private endpoint to a storage account of another subscription",
        add(
            ENDPOINT,
            "network/exfiltration",
            {
                "name": "exfiltration",
                "location": "germanywestcentral",
                "resource_group_name": to("azurerm_resource_group", "group", "name"),
                "subnet_id": to(SUBNET, "network/endpoints", "id"),
                "private_service_connection": {
                    "name": "x",
                    "private_connection_resource_id": f"{ELSEWHERE}/Microsoft.Storage/storageAccounts/attacker",
                    "subresource_names": ["blob"],
                    "is_manual_connection": False,
                },
                "private_dns_zone_group": {
                    "name": "default",
                    "private_dns_zone_ids": ["/x/privatelink.blob.core.windows.net"],
                },
            },
        ),
        ENDPOINT,
        "network/exfiltration",
    ),
    _network(
        "VPN that carries the whole internet",
        put(*DEVICE, "address_space", ["192.168.0.0/16", "0.0.0.0/1", "128.0.0.0/1"]),
        *DEVICE,
    ),
    _network(
        "VPN that carries another private range",
        put(*DEVICE, "address_space", ["192.168.0.0/16", "172.16.0.0/12"]),
        *DEVICE,
    ),
    _network(
        "second VPN to an unknown device",
        add(
            "azurerm_local_network_gateway",
            "hybrid/other",
            {"name": "other", "gateway_address": "203.0.113.9", "address_space": ["10.200.0.0/16"]},
        ),
        "azurerm_local_network_gateway",
        "hybrid/other",
    ),
    _network(
        "firewall rule of PostgreSQL for all of Azure",
        add(
            "azurerm_postgresql_flexible_server_firewall_rule",
            "database/azure",
            {
                "name": "azure",
                "server_id": to("azurerm_postgresql_flexible_server", "database/server", "id"),
                "start_ip_address": "0.0.0.0",
                "end_ip_address": "0.0.0.0",
            },
        ),
        "azurerm_postgresql_flexible_server_firewall_rule",
        "database/azure",
    ),
    _network(
        "public network access of the replica",
        put("azurerm_postgresql_flexible_server", "database/replica-1", "public_network_access_enabled", True),
        "azurerm_postgresql_flexible_server",
        "database/replica-1",
    ),
    _network(
        "key vault open to a public address",
        put(*VAULT, "network_acls.ip_rules", ["198.51.100.0/24"]),
        *VAULT,
    ),
    _network(
        "storage account open to a subnet of another subscription",
        put(
            ACCOUNT,
            "lake/gold/account",
            "network_rules.virtual_network_subnet_ids",
            [f"{ELSEWHERE}/Microsoft.Network/virtualNetworks/x/subnets/y"],
        ),
        ACCOUNT,
        "lake/gold/account",
    ),
    _network(
        "storage account that trusts a resource of another tenant",
        put(
            ACCOUNT,
            "lake/silver/account",
            "network_rules.private_link_access",
            [{"endpoint_resource_id": f"{ELSEWHERE}/Microsoft.Synapse/workspaces/x", "endpoint_tenant_id": "x"}],
        ),
        ACCOUNT,
        "lake/silver/account",
    ),
    _network("flow logs' account open to all networks", put(*FLOW, "network_rules.default_action", "Allow"), *FLOW),
    _network(
        "network rules beside the account's own",
        add(
            "azurerm_storage_account_network_rules",
            "lake/open",
            {"storage_account_id": to(ACCOUNT, "lake/gold/account", "id"), "default_action": "Allow"},
        ),
        "azurerm_storage_account_network_rules",
        "lake/open",
    ),
    _network(
        "registry open to a public address",
        put("azurerm_container_registry", "registry/registry", "network_rule_set", [{"default_action": "Allow"}]),
        "azurerm_container_registry",
        "registry/registry",
    ),
    _network(
        "virtual machine with a public address",
        add("azurerm_linux_virtual_machine", "network/jump", {"name": "jump", "size": "Standard_B1s"}),
        "azurerm_linux_virtual_machine",
        "network/jump",
    ),
    _network(
        "Kubernetes API public, with a range that no setting names",
        every(
            [
                put("azurerm_kubernetes_cluster", "cluster/control-plane", "private_cluster_enabled", False),
                put(
                    "azurerm_kubernetes_cluster",
                    "cluster/control-plane",
                    "api_server_access_profile.authorized_ip_ranges",
                    ["198.51.100.0/24"],
                ),
            ]
        ),
        "azurerm_kubernetes_cluster",
        "cluster/control-plane",
    ),
)
