"""Live resources that open paths on Azure: security rules, routes, peerings, private endpoints, services' firewalls."""

from typing import Any

from terrace.azure import names
from terrace.azure.flows import GROUPS
from terrace.live.azure.checks import Deployment, at, named
from terrace.live.document import Document

_NETWORKS = "Microsoft.Network/virtualNetworks"


def read(deployment: Deployment, document: Document) -> None:
    """Add what is in the network of the environment."""
    for step in (_groups, _tables, _networks, _endpoints, _hybrid, _servers):
        with document.listing(step.__name__.strip("_"), deployment.target.region):
            step(deployment, document)


def _in_groups(deployment: Deployment, kind: str) -> list[dict[str, Any]]:
    """Every resource of a type in the environment's resource groups."""
    return [one for group in deployment.groups for one in deployment.pages(f"{group}/providers/{kind}")]


def of_group(id: str) -> str:
    """The name of the resource group in an id."""
    return id.split("/")[4]


def _groups(deployment: Deployment, document: Document) -> None:
    for group in _in_groups(deployment, "Microsoft.Network/networkSecurityGroups"):
        name, id = group["name"], str(group["id"])
        party = name.removeprefix(f"{deployment.prefix}-")
        own = party in GROUPS and name != party and of_group(id) == deployment.prefix
        path = f"network/openings/{party}-group" if own else ""
        attributes = {"name": name, "resource_group_name": of_group(id)}
        # by its id, so that two groups of one name differ; rules name their group by a reference to it
        document.add("azurerm_network_security_group", name, attributes, path=path, ids={id: "id"})
        for rule in at(group, "securityRules", []):
            written = _rule(rule) | {"network_security_group_name": id}
            shown = f"rule {rule['name']} of group {name}"
            document.add("azurerm_network_security_rule", f"{name}_{rule['name']}", written, path=shown)


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule with the names of Terraform; application security groups are ends that the model does not know."""
    written: dict[str, Any] = {
        "direction": at(rule, "direction"),
        "access": at(rule, "access"),
        "priority": at(rule, "priority"),
        "protocol": at(rule, "protocol"),
        "destination_port_range": at(rule, "destinationPortRange"),
        "destination_port_ranges": at(rule, "destinationPortRanges", []),
    }
    for side in ("source", "destination"):
        written[f"{side}_address_prefix"] = at(rule, f"{side}AddressPrefix")
        written[f"{side}_address_prefixes"] = at(rule, f"{side}AddressPrefixes", [])
        groups = [one["id"] for one in at(rule, f"{side}ApplicationSecurityGroups", [])]
        written[f"{side}_application_security_group_ids"] = groups
    return written


def _tables(deployment: Deployment, document: Document) -> None:
    for table in _in_groups(deployment, "Microsoft.Network/routeTables"):
        routes = [
            {
                "address_prefix": at(route, "addressPrefix"),
                "next_hop_type": at(route, "nextHopType"),
                "next_hop_in_ip_address": at(route, "nextHopIpAddress"),
            }
            for route in at(table, "routes", [])
        ]
        id = str(table["id"])
        document.add("azurerm_route_table", table["name"], {"name": table["name"], "route": routes}, ids={id: "id"})


def _networks(deployment: Deployment, document: Document) -> None:
    for network in _in_groups(deployment, _NETWORKS):
        name, group = network["name"], of_group(str(network["id"]))
        for subnet in at(network, "subnets", []):
            _subnet(document, name, group, subnet)
        for peering in at(network, "virtualNetworkPeerings", []):
            remote = at(peering, "remoteVirtualNetwork", {}).get("id")
            attributes = {"remote_virtual_network_id": remote}
            document.add("azurerm_virtual_network_peering", peering["name"], attributes)


def _subnet(document: Document, network: str, group: str, subnet: dict[str, Any]) -> None:
    name, id = subnet["name"], str(subnet["id"])
    prefixes = at(subnet, "addressPrefixes") or [at(subnet, "addressPrefix")]
    attributes = {
        "name": name,
        "virtual_network_name": network,
        "resource_group_name": group,
        "address_prefixes": prefixes,
        "service_endpoints": [one["service"] for one in at(subnet, "serviceEndpoints", [])],
        "private_endpoint_network_policies": at(subnet, "privateEndpointNetworkPolicies", "Disabled"),
    }
    document.add("azurerm_subnet", name, attributes, path=f"network/{name}", ids={id: "id"})
    for type, field, word in (
        ("azurerm_subnet_network_security_group_association", "networkSecurityGroup", "network_security_group_id"),
        ("azurerm_subnet_route_table_association", "routeTable", "route_table_id"),
    ):
        if linked := at(subnet, field, {}).get("id"):
            written = {"subnet_id": id, word: linked}
            document.add(type, name, written, path=f"{named(linked)} on subnet {name}")


def _endpoints(deployment: Deployment, document: Document) -> None:
    for endpoint in _in_groups(deployment, "Microsoft.Network/privateEndpoints"):
        connections = [
            {"private_connection_resource_id": at(one, "privateLinkServiceId")}
            for field in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
            for one in at(endpoint, field, [])
        ]
        document.add("azurerm_private_endpoint", endpoint["name"], {"private_service_connection": connections})


def _hybrid(deployment: Deployment, document: Document) -> None:
    for device in _in_groups(deployment, "Microsoft.Network/localNetworkGateways"):
        spaces = at(device, "localNetworkAddressSpace", {}).get("addressPrefixes", [])
        document.add("azurerm_local_network_gateway", device["name"], {"name": device["name"], "address_space": spaces})
    for gateway in _in_groups(deployment, "Microsoft.Network/virtualNetworkGateways"):
        clients = at(gateway, "vpnClientConfiguration", {}).get("vpnClientAddressPool", {}).get("addressPrefixes", [])
        attributes = {
            "name": gateway["name"],
            "vpn_client_configuration": [{"address_space": clients}] if clients else [],
        }
        document.add("azurerm_virtual_network_gateway", gateway["name"], attributes)


def _servers(deployment: Deployment, document: Document) -> None:
    server = names.database_id(deployment.target)
    for rule in deployment.pages(f"{server}/firewallRules"):
        span = {"start_ip_address": at(rule, "startIpAddress"), "end_ip_address": at(rule, "endIpAddress")}
        document.add("azurerm_postgresql_flexible_server_firewall_rule", rule["name"], span)


def firewall(body: dict[str, Any]) -> dict[str, Any]:
    """The firewall of a storage account or a vault, with the names of Terraform."""
    acls = at(body, "networkAcls", {})
    return {
        "default_action": acls.get("defaultAction", "Allow"),
        "ip_rules": [one["value"] for one in acls.get("ipRules") or []],
        "virtual_network_subnet_ids": [one["id"] for one in acls.get("virtualNetworkRules") or []],
        "private_link_access": [
            {"endpoint_resource_id": one.get("resourceId")} for one in acls.get("resourceAccessRules") or []
        ],
    }
