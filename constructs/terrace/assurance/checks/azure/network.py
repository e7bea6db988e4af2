"""The virtual network (NET-1 to NET-5, NET-8)."""

from collections.abc import Iterator

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import referenced, referrers, subnet, unset
from terrace.assurance.evaluation import Observation, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import Resource
from terrace.azure import names
from terrace.capabilities.lake import BUCKETS


def _pools(stack: Subject) -> Iterator[tuple[Resource, str, list[str]]]:
    """Each node pool with its subnet's id and its zones."""
    without = stack.environment.cluster is None
    for cluster in stack.all("azurerm_kubernetes_cluster", or_none=without):
        zones = cluster.get("default_node_pool.zones", [])
        yield cluster, cluster.get("default_node_pool.vnet_subnet_id"), zones
    for pool in stack.all("azurerm_kubernetes_cluster_node_pool", or_none=without):
        yield pool, pool.get("vnet_subnet_id"), pool.get("zones", [])


@check("NET-1")
def private_subnets(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    for pool, subnet_id, zones in _pools(stack):
        yield equal(str(pool), "subnet", str(subnet(stack, subnet_id)), "network/nodes")
        yield includes(str(pool), "zones", zones, stack.target.zones)
    if stack.environment.database:
        server = stack.one("azurerm_postgresql_flexible_server", "database/server")
        yield equal(str(server), "subnet", str(subnet(stack, server.get("delegated_subnet_id"))), "network/database")
    network = stack.view.only("azurerm_virtual_network")
    yield equal(str(network), "address_space", network.get("address_space"), [stack.environment.network.cidr])
    for one in stack.all("azurerm_subnet"):
        outbound = one.get("default_outbound_access_enabled", True)  # Azure's own default
        yield equal(str(one), "default_outbound_access_enabled", outbound, False)


@check("NET-2")
def egress_by_nat(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
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
    if stack.environment.cluster:
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
            subnet_path in ("network/endpoints", "network/cache", "network/streams"),
            "network/endpoints, network/cache or network/streams",
        )
    cache = ["cache/server"] if stack.environment.cache else []
    streams = ["streams/server"] if stack.environment.streams else []
    registry = ["registry/registry"] if stack.environment.cluster else []
    expected = ["keys/vault", *registry, *cache, *streams, *(f"lake/{name}/account" for name in BUCKETS)]
    yield includes("network", "private endpoints", endpoints, expected)
    for zone in stack.all("azurerm_private_dns_zone"):
        links = referrers(stack, "azurerm_private_dns_zone_virtual_network_link", "private_dns_zone_id", zone)
        yield at_least(str(zone), "linked networks", len(links), 1)


@check("NET-4")
def default_deny(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    for group in stack.all("azurerm_network_security_group"):
        rules = referrers(stack, "azurerm_network_security_rule", "network_security_group_name", group)
        directions = ["Inbound"] if group.path == "network/openings/entry-group" else ["Inbound", "Outbound"]
        denied = [str(rule.get("direction")) for rule in rules if _denies_all(rule)]
        yield includes(str(group), "directions with a default deny", denied, directions)
    for rule in stack.all("azurerm_network_security_rule"):
        description = str(rule.get("description") or "").strip()
        yield Observation(
            str(rule),
            f"description = {description or 'unset'}",
            len(description) >= 8,
            "a purpose of at least 8 characters",
        )


def _denies_all(rule: Resource) -> bool:
    anything = all(
        rule.get(name) == "*"
        for name in ("source_address_prefix", "destination_address_prefix", "destination_port_range", "protocol")
    )
    return rule.get("access") == "Deny" and rule.get("priority") == 4096 and anything


@check("NET-5")
def flow_logs(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    network = stack.view.only("azurerm_virtual_network")
    logs = referrers(stack, "azurerm_network_watcher_flow_log", "target_resource_id", network)
    yield at_least(str(network), "flow logs", len(logs), 1)
    days = stack.environment.observability.retention_days
    for log in stack.all("azurerm_network_watcher_flow_log"):
        yield equal(str(log), "enabled", log.get("enabled"), True)
        yield equal(str(log), "retention_policy", log.get("retention_policy.enabled"), True)
        yield at_least(str(log), "days", log.get("retention_policy.days"), days)
        account = referenced(stack, "azurerm_storage_account", log.get("storage_account_id"))
        yield equal(str(log), "storage account", str(account), "observability/flow-account")
        # Azure offers intervals of 10 and 60 minutes: Network Watcher, "Traffic analytics"
        max_minutes = 10 if stack.environment.network.flow_log_interval_seconds == 60 else 60
        yield equal(str(log), "traffic_analytics", log.get("traffic_analytics.enabled"), True)
        region = log.get("traffic_analytics.workspace_region")
        yield equal(str(log), "workspace_region", region, stack.target.region)
        yield at_most(str(log), "interval_in_minutes", log.get("traffic_analytics.interval_in_minutes"), max_minutes)


@check("NET-5")
def flow_log_analytics(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    for log in stack.all("azurerm_network_watcher_flow_log"):
        workspace = str(log.get("traffic_analytics.workspace_resource_id"))
        yield equal(str(log), "workspace", workspace, names.workspace_id(stack.target))


@check("NET-4")
def declared_only(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    return access.observations(stack, "NET-4")


@check("NET-8")
def dns_queries_logged(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    # no log of queries (see facts.py); Defender for Servers reads those that Azure's own resolver answers
    network = stack.view.only("azurerm_virtual_network")
    yield from unset(network, "dns_servers")
    if stack.target.settings.owns_account:
        plan = stack.one("azurerm_security_center_subscription_pricing", "audit/detection-VirtualMachines")
        yield equal(str(plan), "tier", plan.get("tier"), "Standard")
