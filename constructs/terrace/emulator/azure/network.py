"""Microsoft.Network."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from terrace.emulator.azure.kind import Kind, Resource, location
from terrace.emulator.azure.refusals import entry
from terrace.emulator.azure.refusals import network as refused
from terrace.emulator.azure.store import Body


def _numbered(view: Body, resource: Resource) -> None:
    """An inline part such as a frontend or a rule has its own id, which other parts of the body refer to."""
    for name, entries in view["properties"].items():
        for part in entries if isinstance(entries, list) else ():
            if isinstance(part, dict) and "name" in part and "properties" in part:
                part.setdefault("id", f"{resource.id.path}/{name}/{part['name']}")
                part.setdefault("type", f"{resource.id.type}/{name}")
                part["properties"]["provisioningState"] = "Succeeded"


def _guid(resource: Resource) -> Body:
    return {"resourceGuid": resource.guid("resource")}


def _public_address(resource: Resource) -> Body:
    """A static address is assigned at once and does not change."""
    number = int(resource.hash, 16) % 65536
    return {"ipAddress": f"20.50.{number // 256}.{number % 256}", "idleTimeoutInMinutes": 4}


def _interface(resource: Resource) -> str:
    name = resource.get("customNetworkInterfaceName") or f"{resource.id.name}.nic.{resource.hash}"
    return f"{resource.id.scope}/providers/Microsoft.Network/networkInterfaces/{name}"


def _private_address(resource: Resource) -> str:
    """A stable address in the endpoint's subnet. Azure reserves the first four and the last."""
    subnet = resource.other(resource.get("subnet.id")).get("properties", {})
    network = ipaddress.ip_network(subnet.get("addressPrefix") or subnet["addressPrefixes"][0])
    return str(network[4 + int(resource.hash, 16) % (network.num_addresses - 5)])


def _interface_of(resource: Resource) -> Mapping[str, Body]:
    """A private endpoint has a network interface with its address."""
    subnet = {"privateIPAddress": _private_address(resource), "subnet": resource.get("subnet"), "primary": True}
    properties = {"ipConfigurations": [{"name": "privateEndpointIpConfig", "properties": subnet}]}
    location = resource.location
    return {_interface(resource): {"location": location, "managedBy": resource.id.path, "properties": properties}}


def _watcher_of(resource: Resource) -> Mapping[str, Body]:
    """The first network in a region has Azure create the region's watcher, in a group of its own. Source: Network
    Watcher documentation, "Enable or disable Azure Network Watcher"."""
    watchers = resource.store.of_type("Microsoft.Network/networkWatchers")
    if any(location(one.body.get("location")) == resource.location for one in watchers):
        return {}
    group = f"/subscriptions/{resource.id.subscription}/resourceGroups/NetworkWatcherRG"
    watcher = f"{group}/providers/Microsoft.Network/networkWatchers/NetworkWatcher_{resource.location}"
    return {group: {"location": resource.location}, watcher: {"location": resource.location}}


def _approved(view: Body, resource: Resource) -> None:
    """A connection in the same subscription is approved automatically."""
    properties = view["properties"]
    properties["networkInterfaces"] = [{"id": _interface(resource)}]
    for name in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
        for connection in properties.get(name) or []:
            state = {"status": "Approved", "description": "", "actionsRequired": "None"}
            connection["properties"]["privateLinkServiceConnectionState"] = state
    _numbered(view, resource)


def _gateway(resource: Resource) -> Body:
    """A VPN gateway returns its BGP settings."""
    settings = resource.get("bgpSettings")
    return {"resourceGuid": resource.guid("resource")} | ({"bgpSettings": settings} if settings else {})


def _shared_key(resource: Resource, body: Any) -> tuple[int, Any]:
    """The key is read and set separately from its connection. Without one, Azure generates a key; here a stable one."""
    if isinstance(body, dict):
        resource.body["properties"]["sharedKey"] = body.get("value")
    return 200, {"value": resource.get("sharedKey", resource.guid("shared-key").replace("-", ""))}


def _network(**quirks: Any) -> Kind:
    """Most types of this namespace share these settings."""
    common: dict[str, Any] = {"operation": 201, "shape": _numbered, "defaults": _guid, "required": (".location",)}
    return Kind(**common | quirks)


KINDS = {
    "Microsoft.Network/virtualNetworks": _network(
        inline=("subnets", "virtualNetworkPeerings"),
        creates=_watcher_of,
        required=(".location", "addressSpace.addressPrefixes"),
        rules=refused.NETWORK,
        delete_rules=refused.NETWORK_DELETE,
    ),
    "Microsoft.Network/virtualNetworks/subnets": _network(
        required=(), defaults=lambda r: {}, rules=refused.SUBNET, delete_rules=refused.SUBNET_DELETE
    ),
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings": _network(required=("remoteVirtualNetwork.id",)),
    "Microsoft.Network/networkSecurityGroups": _network(
        inline=("securityRules",), delete_rules=refused.SECURITY_GROUP_DELETE
    ),
    "Microsoft.Network/networkSecurityGroups/securityRules": _network(
        defaults=lambda r: {},
        required=("access", "direction", "priority", "protocol"),
        rules=refused.SECURITY_RULE,
    ),
    "Microsoft.Network/routeTables": _network(inline=("routes",), delete_rules=refused.ROUTE_TABLE_DELETE),
    "Microsoft.Network/routeTables/routes": _network(required=("nextHopType",)),
    "Microsoft.Network/natGateways": _network(
        required=(".location", ".sku.name"), rules=refused.NAT_GATEWAY, delete_rules=refused.NAT_GATEWAY_DELETE
    ),
    "Microsoft.Network/publicIPAddresses": _network(
        defaults=_public_address, rules=refused.PUBLIC_ADDRESS, delete_rules=refused.PUBLIC_ADDRESS_DELETE
    ),
    "Microsoft.Network/networkInterfaces": _network(),
    "Microsoft.Network/loadBalancers": _network(),
    "Microsoft.Network/privateEndpoints": _network(
        shape=_approved, creates=_interface_of, required=(".location", "subnet.id"), rules=refused.PRIVATE_ENDPOINT
    ),
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": _network(required=("privateDnsZoneConfigs",)),
    "Microsoft.Network/applicationGateways": _network(required=(".location", "sku"), rules=entry.GATEWAY),
    "Microsoft.Network/applicationGatewayWebApplicationFirewallPolicies": _network(
        operation=0,
        required=(".location", "managedRules"),
        rules=entry.FIREWALL_POLICY,
        delete_rules=entry.FIREWALL_DELETE,
    ),
    "Microsoft.Network/networkWatchers": _network(operation=0, rules=refused.WATCHER),
    "Microsoft.Network/networkWatchers/flowLogs": _network(
        required=("targetResourceId", "storageId"), rules=refused.FLOW_LOG
    ),
    "Microsoft.Network/virtualNetworkGateways": _network(
        computed=_gateway, required=(".location", "ipConfigurations"), rules=refused.GATEWAY
    ),
    "Microsoft.Network/localNetworkGateways": _network(),
    "Microsoft.Network/connections": _network(
        required=(".location", "connectionType", "virtualNetworkGateway1.id"),
        write_only=("sharedKey",),
        actions={"get sharedkey": _shared_key, "put sharedkey": _shared_key},
    ),
}
