"""Refusals of Azure's networks. Sources: Azure Virtual Network, NAT Gateway, Private Link, Private DNS, Network Watcher
and VPN Gateway documentation (concepts, FAQ, limits), and the list of common deployment errors for the codes."""

import ipaddress
from typing import Any

from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.kind import Refused, Resource, find, location
from terrace.emulator.azure.refusals.uses import in_use

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def prefixes(body: dict[str, Any]) -> list[Network]:
    """The address ranges of a subnet."""
    single, several = find(body, "properties.addressPrefix"), find(body, "properties.addressPrefixes", [])
    return [ipaddress.ip_network(text, strict=False) for text in (several or ([single] if single else []))]


def _inside(inner: Network, outer: Network) -> bool:
    return inner.version == outer.version and outer.supernet_of(inner)  # type: ignore[arg-type]


def overlapping_address_spaces(resource: Resource) -> Refused | None:
    """Address spaces of a network may not overlap. Source: Virtual Network FAQ."""
    spaces = [ipaddress.ip_network(text, strict=False) for text in resource.get("addressSpace.addressPrefixes", [])]
    for number, space in enumerate(spaces):
        if any(space.overlaps(other) for other in spaces[number + 1 :]):
            return Refused(
                400, "InvalidCIDRNotation", f"The address space {space} overlaps with another of the network."
            )
    return None


def subnet_outside_network(resource: Resource) -> Refused | None:
    """A subnet lies inside its network. Source: Virtual Network FAQ, "Can I ... subnets"."""
    for range in prefixes(resource.body):
        spaces = find(resource.parent, "properties.addressSpace.addressPrefixes", [])
        if not any(_inside(range, ipaddress.ip_network(space, strict=False)) for space in spaces):
            message = f"Subnet '{resource.id.name}' is not valid because its IP address range is outside the IP address"
            return Refused(400, "NetcfgSubnetRangeOutsideVnet", f"{message} range of its virtual network.")
    return None


def subnets_overlap(resource: Resource) -> Refused | None:
    """Subnets of a network have no address in common. Source: Virtual Network, "Add a subnet"."""
    for item in resource.store.children(resource.id.parent, "subnets"):
        if item.id.lower() == resource.id.key:
            continue
        if any(a.overlaps(b) for a in prefixes(resource.body) for b in prefixes(item.body)):
            message = f"Subnet '{resource.id.name}' is not valid because its IP address range overlaps with that of"
            return Refused(400, "NetcfgSubnetRangesOverlap", f"{message} subnet '{parse(item.id).name}'.")
    return None


def subnet_too_small(resource: Resource) -> Refused | None:
    """Azure reserves five addresses of a subnet; /29 is the smallest. Source: Virtual Network FAQ."""
    for range in prefixes(resource.body):
        if range.version == 4 and range.prefixlen > 29:
            return Refused(400, "NetcfgInvalidSubnet", f"Subnet '{resource.id.name}' is smaller than /29.")
    return None


def rule_priority_taken(resource: Resource) -> Refused | None:
    """Priorities are unique for each direction. Source: Virtual Network, "Network security groups"."""
    for item in resource.store.children(resource.id.parent, "securityRules"):
        same = all(find(item.body, f"properties.{word}") == resource.get(word) for word in ("priority", "direction"))
        if same and item.id.lower() != resource.id.key:
            message = (
                f"Security rule {resource.id.name} conflicts with rule {parse(item.id).name}. Rules cannot have the"
            )
            return Refused(400, "SecurityRuleConflict", f"{message} same Priority and Direction.")
    return None


def nat_gateway_zones(resource: Resource) -> Refused | None:
    """A Standard NAT gateway is in one zone or none. Source: NAT Gateway, "Availability zones"."""
    zones, sku = resource.body.get("zones") or [], find(resource.body, "sku.name")
    if sku == "Standard" and len(zones) > 1:
        return Refused(400, "NatGatewayMultipleZonesNotSupported", "A Standard NAT gateway takes at most one zone.")
    if sku == "StandardV2" and 0 < len(zones) < 3:
        return Refused(
            400, "NatGatewayZonesNotSupported", "A StandardV2 NAT gateway is zone-redundant: it takes no zone."
        )
    return None


def nat_gateway_address_sku(resource: Resource) -> Refused | None:
    """Gateway and address have the same SKU. Source: NAT Gateway, "StandardV2": "requires StandardV2 public IPs"."""
    sku = find(resource.body, "sku.name")
    for reference in resource.get("publicIpAddresses", []):
        address = find(resource.other(reference.get("id")), "sku.name", "Basic")
        if address != sku:
            message = f"A {sku} NAT gateway cannot use the {address} public IP address {reference['id']}."
            return Refused(400, "NatGatewayPublicIpSkuMismatch", message)
    return None


def dynamic_standard_address(resource: Resource) -> Refused | None:
    """Only Basic addresses can be dynamic. Source: Virtual Network, "Public IP addresses", SKU."""
    sku, method = find(resource.body, "sku.name", "Basic"), resource.get("publicIPAllocationMethod", "Dynamic")
    if sku != "Basic" and method != "Static":
        message = f"The {sku} public IP address {resource.id.name} must use Static allocation."
        return Refused(400, "StandardSkuPublicIPAddressesMustBeStatic", message)
    return None


def endpoint_in_delegated_subnet(resource: Resource) -> Refused | None:
    """Only the delegated service can use a delegated subnet. Source: Private Link, "Troubleshoot private endpoints"."""
    subnet = resource.other(resource.get("subnet.id"))
    if find(subnet, "properties.delegations", []):
        message = f"Private endpoint {resource.id.name} cannot be created in a subnet that is delegated."
        return Refused(400, "PrivateEndpointCreationNotAllowedAsSubnetIsDelegated", message)
    return None


_GROUPS = {  # source: Private Link, "Private-link resource", target subresources
    "microsoft.storage/storageaccounts": {"blob", "dfs", "file", "queue", "table", "web"},
    "microsoft.keyvault/vaults": {"vault"},
    "microsoft.containerregistry/registries": {"registry"},
    "microsoft.cache/redisenterprise": {"redisenterprise"},
    "microsoft.dbforpostgresql/flexibleservers": {"postgresqlserver"},
    "microsoft.containerservice/managedclusters": {"management"},
}


def unknown_endpoint_group(resource: Resource) -> Refused | None:
    """The group ids of a private endpoint depend on the service. Source: Private Link, "Private-link resource"."""
    for connection in resource.get("privateLinkServiceConnections", []):
        target = str(find(connection, "properties.privateLinkServiceId", ""))
        known = _GROUPS.get(parse(target).type.lower())
        for group in find(connection, "properties.groupIds", []):
            if known and group.lower().removesuffix("_secondary") not in known:
                message = (
                    f"The group id '{group}' is invalid for {parse(target).type}. Valid: {', '.join(sorted(known))}."
                )
                return Refused(400, "InvalidPrivateLinkGroupId", message)
    return None


def network_linked_twice(resource: Resource) -> Refused | None:
    """A network has one zone of a name at most. Source: Private DNS, "Virtual network links", restrictions."""
    name, network = parse(resource.id.parent).name.lower(), str(resource.get("virtualNetwork.id", "")).lower()
    for item in resource.store.of_type("Microsoft.Network/privateDnsZones/virtualNetworkLinks"):
        same_network = str(find(item.body, "properties.virtualNetwork.id", "")).lower() == network
        if same_network and item.id.lower() != resource.id.key and parse(parse(item.id).parent).name.lower() == name:
            message = f"The virtual network '{network}' is linked to a private DNS zone named '{name}' already."
            return Refused(409, "Conflict", message)
    return None


def zone_with_links(resource: Resource) -> Refused | None:
    """Source: Private DNS, "Private DNS zones": links are deleted first."""
    links = resource.store.children(resource.id.path, "virtualNetworkLinks")
    if links:
        message = f"Can not delete resource before nested resources are deleted: {links[0].id}"
        return Refused(409, "CannotDeleteResource", message)
    return None


def second_watcher(resource: Resource) -> Refused | None:
    """One for each region and subscription. Source: Network Watcher FAQ."""
    for item in resource.store.of_type("Microsoft.Network/networkWatchers"):
        if item.id.lower() != resource.id.key and location(item.body.get("location")) == resource.location:
            message = f"Subscription {resource.id.subscription} has reached the limit of 1 network watcher in"
            return Refused(400, "NetworkWatcherCountLimitReached", f"{message} {resource.location}.")
    return None


def flow_log_account_region(resource: Resource) -> Refused | None:
    """The account is in the network's region. Source: Network Watcher, "Virtual network flow logs", considerations."""
    account, network = resource.other(resource.get("storageId")), resource.other(resource.get("targetResourceId"))
    if account and network and location(account.get("location")) != location(network.get("location")):
        message = "The storage account of a flow log must be in the region of what it watches."
        return Refused(400, "FlowLogStorageAccountRegionMismatch", message)
    return None


def gateway_outside_gateway_subnet(resource: Resource) -> Refused | None:
    """Source: VPN Gateway, "About VPN Gateway configuration settings", gateway subnet."""
    for configuration in resource.get("ipConfigurations", []):
        subnet = str(find(configuration, "properties.subnet.id", ""))
        if parse(subnet).name != "GatewaySubnet":
            message = (
                f"A virtual network gateway must be in a subnet named GatewaySubnet, not in '{parse(subnet).name}'."
            )
            return Refused(400, "InvalidGatewaySubnetName", message)
    return None


def active_active_single_address(resource: Resource) -> Refused | None:
    """Source: VPN Gateway, "Configure active-active VPN gateways"."""
    if resource.get("activeActive") and len(resource.get("ipConfigurations", [])) < 2:
        message = "An active-active virtual network gateway needs two IP configurations."
        return Refused(400, "ActiveActiveGatewayRequiresTwoIpConfigurations", message)
    return None


NETWORK = (overlapping_address_spaces,)
SUBNET = (subnet_outside_network, subnets_overlap, subnet_too_small)
SECURITY_RULE = (rule_priority_taken,)
NAT_GATEWAY = (nat_gateway_zones, nat_gateway_address_sku)
PUBLIC_ADDRESS = (dynamic_standard_address,)
PRIVATE_ENDPOINT = (endpoint_in_delegated_subnet, unknown_endpoint_group)
PRIVATE_ZONE = ()
ZONE_LINK = (network_linked_twice,)
WATCHER = (second_watcher,)
FLOW_LOG = (flow_log_account_region,)
GATEWAY = (gateway_outside_gateway_subnet, active_active_single_address)

NETWORK_DELETE = (in_use("InUseVirtualNetworkCannotBeDeleted"),)
SUBNET_DELETE = (in_use("InUseSubnetCannotBeDeleted"),)
SECURITY_GROUP_DELETE = (
    in_use("InUseNetworkSecurityGroupCannotBeDeleted", "Microsoft.Network/virtualNetworks/subnets"),
)
ROUTE_TABLE_DELETE = (in_use("InUseRouteTableCannotBeDeleted", "Microsoft.Network/virtualNetworks/subnets"),)
NAT_GATEWAY_DELETE = (in_use("InUseNatGatewayCannotBeDeleted", "Microsoft.Network/virtualNetworks/subnets"),)
PUBLIC_ADDRESS_DELETE = (
    # a record that follows the address is emptied, and does not block. Source: Azure DNS, "Alias records overview"
    in_use(
        "PublicIPAddressCannotBeDeleted",
        "Microsoft.Network/applicationGateways",
        "Microsoft.Network/loadBalancers",
        "Microsoft.Network/natGateways",
        "Microsoft.Network/networkInterfaces",
        "Microsoft.Network/virtualNetworkGateways",
    ),
)
PRIVATE_ZONE_DELETE = (zone_with_links,)
