"""The virtual network (NET-1 to NET-5)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import meaning, meant, subnet
from terrace.assurance.evaluation import Observation, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import Resource
from terrace.azure import names
from terrace.capabilities.lake import BUCKETS

_EVERYWHERE = ("Internet", "*", "0.0.0.0/0", "Any")
_AZURE = ("AzureLoadBalancer", "GatewayManager", "AzureKeyVault", "AzureActiveDirectory", "Storage")
"""Azure's own names for its services; a tag with a region after it (Storage.WestEurope) is one of them too."""


def _pools(stack: Subject) -> Iterator[tuple[Resource, str, list[str]]]:
    """Each node pool with its subnet's id and its zones."""
    for cluster in stack.all("azurerm_kubernetes_cluster"):
        zones = cluster.get("default_node_pool.zones", [])
        yield cluster, cluster.get("default_node_pool.vnet_subnet_id"), zones
    for pool in stack.all("azurerm_kubernetes_cluster_node_pool"):
        yield pool, pool.get("vnet_subnet_id"), pool.get("zones", [])


@check("NET-1")
def private_subnets(stack: Subject) -> Iterator[Observation]:
    for pool, place, zones in _pools(stack):
        yield equal(str(pool), "subnet", str(subnet(stack, place)), "network/nodes")
        yield includes(str(pool), "zones", zones, stack.target.zones)
    server = stack.one("azurerm_postgresql_flexible_server", "database/server")
    yield equal(str(server), "subnet", str(subnet(stack, server.get("delegated_subnet_id"))), "network/database")
    for one in stack.all("azurerm_subnet"):
        outbound = one.get("default_outbound_access_enabled", True)  # Azure's own default
        yield equal(str(one), "default_outbound_access_enabled", outbound, False)


@check("NET-2")
def egress_by_nat(stack: Subject) -> Iterator[Observation]:
    nodes = stack.one("azurerm_subnet", "network/nodes")
    links = meaning(stack, "azurerm_subnet_nat_gateway_association", "subnet_id", nodes)
    yield equal(str(nodes), "NAT gateways", len(links), 1)
    for link in links:
        gateway = meant(stack, "azurerm_nat_gateway", link.get("nat_gateway_id"))
        if gateway is None:
            yield Observation(str(link), "gateway unset", False, "one of ours")
            continue
        addresses = meaning(stack, "azurerm_nat_gateway_public_ip_association", "nat_gateway_id", gateway)
        fixed = [meant(stack, "azurerm_public_ip", one.get("public_ip_address_id")) for one in addresses]
        yield at_least(str(gateway), "fixed addresses", len([one for one in fixed if one]), 1)
        for address in (one for one in fixed if one):
            yield equal(str(address), "allocation_method", address.get("allocation_method"), "Static")
        if stack.environment.network.egress.nat == "per_zone":
            yield equal(str(gateway), "sku_name (spans the zones)", gateway.get("sku_name"), "StandardV2")
    cluster = stack.view.only("azurerm_kubernetes_cluster")
    way = cluster.get("network_profile.outbound_type")
    yield equal(str(cluster), "outbound_type", way, "userAssignedNATGateway")
    public = cluster.get("default_node_pool.node_public_ip_enabled", False)
    yield equal(str(cluster), "node_public_ip_enabled", public, False)
    for pool in stack.all("azurerm_kubernetes_cluster_node_pool"):
        yield equal(str(pool), "node_public_ip_enabled", pool.get("node_public_ip_enabled", False), False)
    others = [str(one) for one in stack.all("azurerm_public_ip") if not _known(one)]
    yield empty("network", "addresses of others", others)


def _known(address: Resource) -> bool:
    return address.path.startswith(("network/nat", "entry/", "hybrid/"))


@check("NET-3")
def private_paths(stack: Subject) -> Iterator[Observation]:
    reached: dict[str, list[Resource]] = {}
    for path in stack.all("azurerm_private_endpoint"):
        service = path.get("private_service_connection.private_connection_resource_id")
        reached.setdefault(str(stack.view.target(service) or service), []).append(path)
        zones = path.get("private_dns_zone_group.private_dns_zone_ids", [])
        known = [zone for zone in zones if meant(stack, "azurerm_private_dns_zone", zone)]
        yield at_least(str(path), "private names", len(known), 1)
        placed = str(subnet(stack, path.get("subnet_id")))
        yield Observation(
            str(path), f"subnet = {placed}", placed in ("network/endpoints", "network/cache"), "a private one"
        )
    wanted = ["keys/vault", "registry/registry", "cache/server", *(f"lake/{name}/account" for name in BUCKETS)]
    yield includes("network", "private paths", reached, wanted)
    for zone in stack.all("azurerm_private_dns_zone"):
        links = meaning(stack, "azurerm_private_dns_zone_virtual_network_link", "private_dns_zone_id", zone)
        yield at_least(str(zone), "networks that see it", len(links), 1)


@check("NET-4")
def default_deny(stack: Subject) -> Iterator[Observation]:
    guarded = {
        str(meant(stack, "azurerm_subnet", link.get("subnet_id")))
        for link in stack.all("azurerm_subnet_network_security_group_association")
    }
    # Azure refuses a group on the VPN gateway's subnet: VPN Gateway FAQ
    wanted = [str(one) for one in stack.all("azurerm_subnet") if one.get("name") != "GatewaySubnet"]
    yield includes("network", "subnets with a group", guarded, wanted)
    for group in stack.all("azurerm_network_security_group"):
        rules = meaning(stack, "azurerm_network_security_rule", "network_security_group_name", group)
        directions = ["Inbound"] if group.path == "network/openings/entry-group" else ["Inbound", "Outbound"]
        refusing = [str(rule.get("direction")) for rule in rules if _refuses_all(rule)]
        yield includes(str(group), "refuses what is left", refusing, directions)
        yield equal(str(group), "rules without a name", len(group.blocks("security_rule")), 0)
    for rule in stack.all("azurerm_network_security_rule"):
        told = str(rule.get("description") or "").strip()
        yield Observation(str(rule), f"purpose: {told or 'none'}", len(told) >= 8, "a purpose")
        if rule.get("access") == "Allow":
            yield _narrow(stack, rule)


def _refuses_all(rule: Resource) -> bool:
    anything = all(
        rule.get(name) == "*"
        for name in ("source_address_prefix", "destination_address_prefix", "destination_port_range", "protocol")
    )
    return rule.get("access") == "Deny" and rule.get("priority") == 4096 and anything


def _narrow(stack: Subject, rule: Resource) -> Observation:
    inward = rule.get("direction") == "Inbound"
    word = "source" if inward else "destination"
    place = rule.get(f"{word}_address_prefix")
    port = str(rule.get("destination_port_range"))
    group = meant(stack, "azurerm_network_security_group", rule.get("network_security_group_name"))
    entry = group is not None and group.path == "network/openings/entry-group"
    ports = {str(one.port) for one in stack.environment.network.egress.destinations.values()}
    own = place is None or "." in place.split("/")[0] or place.split(".")[0] in _AZURE
    wide = place in _EVERYWHERE
    good = (own and not wide) or (
        wide and (port in ("80", "443") if inward and entry else not inward and port in ports)
    )
    fact = f"{'from' if inward else 'to'} {place or 'named ranges'} ports {port} of {group}"
    return Observation(str(rule), fact, good, "what the environment names, or the public entry")


@check("NET-5")
def flow_logs(stack: Subject) -> Iterator[Observation]:
    network = stack.view.only("azurerm_virtual_network")
    found = meaning(stack, "azurerm_network_watcher_flow_log", "target_resource_id", network)
    yield at_least(str(network), "flow logs", len(found), 1)
    days = stack.environment.observability.retention_days
    for log in found:
        yield equal(str(log), "enabled", log.get("enabled"), True)
        yield equal(str(log), "retention_policy", log.get("retention_policy.enabled"), True)
        yield at_least(str(log), "days", log.get("retention_policy.days"), days)
        account = meant(stack, "azurerm_storage_account", log.get("storage_account_id"))
        yield equal(str(log), "storage account", str(account), "observability/flow-account")
        # Azure sells 10 minutes and an hour: Network Watcher, "Traffic analytics"
        most = 10 if stack.environment.network.flow_log_interval_seconds == 60 else 60
        yield at_most(str(log), "interval_in_minutes", log.get("traffic_analytics.interval_in_minutes"), most)


@check("NET-5")
def analysed(stack: Subject) -> Iterator[Observation]:
    for log in stack.all("azurerm_network_watcher_flow_log"):
        place = str(log.get("traffic_analytics.workspace_resource_id"))
        yield equal(str(log), "workspace", place, names.workspace_id(stack.target))
