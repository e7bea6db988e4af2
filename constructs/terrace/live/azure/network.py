"""Checks of the virtual network (NET-1 to NET-5, NET-7)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, empty, equal, includes
from terrace.azure import names
from terrace.capabilities.lake import BUCKETS, REPLICATED
from terrace.live.azure import cluster, database
from terrace.live.azure.checks import Deployment, at, named, same
from terrace.live.azure.session import Absent

_EVERYWHERE = ("Internet", "*", "0.0.0.0/0", "::/0", "Any")
_AZURE = ("AzureLoadBalancer", "GatewayManager", "AzureKeyVault", "AzureActiveDirectory", "Storage")
"""Azure's service tags, which may end in a region (Storage.WestEurope)."""


def network(deployment: Deployment) -> dict[str, Any]:
    """The virtual network. Raises Absent."""
    return deployment.get(names.network_id(deployment.target))


def subnets(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """Its subnets by name; of an existing network, those that the environment names, by kind. Raises Absent."""
    found = deployment.pages(f"{names.network_id(deployment.target)}/subnets")
    if existing := deployment.target.existing.network:
        kinds = {
            id.lower(): named(id) if position else kind
            for kind, ids in existing.subnets.items()
            for position, id in enumerate(ids)
        }
        return {kinds[one["id"].lower()]: one for one in found if one["id"].lower() in kinds}
    return {str(one["name"]): one for one in found}


def _groups(deployment: Deployment) -> list[dict[str, Any]]:
    """The security groups of the subnets."""
    if deployment.target.existing.network:
        ids = [at(one, "networkSecurityGroup.id") for one in subnets(deployment).values()]
        return [deployment.get(id) for id in dict.fromkeys(ids) if id]
    return deployment.all("Microsoft.Network/networkSecurityGroups")


def _flow_log(deployment: Deployment) -> dict[str, Any]:
    """The network's flow log. Raises Absent."""
    if not deployment.target.existing.network:
        return deployment.get(flow_log_id(deployment))
    network_id = names.network_id(deployment.target)
    subscription = "/".join(network_id.split("/")[:3])
    for watcher in deployment.pages(f"{subscription}/providers/Microsoft.Network/networkWatchers"):
        for log in deployment.pages(f"{watcher['id']}/flowLogs"):
            if same(at(log, "targetResourceId"), network_id):
                return log
    raise Absent(f"a flow log of {named(network_id)}")


@check("NET-1")
def private_subnets(deployment: Deployment) -> Iterator[Observation]:
    nodes = names.subnet_id(deployment.target, "nodes")
    for name, pool in cluster.pools(deployment):
        yield equal(f"pool {name}", "is in the node subnet", same(pool.get("vnetSubnetID"), nodes), True)
        yield includes(f"pool {name}", "zones", pool.get("availabilityZones") or [], deployment.target.zones)
    if deployment.environment.database:
        server = database.server(deployment)
        place = at(server, "network.delegatedSubnetResourceId")
        own = same(place, names.subnet_id(deployment.target, "database"))
        yield Observation(f"server {server['name']}", f"subnet {named(place)}", own, "database")
    for name, subnet in subnets(deployment).items():
        yield equal(f"subnet {name}", "defaultOutboundAccess", at(subnet, "defaultOutboundAccess", True), False)


@check("NET-2")
def egress_by_nat(deployment: Deployment) -> Iterator[Observation]:
    found = at(subnets(deployment).get("nodes"), "natGateway.id")
    yield Observation("subnet nodes", f"NAT gateway {named(found)}", found is not None, "a NAT gateway")
    if found:
        gateway = deployment.get(found)
        fixed = [deployment.get(one["id"]) for one in at(gateway, "publicIpAddresses", [])]
        yield at_least(f"NAT {gateway['name']}", "fixed addresses", len(fixed), 1)
        for address in fixed:
            way = at(address, "publicIPAllocationMethod")
            yield equal(f"address {address['name']}", "publicIPAllocationMethod", way, "Static")
        if deployment.environment.network.egress.nat == "per_zone":
            kind = gateway.get("sku", {}).get("name")
            yield equal(f"NAT {gateway['name']}", "sku", kind, "StandardV2")
    if deployment.environment.cluster:
        way = at(cluster.cluster(deployment), "networkProfile.outboundType")
        yield equal(f"cluster {deployment.prefix}", "outboundType", way, "userAssignedNATGateway")
    for name, pool in cluster.pools(deployment):
        yield equal(f"pool {name}", "enableNodePublicIP", bool(pool.get("enableNodePublicIP")), False)
    known = {f"{deployment.prefix}-{part}" for part in ("nat", "entry", "vpn-first", "vpn-second")}
    addresses = {str(one["name"]) for one in deployment.all("Microsoft.Network/publicIPAddresses")}
    yield empty(f"network {deployment.prefix}", "undeclared public addresses", sorted(addresses - known))


@check("NET-3")
def private_paths(deployment: Deployment) -> Iterator[Observation]:
    reached: set[str] = set()
    existing = deployment.target.existing.network
    own = (names.subnet_id(deployment.target, name) for name in ("endpoints", "cache", "streams"))
    inside = {id.lower() for id in (existing.subnets["endpoints"] if existing else own)}
    for path in deployment.all("Microsoft.Network/privateEndpoints"):
        resource = f"private endpoint {path['name']}"
        placed = str(at(path, "subnet.id", ""))
        yield Observation(
            resource, f"subnet {named(placed)}", placed.lower() in inside, "the subnet of endpoints, cache or streams"
        )
        for connection in at(path, "privateLinkServiceConnections", []):
            status = at(connection, "privateLinkServiceConnectionState.status")
            yield equal(resource, "connection", status, "Approved")
            reached.add(str(at(connection, "privateLinkServiceId")).lower())
        groups = deployment.pages(f"{path['id']}/privateDnsZoneGroups")
        zones = [config for group in groups for config in at(group, "privateDnsZoneConfigs", [])]
        yield at_least(resource, "private DNS zones", len(zones), 1)
    expected: dict[str, str] = {
        "vault": names.vault_id(deployment.target),
        **({"registry": names.registry_id(deployment.target)} if deployment.environment.cluster else {}),
        **({"cache": names.cache_id(deployment.target)} if deployment.environment.cache else {}),
        **{name: names.account_id(deployment.target, name) for name in BUCKETS},
    }
    if deployment.target.recovery_region and deployment.environment.lake.replicate:
        expected |= {
            f"{name}-recovery": names.account_id(deployment.target, name, recovery=True)
            for name in (*REPLICATED, "audit")
        }
    without = [name for name, id in expected.items() if id.lower() not in reached]
    yield empty(f"network {deployment.prefix}", "services without a private path", without)
    shared = [deployment.get(id) for id in (existing.private_zones if existing else ())]
    for zone in (*deployment.all("Microsoft.Network/privateDnsZones"), *shared):
        links = deployment.pages(f"{zone['id']}/virtualNetworkLinks")
        ours = [one for one in links if same(at(one, "virtualNetwork.id"), names.network_id(deployment.target))]
        yield at_least(f"zone {zone['name']}", "links to the network", len(ours), 1)


@check("NET-4")
def default_deny(deployment: Deployment) -> Iterator[Observation]:
    for name, subnet in subnets(deployment).items():
        if name != "GatewaySubnet":  # Azure does not allow a group there: VPN Gateway FAQ
            group = at(subnet, "networkSecurityGroup.id")
            yield Observation(
                f"subnet {name}",
                f"security group {named(group)}",
                group is not None,
                "a security group",
            )
    ports = {str(place.port) for place in deployment.environment.network.egress.destinations.values()}
    entry_group = at(subnets(deployment).get("entry"), "networkSecurityGroup.id")
    for group in _groups(deployment):
        resource, entry = f"security group {group['name']}", same(group["id"], entry_group)
        rules = deployment.pages(f"{group['id']}/securityRules")
        refusing = [str(at(rule, "direction")) for rule in rules if _refuses_all(rule)]
        yield includes(
            resource, "directions denied by default", refusing, ["Inbound"] if entry else ["Inbound", "Outbound"]
        )
        mute = [str(rule["name"]) for rule in rules if len(str(at(rule, "description", "")).strip()) < 8]
        yield empty(resource, "rules without a purpose", mute)
        wide = [_told(rule) for rule in rules if at(rule, "access") == "Allow" and not _narrow(rule, entry, ports)]
        yield empty(resource, "firewall rules for every address", wide)


def _refuses_all(rule: dict[str, Any]) -> bool:
    anything = all(
        at(rule, name) == "*"
        for name in ("sourceAddressPrefix", "destinationAddressPrefix", "destinationPortRange", "protocol")
    )
    return at(rule, "access") == "Deny" and at(rule, "priority") == 4096 and anything


def _ends(rule: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The addresses and ports of a rule; Azure has one property for a single one and another for several."""
    side = "source" if at(rule, "direction") == "Inbound" else "destination"
    single = [at(rule, f"{side}AddressPrefix"), at(rule, "destinationPortRange")]
    places = [*at(rule, f"{side}AddressPrefixes", []), *([single[0]] if single[0] else [])]
    return places, [*at(rule, "destinationPortRanges", []), *([single[1]] if single[1] else [])]


def _narrow(rule: dict[str, Any], entry: bool, egress: set[str]) -> bool:
    places, ports = _ends(rule)
    inward = at(rule, "direction") == "Inbound"
    allowed = ({"80", "443"} if entry else set()) if inward else egress
    for place in places:
        named_one = "." in place.split("/")[0] or ":" in place or place.split(".")[0] in _AZURE
        if (place in _EVERYWHERE or not named_one) and not set(ports) <= allowed:
            return False
    return True


def _told(rule: dict[str, Any]) -> str:
    places, ports = _ends(rule)
    way = "from" if at(rule, "direction") == "Inbound" else "to"
    return f"{way} {', '.join(places)} ports {', '.join(ports)}"


def flow_log_id(deployment: Deployment) -> str:
    """The id of the network's flow log, under the region's watcher."""
    target = deployment.target
    watcher = f"Microsoft.Network/networkWatchers/{names.watcher(target)}"
    return (
        f"{names.subscription(target)}/resourceGroups/{names.WATCHERS}/providers/{watcher}/flowLogs/{deployment.prefix}"
    )


@check("NET-5")
def flow_logs(deployment: Deployment) -> Iterator[Observation]:
    log, resource = _flow_log(deployment), f"flow log {deployment.prefix}"
    network_id = names.network_id(deployment.target)
    yield equal(resource, "covers the whole network", same(at(log, "targetResourceId"), network_id), True)
    yield equal(resource, "enabled", at(log, "enabled"), True)
    yield equal(resource, "retentionPolicy", at(log, "retentionPolicy.enabled"), True)
    days = deployment.environment.observability.retention_days
    yield at_least(resource, "days", at(log, "retentionPolicy.days"), days)
    if deployment.target.existing.network:
        return  # the owner keeps and analyses them elsewhere
    place = at(log, "storageId")
    own = same(place, names.flow_account_id(deployment.target))
    yield Observation(resource, f"storage account {named(place)}", own, names.flow_account(deployment.target))
    analytics = at(log, "flowAnalyticsConfiguration.networkWatcherFlowAnalyticsConfiguration", {})
    yield equal(resource, "traffic analytics", analytics.get("enabled"), True)
    workspace = analytics.get("workspaceResourceId")
    yield equal(
        resource, "sends to the environment's workspace", same(workspace, names.workspace_id(deployment.target)), True
    )
    # Azure offers 10 minutes and an hour: Network Watcher, "Traffic analytics"
    most = 10 if deployment.environment.network.flow_log_interval_seconds == 60 else 60
    yield at_most(resource, "trafficAnalyticsInterval", analytics.get("trafficAnalyticsInterval"), most)


@check("NET-7")
def link(deployment: Deployment) -> Iterator[Observation]:
    spec = deployment.environment.network.hybrid
    if spec is None:
        raise NotRequired("network.hybrid is not set")
    resource = f"connection {deployment.prefix}"
    connection = deployment.get(names.id(deployment.target, "Microsoft.Network/connections", deployment.prefix))
    peer = deployment.get(at(connection, "localNetworkGateway2.id"))
    yield equal(resource, "peer", at(peer, "gatewayIpAddress"), str(spec.peer_address))
    yield includes(resource, "ranges", at(peer, "localNetworkAddressSpace.addressPrefixes", []), spec.peer_cidrs)
    gateway = deployment.get(at(connection, "virtualNetworkGateway1.id"))
    for place in at(gateway, "ipConfigurations", []):
        yield equal(f"gateway {gateway['name']}", "subnet", named(at(place, "subnet.id")), "GatewaySubnet")
    yield equal(resource, "connectionProtocol", at(connection, "connectionProtocol"), "IKEv2")
    strong = [str(one.get("ipsecEncryption")) for one in at(connection, "ipsecPolicies", [])]
    shown = ", ".join(strong) or "unset"
    yield Observation(
        resource, f"ipsecEncryption = {shown}", bool(strong) and all("AES256" in one for one in strong), "AES256"
    )


@check("NET-8")
def queries_answered_by_azure(deployment: Deployment) -> Iterator[Observation]:
    # Defender for Servers inspects the queries that Azure's own resolver answers
    network = deployment.get(names.network_id(deployment.target))
    servers = at(network, "dhcpOptions.dnsServers", [])
    yield empty(f"network {deployment.prefix}", "DNS servers of others", servers)
    plan = deployment.get(
        f"{names.subscription(deployment.target)}/providers/Microsoft.Security/pricings/VirtualMachines"
    )
    yield equal("Defender", "plan for servers", at(plan, "pricingTier"), "Standard")
