"""Invalid configurations of networks and application gateways."""

from tests.emulator.azure.bodies import NETWORK, WATCHERS, ZONE, resource_id
from tests.emulator.azure.invalid_requests.invalid_request import InvalidRequest, set_field, set_property

INVALID_REQUESTS = (
    InvalidRequest(
        "overlapping_address_spaces",
        "network",
        "InvalidCIDRNotation",
        set_property("addressSpace.addressPrefixes", ["10.0.0.0/16", "10.0.1.0/24"]),
    ),
    InvalidRequest(
        "subnet_outside_network",
        "subnet-paths",
        "NetcfgSubnetRangeOutsideVnet",
        set_property("addressPrefix", "10.1.0.0/24"),
    ),
    InvalidRequest(
        "subnets_overlap", "subnet-paths", "NetcfgSubnetRangesOverlap", set_property("addressPrefix", "10.0.0.0/24")
    ),
    InvalidRequest(
        "subnet_too_small", "subnet-paths", "NetcfgInvalidSubnet", set_property("addressPrefix", "10.0.33.0/30")
    ),
    InvalidRequest(
        "rule_priority_taken",
        "nsg-rule",
        "SecurityRuleConflict",
        path=resource_id("Network/networkSecurityGroups", "nsg/securityRules/other"),
    ),
    InvalidRequest("nat_gateway_zones", "nat", "NatGatewayMultipleZonesNotSupported", set_field("zones", ["1", "2"])),
    InvalidRequest(
        "nat_gateway_zones",
        "nat",
        "NatGatewayZonesNotSupported",
        set_field("sku.name", "StandardV2"),
        path=resource_id("Network/natGateways", "second"),
    ),
    InvalidRequest(
        "nat_gateway_address_sku",
        "nat",
        "NatGatewayPublicIpSkuMismatch",
        set_field("sku.name", "StandardV2"),
        set_field("zones", []),
    ),
    InvalidRequest(
        "dynamic_standard_address",
        "nat-address",
        "StandardSkuPublicIPAddressesMustBeStatic",
        set_property("publicIPAllocationMethod", "Dynamic"),
    ),
    InvalidRequest(
        "endpoint_in_delegated_subnet",
        "endpoint",
        "PrivateEndpointCreationNotAllowedAsSubnetIsDelegated",
        set_property("subnet.id", f"{NETWORK}/subnets/database"),
    ),
    InvalidRequest(
        "unknown_endpoint_group",
        "endpoint",
        "InvalidPrivateLinkGroupId",
        set_property("privateLinkServiceConnections.0.properties.groupIds", ["vault"]),
    ),
    InvalidRequest("network_linked_twice", "zone-link", "Conflict", path=f"{ZONE}/virtualNetworkLinks/again"),
    InvalidRequest(
        "second_watcher",
        "watcher",
        "NetworkWatcherCountLimitReached",
        path=f"{WATCHERS}/second",
    ),
    InvalidRequest(
        "flow_log_account_region",
        "flow-log",
        "FlowLogStorageAccountRegionMismatch",
        set_property("storageId", resource_id("Storage/storageAccounts", "faraway")),
    ),
    InvalidRequest(
        "gateway_outside_gateway_subnet",
        "vpn",
        "InvalidGatewaySubnetName",
        set_property("ipConfigurations.0.properties.subnet.id", f"{NETWORK}/subnets/paths"),
    ),
    InvalidRequest(
        "active_active_single_address",
        "vpn",
        "ActiveActiveGatewayRequiresTwoIpConfigurations",
        set_property("activeActive", True),
    ),
    InvalidRequest(
        "rule_without_priority",
        "entry",
        "ApplicationGatewayRequestRoutingRulePriorityCannotBeEmpty",
        set_property("requestRoutingRules.0.properties.priority", None),
    ),
    InvalidRequest(
        "firewall_policy_sku",
        "entry",
        "ApplicationGatewayFirewallPolicyNotAllowedForSku",
        set_property("sku.tier", "Standard_v2"),
    ),
    InvalidRequest(
        "certificate_without_identity",
        "entry",
        "ApplicationGatewayKeyVaultSecretRequiresIdentity",
        set_field("identity", None),
    ),
    InvalidRequest(
        "address_sku_mismatch",
        "entry",
        "ApplicationGatewayPublicIpSkuMismatch",
        set_property(
            "frontendIPConfigurations.0.properties.publicIPAddress.id",
            resource_id("Network/publicIPAddresses", "basic"),
        ),
    ),
    InvalidRequest(
        "health_ports_closed",
        "entry",
        "ApplicationGatewaySubnetInboundTrafficBlockedByNetworkSecurityGroup",
        set_property("gatewayIPConfigurations.0.properties.subnet.id", f"{NETWORK}/subnets/closed"),
    ),
    InvalidRequest(
        "unknown_rule_set",
        "waf",
        "ApplicationGatewayFirewallUnknownRuleSet",
        set_property("managedRules.managedRuleSets.0.ruleSetVersion", "3.2"),
    ),
    InvalidRequest(
        "duplicate_custom_rule_priority",
        "waf",
        "ApplicationGatewayFirewallCustomRuleDuplicatePriority",
        set_property("customRules.1.priority", 10),
    ),
)
