"""The virtual network (NET-1 to NET-5)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import referenced, referrers, subnet
from terrace.assurance.evaluation import Observation, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import Resource
from terrace.azure import names
from terrace.capabilities.lake import BUCKETS

_PUBLIC = ("Internet", "*", "0.0.0.0/0", "Any")
_AZURE = ("AzureLoadBalancer", "GatewayManager", "AzureKeyVault", "AzureActiveDirectory", "Storage")
"""Service tags; a tag with a region, such as Storage.WestEurope, counts too."""


def _pools(stack: Subject) -> Iterator[tuple[Resource, str, list[str]]]:
    """Each node pool with its subnet's id and its zones."""
    for cluster in stack.all("azurerm_kubernetes_cluster"):
        zones = cluster.get("default_node_pool.zones", [])
        yield cluster, cluster.get("default_node_pool.vnet_subnet_id"), zones
    for pool in stack.all("azurerm_kubernetes_cluster_node_pool"):
        yield pool, pool.get("vnet_subnet_id"), pool.get("zones", [])


@check("NET-1")
def private_subnets(stack: Subject) -> Iterator[Observation]:
    for pool, subnet_id, zones in _pools(stack):
        yield equal(str(pool), "subnet", str(subnet(stack, subnet_id)), "network/nodes")
        yield includes(str(pool), "zones", zones, stack.target.zones)
    server = stack.one("azurerm_postgresql_flexible_server", "database/server")
    yield equal(str(server), "subnet", str(subnet(stack, server.get("delegated_subnet_id"))), "network/database")
    for one in stack.all("azurerm_subnet"):
        outbound = one.get("default_outbound_access_enabled", True)  # Azure's own default
        yield equal(str(one), "default_outbound_access_enabled", outbound, False)


@check("NET-2")
def egress_by_nat(stack: Subject) -> Iterator[Observation]:
    nodes = stack.one("azurerm_subnet", "network/nodes")
    links = referrers(stack, "azurerm_subnet_nat_gateway_association", "subnet_id", nodes)
    yield equal(str(nodes), "NAT gateways", len(links), 1)
    for link in links:
        gateway = referenced(stack, "azurerm_nat_gateway", link.get("nat_gateway_id"))
        if gateway is None:
            yield Observation(str(link), "nat_gateway_id is outside the stack", False, "a NAT gateway of the stack")
            continue
        addresses = referrers(stack, "azurerm_nat_gateway_public_ip_association", "nat_gateway_id", gateway)
        fixed = [referenced(stack, "azurerm_public_ip", one.get("public_ip_address_id")) for one in addresses]
        yield at_least(str(gateway), "fixed addresses", len([one for one in fixed if one]), 1)
        for address in (one for one in fixed if one):
            yield equal(str(address), "allocation_method", address.get("allocation_method"), "Static")
        if stack.environment.network.egress.nat == "per_zone":
            yield equal(str(gateway), "sku_name (zone-redundant)", gateway.get("sku_name"), "StandardV2")
    cluster = stack.view.only("azurerm_kubernetes_cluster")
    outbound_type = cluster.get("network_profile.outbound_type")
    yield equal(str(cluster), "outbound_type", outbound_type, "userAssignedNATGateway")
    public = cluster.get("default_node_pool.node_public_ip_enabled", False)
    yield equal(str(cluster), "node_public_ip_enabled", public, False)
    for pool in stack.all("azurerm_kubernetes_cluster_node_pool"):
        yield equal(str(pool), "node_public_ip_enabled", pool.get("node_public_ip_enabled", False), False)
    others = [str(one) for one in stack.all("azurerm_public_ip") if not _expected_address(one)]
    yield empty("network", "other public addresses", others)


def _expected_address(address: Resource) -> bool:
    return address.path.startswith(("network/nat", "entry/", "hybrid/"))


@check("NET-3")
def private_paths(stack: Subject) -> Iterator[Observation]:
    endpoints: dict[str, list[Resource]] = {}
    for endpoint in stack.all("azurerm_private_endpoint"):
        service = endpoint.get("private_service_connection.private_connection_resource_id")
        endpoints.setdefault(str(stack.view.target(service) or service), []).append(endpoint)
        zones = endpoint.get("private_dns_zone_group.private_dns_zone_ids", [])
        linked_zones = [zone for zone in zones if referenced(stack, "azurerm_private_dns_zone", zone)]
        yield at_least(str(endpoint), "private DNS zones", len(linked_zones), 1)
        subnet_path = str(subnet(stack, endpoint.get("subnet_id")))
        yield Observation(
            str(endpoint),
            f"subnet = {subnet_path}",
            subnet_path in ("network/endpoints", "network/cache"),
            "network/endpoints or network/cache",
        )
    expected = ["keys/vault", "registry/registry", "cache/server", *(f"lake/{name}/account" for name in BUCKETS)]
    yield includes("network", "private endpoints", endpoints, expected)
    for zone in stack.all("azurerm_private_dns_zone"):
        links = referrers(stack, "azurerm_private_dns_zone_virtual_network_link", "private_dns_zone_id", zone)
        yield at_least(str(zone), "linked networks", len(links), 1)


@check("NET-4")
def default_deny(stack: Subject) -> Iterator[Observation]:
    protected = {
        str(referenced(stack, "azurerm_subnet", link.get("subnet_id")))
        for link in stack.all("azurerm_subnet_network_security_group_association")
    }
    # Azure rejects a network security group on the VPN gateway's subnet: VPN Gateway FAQ
    expected = [str(one) for one in stack.all("azurerm_subnet") if one.get("name") != "GatewaySubnet"]
    yield includes("network", "subnets with a network security group", protected, expected)
    for group in stack.all("azurerm_network_security_group"):
        rules = referrers(stack, "azurerm_network_security_rule", "network_security_group_name", group)
        directions = ["Inbound"] if group.path == "network/openings/entry-group" else ["Inbound", "Outbound"]
        denied = [str(rule.get("direction")) for rule in rules if _denies_all(rule)]
        yield includes(str(group), "directions with a default deny", denied, directions)
        yield equal(str(group), "inline rules", len(group.blocks("security_rule")), 0)
    for rule in stack.all("azurerm_network_security_rule"):
        description = str(rule.get("description") or "").strip()
        yield Observation(
            str(rule),
            f"description = {description or 'unset'}",
            len(description) >= 8,
            "a purpose of at least 8 characters",
        )
        if rule.get("access") == "Allow":
            yield _declared(stack, rule)


def _denies_all(rule: Resource) -> bool:
    anything = all(
        rule.get(name) == "*"
        for name in ("source_address_prefix", "destination_address_prefix", "destination_port_range", "protocol")
    )
    return rule.get("access") == "Deny" and rule.get("priority") == 4096 and anything


def _declared(stack: Subject, rule: Resource) -> Observation:
    inbound = rule.get("direction") == "Inbound"
    side = "source" if inbound else "destination"
    prefix = rule.get(f"{side}_address_prefix")
    port = str(rule.get("destination_port_range"))
    group = referenced(stack, "azurerm_network_security_group", rule.get("network_security_group_name"))
    is_entry = group is not None and group.path == "network/openings/entry-group"
    ports = {str(one.port) for one in stack.environment.network.egress.destinations.values()}
    is_declared = prefix is None or "." in prefix.split("/")[0] or prefix.split(".")[0] in _AZURE
    is_public = prefix in _PUBLIC
    ok = (is_declared and not is_public) or (
        is_public and (port in ("80", "443") if inbound and is_entry else not inbound and port in ports)
    )
    fact = f"{'from' if inbound else 'to'} {prefix or 'listed ranges'} ports {port} of {group}"
    return Observation(str(rule), fact, ok, "a flow that the environment declares, or the public entry")


@check("NET-5")
def flow_logs(stack: Subject) -> Iterator[Observation]:
    network = stack.view.only("azurerm_virtual_network")
    logs = referrers(stack, "azurerm_network_watcher_flow_log", "target_resource_id", network)
    yield at_least(str(network), "flow logs", len(logs), 1)
    days = stack.environment.observability.retention_days
    for log in logs:
        yield equal(str(log), "enabled", log.get("enabled"), True)
        yield equal(str(log), "retention_policy", log.get("retention_policy.enabled"), True)
        yield at_least(str(log), "days", log.get("retention_policy.days"), days)
        account = referenced(stack, "azurerm_storage_account", log.get("storage_account_id"))
        yield equal(str(log), "storage account", str(account), "observability/flow-account")
        # Azure offers intervals of 10 and 60 minutes: Network Watcher, "Traffic analytics"
        max_minutes = 10 if stack.environment.network.flow_log_interval_seconds == 60 else 60
        yield at_most(str(log), "interval_in_minutes", log.get("traffic_analytics.interval_in_minutes"), max_minutes)


@check("NET-5")
def flow_log_analytics(stack: Subject) -> Iterator[Observation]:
    for log in stack.all("azurerm_network_watcher_flow_log"):
        workspace = str(log.get("traffic_analytics.workspace_resource_id"))
        yield equal(str(log), "workspace", workspace, names.workspace_id(stack.target))
