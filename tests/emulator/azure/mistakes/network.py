"""Wrong configurations of networks and the entry."""

from tests.emulator.azure.bodies import NETWORK, ZONE
from tests.emulator.azure.bodies import at as place
from tests.emulator.azure.mistakes.mistake import Mistake, p, set_

MISTAKES = (
    Mistake(
        "space_overlaps_itself",
        "network",
        "InvalidCIDRNotation",
        p("addressSpace.addressPrefixes", ["10.0.0.0/16", "10.0.1.0/24"]),
    ),
    Mistake(
        "subnet_outside_network", "subnet-paths", "NetcfgSubnetRangeOutsideVnet", p("addressPrefix", "10.1.0.0/24")
    ),
    Mistake("subnets_overlap", "subnet-paths", "NetcfgSubnetRangesOverlap", p("addressPrefix", "10.0.0.0/24")),
    Mistake("subnet_too_small", "subnet-paths", "NetcfgInvalidSubnet", p("addressPrefix", "10.0.33.0/30")),
    Mistake(
        "rule_priority_taken",
        "nsg-rule",
        "SecurityRuleConflict",
        at=place("Network/networkSecurityGroups", "nsg/securityRules/other"),
    ),
    Mistake("nat_in_two_zones", "nat", "NatGatewayMultipleZonesNotSupported", set_("zones", ["1", "2"])),
    Mistake(
        "nat_in_two_zones",
        "nat",
        "NatGatewayZonesNotSupported",
        set_("sku.name", "StandardV2"),
        at=place("Network/natGateways", "second"),
    ),
    Mistake(
        "nat_with_other_address",
        "nat",
        "NatGatewayPublicIpSkuMismatch",
        set_("sku.name", "StandardV2"),
        set_("zones", []),
    ),
    Mistake(
        "dynamic_standard_address",
        "nat-address",
        "StandardSkuPublicIPAddressesMustBeStatic",
        p("publicIPAllocationMethod", "Dynamic"),
    ),
    Mistake(
        "endpoint_in_delegated_subnet",
        "endpoint",
        "PrivateEndpointCreationNotAllowedAsSubnetIsDelegated",
        p("subnet.id", f"{NETWORK}/subnets/database"),
    ),
    Mistake(
        "endpoint_to_unknown_part",
        "endpoint",
        "InvalidPrivateLinkGroupId",
        p("privateLinkServiceConnections.0.properties.groupIds", ["vault"]),
    ),
    Mistake("network_linked_twice", "zone-link", "Conflict", at=f"{ZONE}/virtualNetworkLinks/again"),
    Mistake(
        "second_watcher", "watcher", "NetworkWatcherCountLimitReached", at=place("Network/networkWatchers", "second")
    ),
    Mistake(
        "flow_log_elsewhere",
        "flow-log",
        "FlowLogStorageAccountRegionMismatch",
        p("storageId", place("Storage/storageAccounts", "faraway")),
    ),
    Mistake(
        "gateway_outside_its_subnet",
        "vpn",
        "InvalidGatewaySubnetName",
        p("ipConfigurations.0.properties.subnet.id", f"{NETWORK}/subnets/paths"),
    ),
    Mistake(
        "active_active_with_one_address",
        "vpn",
        "ActiveActiveGatewayRequiresTwoIpConfigurations",
        p("activeActive", True),
    ),
    Mistake(
        "rule_without_priority",
        "entry",
        "ApplicationGatewayRequestRoutingRulePriorityCannotBeEmpty",
        p("requestRoutingRules.0.properties.priority", None),
    ),
    Mistake(
        "firewall_on_plain_sku",
        "entry",
        "ApplicationGatewayFirewallPolicyNotAllowedForSku",
        p("sku.tier", "Standard_v2"),
    ),
    Mistake(
        "certificate_without_identity",
        "entry",
        "ApplicationGatewayKeyVaultSecretRequiresIdentity",
        set_("identity", None),
    ),
    Mistake(
        "address_of_other_sku",
        "entry",
        "ApplicationGatewayPublicIpSkuMismatch",
        p("frontendIPConfigurations.0.properties.publicIPAddress.id", place("Network/publicIPAddresses", "basic")),
    ),
    Mistake(
        "health_ports_closed",
        "entry",
        "ApplicationGatewaySubnetInboundTrafficBlockedByNetworkSecurityGroup",
        p("gatewayIPConfigurations.0.properties.subnet.id", f"{NETWORK}/subnets/closed"),
    ),
    Mistake(
        "unknown_rule_set",
        "waf",
        "ApplicationGatewayFirewallUnknownRuleSet",
        p("managedRules.managedRuleSets.0.ruleSetVersion", "3.2"),
    ),
    Mistake(
        "custom_rules_of_one_priority",
        "waf",
        "ApplicationGatewayFirewallCustomRuleDuplicatePriority",
        p("customRules.1.priority", 10),
    ),
)
