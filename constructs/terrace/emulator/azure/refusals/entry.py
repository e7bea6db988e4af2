"""Refusals of Application Gateway and its firewall. Source: Application Gateway documentation (infrastructure
configuration, web application firewall, routing rules) and its list of provisioning errors."""

from typing import Any

from terrace.emulator.azure.kind import Refused, Resource, find
from terrace.emulator.azure.refusals.uses import in_use

_RULE_SETS = {  # source: "Web Application Firewall DRS and CRS rule groups and rules"
    "Microsoft_DefaultRuleSet": {"2.1", "2.2"},
    "Microsoft_BotManagerRuleSet": {"0.1", "1.0", "1.1"},
    "Microsoft_HTTPDDoSRuleSet": {"1.0"},
    "OWASP": {"3.0", "3.1", "3.2"},
}
_HEALTH_PORTS = "65200-65535"


def rule_without_priority(resource: Resource) -> Refused | None:
    """v2 requires a priority. Source: "Application Gateway request routing rules", rule priority."""
    for rule in resource.get("requestRoutingRules", []):
        if find(rule, "properties.priority") is None:
            message = f"The request routing rule {rule.get('name')} needs a priority."
            return Refused(400, "ApplicationGatewayRequestRoutingRulePriorityCannotBeEmpty", message)
    return None


def firewall_policy_sku(resource: Resource) -> Refused | None:
    """Source: "What is Azure Web Application Firewall on Azure Application Gateway?": WAF_v2 only."""
    if resource.get("firewallPolicy.id") and resource.get("sku.tier") != "WAF_v2":
        message = f"A firewall policy is not allowed on the SKU tier {resource.get('sku.tier')}."
        return Refused(400, "ApplicationGatewayFirewallPolicyNotAllowedForSku", message)
    return None


def certificate_without_identity(resource: Resource) -> Refused | None:
    """Source: "TLS termination with Key Vault certificates": the gateway reads it with a user-assigned identity."""
    by_vault = [c for c in resource.get("sslCertificates", []) if find(c, "properties.keyVaultSecretId")]
    if by_vault and not find(resource.body, "identity.userAssignedIdentities"):
        message = "Certificates of a key vault need a user-assigned identity on the application gateway."
        return Refused(400, "ApplicationGatewayKeyVaultSecretRequiresIdentity", message)
    return None


def address_sku_mismatch(resource: Resource) -> Refused | None:
    """Source: "Application Gateway frontend IP address configuration": v2 needs Standard addresses."""
    for frontend in resource.get("frontendIPConfigurations", []):
        address = resource.other(find(frontend, "properties.publicIPAddress.id"))
        if address and find(address, "sku.name", "Basic") != "Standard":
            message = "An application gateway of version 2 needs a Standard public IP address."
            return Refused(400, "ApplicationGatewayPublicIpSkuMismatch", message)
    return None


def _is_open(rule: dict[str, Any]) -> bool:
    ports = {find(rule, "destinationPortRange"), *find(rule, "destinationPortRanges", [])}
    sources = {find(rule, "sourceAddressPrefix"), *find(rule, "sourceAddressPrefixes", [])}
    way = rule.get("access") == "Allow" and rule.get("direction") == "Inbound"
    return way and bool(ports & {_HEALTH_PORTS, "*"}) and bool(sources & {"GatewayManager", "Internet", "*"})


def health_ports_closed(resource: Resource) -> Refused | None:
    """Source: "Application Gateway infrastructure configuration": 65200-65535 from GatewayManager must be allowed."""
    for configuration in resource.get("gatewayIPConfigurations", []):
        subnet = resource.other(find(configuration, "properties.subnet.id"))
        group = find(subnet, "properties.networkSecurityGroup.id")
        rules = resource.store.children(group, "securityRules") if group else []
        if group and not any(_is_open(rule.body["properties"]) for rule in rules):
            message = f"Network security group {group} blocks incoming internet traffic on ports {_HEALTH_PORTS}."
            return Refused(400, "ApplicationGatewaySubnetInboundTrafficBlockedByNetworkSecurityGroup", message)
    return None


def unknown_rule_set(resource: Resource) -> Refused | None:
    """The provider checks type and version only separately. Source: "DRS and CRS rule groups and rules"."""
    for rules in resource.get("managedRules.managedRuleSets", []):
        type, version = rules.get("ruleSetType"), rules.get("ruleSetVersion")
        if version not in _RULE_SETS.get(type, set()):
            message = f"The managed rule set {type} {version} is not known."
            return Refused(400, "ApplicationGatewayFirewallUnknownRuleSet", message)
    return None


def duplicate_custom_rule_priority(resource: Resource) -> Refused | None:
    """Source: "Custom rules for Web Application Firewall v2": priorities are unique."""
    priorities = [rule.get("priority") for rule in resource.get("customRules", [])]
    if len(set(priorities)) < len(priorities):
        message = "Two custom rules have the same priority."
        return Refused(400, "ApplicationGatewayFirewallCustomRuleDuplicatePriority", message)
    return None


GATEWAY = (
    rule_without_priority,
    firewall_policy_sku,
    certificate_without_identity,
    address_sku_mismatch,
    health_ports_closed,
)
FIREWALL_POLICY = (unknown_rule_set, duplicate_custom_rule_priority)
FIREWALL_DELETE = (in_use("ApplicationGatewayFirewallPolicyInUse", "Microsoft.Network/applicationGateways"),)
