"""Groups, vaults, keys, identities, the workspace, whom to tell, and the network, named as the constructs name them."""

from typing import Any

from azure.keyvault.keys import KeyRotationLifetimeAction, KeyRotationPolicy, KeyRotationPolicyAction

from terrace.azure import names
from terrace.capabilities.keys import PURPOSES, RECOVERY_PURPOSES, Purpose
from terrace.capabilities.observability import EmailChannel
from tests.live.azure.site import Site

GITHUB = "https://token.actions.githubusercontent.com"
LOCATIONS = "e56962a6-4747-49cd-b67b-bf8b01975c4c"
INHERIT = "ea3f2387-9b95-492a-a190-fcdc54f7b070"
USE = "Key Vault Crypto Service Encryption User"
RANGES = {
    "nodes": "10.42.0.0/19",
    "control": "10.42.128.0/26",
    "database": "10.42.128.64/26",
    "endpoints": "10.42.128.128/26",
    "cache": "10.42.128.192/26",
    "entry": "10.42.129.0/26",
    "GatewaySubnet": "10.42.129.64/26",
}
DELEGATED = {
    "control": "Microsoft.ContainerService/managedClusters",
    "database": "Microsoft.DBforPostgreSQL/flexibleServers",
}
ZONES = ("blob", "vault", "registry", "redisEnterprise", "cluster", "database", "internal")


def allowed(site: Site) -> list[str]:
    """Where the environment's things may be."""
    target = site.target
    return [str(target.region), str(target.recovery_region), str(names.geo_region(target)), "global"]


def groups(site: Site) -> None:
    for recovery in (False, True):
        place = site.target.recovery_region if recovery else site.target.region
        group = names.group_id(site.target, recovery=recovery)
        site.put(group, location=place, tags=site.tags)
        policies = f"{group}/providers/Microsoft.Authorization/policyAssignments"
        site.put(
            f"{policies}/locations",
            {
                "policyDefinitionId": names.policy_id(LOCATIONS),
                "enforcementMode": "Default",
                "parameters": {"listOfAllowedLocations": {"value": allowed(site)}},
            },
        )
        for tag in site.tags:
            site.put(
                f"{policies}/tag-{tag}",
                {"policyDefinitionId": names.policy_id(INHERIT), "parameters": {"tagName": {"value": tag}}},
                location=place,
                identity={"type": "SystemAssigned"},
            )


def identity(site: Site, purpose: str, *, recovery: bool = False) -> str:
    kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
    return site.make(kind, names.identity(site.target, purpose), recovery=recovery)


def vaults(site: Site) -> None:
    places = {"": site.target.region, "recovery": site.target.recovery_region, "geo": names.geo_region(site.target)}
    for place, region in places.items():
        site.make(
            "Microsoft.KeyVault/vaults",
            names.vault(site.target, place),
            {
                "tenantId": names.settings(site.target).tenant_id,
                "sku": {"family": "A", "name": "premium"},
                "enableRbacAuthorization": True,
                "enableSoftDelete": True,
                "enablePurgeProtection": True,
                "softDeleteRetentionInDays": site.environment.keys.deletion_window_days,
                "publicNetworkAccess": "Disabled",
                "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"},
            },
            recovery=bool(place),
            location=region,
        )
    for purpose in PURPOSES:
        _key(site, purpose)
    for purpose in RECOVERY_PURPOSES:
        _key(site, purpose, "geo" if purpose == "database" else "recovery")


def rotate(site: Site, purpose: Purpose, days: int, place: str = "") -> None:
    """Let the vault make a new version of a key every so many days."""
    step = KeyRotationLifetimeAction(KeyRotationPolicyAction.rotate, time_after_create=f"P{days}D")
    policy = KeyRotationPolicy(lifetime_actions=[step], expires_in=f"P{days + 60}D")
    vault = names.vault(site.target, place)
    site.touched.add("rotationpolicy")
    site.reader.keys(vault).update_key_rotation_policy(purpose, policy)


def _key(site: Site, purpose: Purpose, place: str = "") -> None:
    site.reader.keys(names.vault(site.target, place)).create_rsa_key(purpose, size=3072)
    rotate(site, purpose, site.environment.keys.rotation_days, place)
    if purpose in ("cluster", "secrets", "events"):
        return  # AKS uses the first as its control plane, nothing the others
    recovery = bool(place)
    who = f"{purpose}-recovery-key" if recovery else f"{purpose}-key"
    identity(site, who, recovery=recovery)
    vault = names.id(site.target, "Microsoft.KeyVault/vaults", names.vault(site.target, place), recovery=recovery)
    site.grant(site.principal(who, recovery=recovery), USE, f"{vault}/keys/{purpose}")


def observation(site: Site) -> None:
    site.make(
        "Microsoft.OperationalInsights/workspaces",
        site.prefix,
        {
            "sku": {"name": "PerGB2018"},
            "retentionInDays": site.environment.observability.retention_days,
            "features": {"disableLocalAuth": True},
        },
    )
    spec = site.environment.observability
    for severity in ("warning", "critical"):
        channels = {name: spec.channels[name] for name in getattr(spec.escalation, severity)}
        site.make(
            "Microsoft.Insights/actionGroups",
            f"{site.prefix}-{severity}",
            {
                "groupShortName": severity,
                "enabled": True,
                "emailReceivers": [
                    {"name": name, "emailAddress": one.address, "useCommonAlertSchema": True}
                    for name, one in channels.items()
                    if isinstance(one, EmailChannel)
                ],
                "webhookReceivers": [
                    {"name": name, "serviceUri": one.url, "useCommonAlertSchema": True}
                    for name, one in channels.items()
                    if not isinstance(one, EmailChannel)
                ],
            },
        )


def rule(name: str, direction: str, priority: int, port: str, source: str, into: str, **more: Any) -> dict[str, Any]:
    properties = {
        "description": "Nodes reach PostgreSQL",
        "direction": direction,
        "access": "Allow",
        "protocol": "Tcp",
        "priority": priority,
        "sourcePortRange": "*",
        "destinationPortRange": port,
        "sourceAddressPrefix": source,
        "destinationAddressPrefix": into,
    }
    return {"name": name, "properties": {**properties, **more}}


def refusal(direction: str) -> dict[str, Any]:
    way = "in" if direction == "Inbound" else "out"
    more = {"access": "Deny", "protocol": "*", "description": "Default is deny"}
    return rule(f"refuse-{way}", direction, 4096, "*", "*", "*", **more)


def guards(site: Site) -> None:
    nodes = RANGES["nodes"]
    for name in (one for one in RANGES if one != "GatewaySubnet"):
        rules = [refusal("Inbound"), *([refusal("Outbound")] if name != "entry" else [])]
        own = RANGES[name]
        if name == "database":
            rules.append(rule("nodes-to-database-in", "Inbound", 100, "5432", nodes, own))
        if name == "nodes":
            told = {"description": "Nodes reach https"}
            rules.append(rule("to-https-out", "Outbound", 1000, "443", own, "Internet", **told))
        if name == "entry":
            told = {"description": "Public HTTPS entry"}
            rules.append(rule("public-https-in", "Inbound", 1000, "443", "Internet", own, **told))
            told = {"description": "Azure manages the gateway"}
            rules.append(rule("gateway-manager-in", "Inbound", 1010, "65200-65535", "GatewayManager", own, **told))
        site.make("Microsoft.Network/networkSecurityGroups", f"{site.prefix}-{name}", {"securityRules": rules})


def network(site: Site) -> None:
    target, region = site.target, site.target.region
    address = {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4"}
    zones = list(target.zones)
    addresses = "Microsoft.Network/publicIPAddresses"
    for name in ("nat", "entry", "vpn-first", "vpn-second"):
        sku = {"name": "StandardV2" if name == "nat" else "Standard"}
        site.make(addresses, f"{site.prefix}-{name}", address, sku=sku, zones=zones)
    nat = site.make(
        "Microsoft.Network/natGateways",
        site.prefix,
        {
            "idleTimeoutInMinutes": 10,
            "publicIpAddresses": [{"id": names.id(target, addresses, f"{site.prefix}-nat")}],
        },
        sku={"name": "StandardV2"},
    )
    group = "Microsoft.Network/networkSecurityGroups"
    subnets = []
    for name, cidr in RANGES.items():
        properties: dict[str, Any] = {"addressPrefix": cidr, "defaultOutboundAccess": False}
        if name != "GatewaySubnet":
            properties["networkSecurityGroup"] = {"id": names.id(target, group, f"{site.prefix}-{name}")}
        if name == "nodes":
            properties["natGateway"] = {"id": nat}
        if service := DELEGATED.get(name):
            properties["delegations"] = [{"name": name, "properties": {"serviceName": service}}]
        subnets.append({"name": name, "properties": properties})
    net = site.make(
        "Microsoft.Network/virtualNetworks",
        site.prefix,
        {"addressSpace": {"addressPrefixes": ["10.42.0.0/16"]}, "subnets": subnets},
    )
    for service in ZONES:
        zone = names.private_zone(target, service)
        site.make("Microsoft.Network/privateDnsZones", zone, location="global")
        site.put(
            f"{names.private_zone_id(target, service)}/virtualNetworkLinks/{site.prefix}-{service}",
            {"virtualNetwork": {"id": net}, "registrationEnabled": False},
            location="global",
            tags=site.tags,
        )
    site.make("Microsoft.Network/networkWatchers", f"NetworkWatcher_{region}")


def private_path(site: Site, name: str, to: str, service: str, subnet: str = "endpoints") -> None:
    """A private endpoint with its name in the network's DNS."""
    connection = {"privateLinkServiceId": to, "groupIds": [service]}
    endpoint = site.make(
        "Microsoft.Network/privateEndpoints",
        f"{site.prefix}-path-{name}",
        {
            "subnet": {"id": names.subnet_id(site.target, subnet)},
            "privateLinkServiceConnections": [{"name": name, "properties": connection}],
        },
    )
    zone = {"name": service, "properties": {"privateDnsZoneId": names.private_zone_id(site.target, service)}}
    site.put(f"{endpoint}/privateDnsZoneGroups/default", {"privateDnsZoneConfigs": [zone]})


def build(site: Site) -> None:
    groups(site)
    vaults(site)
    observation(site)
    guards(site)
    network(site)
