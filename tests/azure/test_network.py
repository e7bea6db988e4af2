"""The virtual network on Azure (NET-1 to NET-5)."""

from ipaddress import ip_network
from itertools import combinations

import pytest

from terrace.azure.flows import FLOWS, GROUPS
from terrace.azure.ranges import POD_RANGE, layout
from terrace.errors import ContractError
from tests.azure.conftest import ENVIRONMENTS

DATA = {"azurerm_key_vault": "vault", "azurerm_storage_account": "blob", "azurerm_container_registry": "registry"}


@pytest.mark.parametrize("cidr", ["10.40.0.0/16", "10.0.16.0/20"])
def test_subnets_are_in_the_network_and_do_not_overlap(cidr):
    ranges = [ip_network(subnet) for subnet in layout(cidr).values()]
    assert all(subnet.subnet_of(ip_network(cidr)) for subnet in ranges)
    assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))


def test_a_network_that_is_too_small_is_an_error():
    with pytest.raises(ContractError, match="too small"):
        layout("10.0.0.0/21")


@pytest.mark.parametrize(("environment", "zones"), [("dev", ["1"]), ("staging", ["1", "2"]), ("prod", ["1", "2", "3"])])
def test_nodes_and_entry_use_all_zones(azure, environment, zones):  # NET-1
    stack = azure(environment)
    server = stack.one("azurerm_kubernetes_cluster", "cluster/control-plane")
    assert server["default_node_pool"]["zones"] == zones
    for path, pool in stack.all("azurerm_kubernetes_cluster_node_pool"):
        assert pool["zones"] == zones, path
    assert stack.one("azurerm_application_gateway", "entry/load-balancer")["zones"] == zones


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_egress_uses_only_nat(azure, environment):  # NET-2
    stack = azure(environment)
    for path, subnet in stack.all("azurerm_subnet"):
        assert subnet["default_outbound_access_enabled"] is False, path
    routed = stack.one("azurerm_subnet_nat_gateway_association", "network/nodes-nat")
    assert stack.resolve(routed["subnet_id"]) == "network/nodes"
    server = stack.one("azurerm_kubernetes_cluster", "cluster/control-plane")
    assert server["network_profile"]["outbound_type"] == "userAssignedNATGateway"
    pools = [server["default_node_pool"], *(pool for _, pool in stack.all("azurerm_kubernetes_cluster_node_pool"))]
    assert [pool["node_public_ip_enabled"] for pool in pools] == [False] * len(pools)


@pytest.mark.parametrize(
    ("environment", "sku", "zones"),
    [("dev", "Standard", ["1"]), ("staging", "StandardV2", ["1", "2", "3"]), ("prod", "StandardV2", ["1", "2", "3"])],
)
def test_nat_has_a_fixed_address_and_survives_a_zone_failure_in_prod(azure, environment, sku, zones):  # NET-2
    stack = azure(environment)
    gateway, address = (
        stack.one("azurerm_nat_gateway", "network/nat"),
        stack.one("azurerm_public_ip", "network/nat-address"),
    )
    assert gateway["sku_name"] == address["sku"] == sku
    assert address["allocation_method"] == "Static"
    assert address["zones"] == zones
    assert gateway.get("zones") == (zones if sku == "Standard" else None)  # StandardV2 supports none


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_vault_account_registry_and_cache_has_a_private_path(azure, environment):  # NET-3
    stack = azure(environment)
    reached = {}
    for path, endpoint in stack.all("azurerm_private_endpoint"):
        connection = endpoint["private_service_connection"]
        reached[stack.resolve(connection["private_connection_resource_id"])] = (connection["subresource_names"], path)
    for type, service in {**DATA, "azurerm_managed_redis": "redisEnterprise"}.items():
        for path, _ in stack.all(type):
            assert reached[path][0] == [service], path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_private_names_resolve_in_the_network(azure, environment):  # NET-3
    stack = azure(environment)
    linked = {
        stack.one("azurerm_private_dns_zone", stack.resolve(link["private_dns_zone_id"]))["name"]
        for _, link in stack.all("azurerm_private_dns_zone_virtual_network_link")
    }
    for path, endpoint in stack.all("azurerm_private_endpoint"):
        (zone,) = endpoint["private_dns_zone_group"]["private_dns_zone_ids"]
        assert zone.rsplit("/", 1)[1] in linked, path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_subnet_has_a_group_that_denies_by_default(azure, environment):  # NET-4
    stack = azure(environment)
    guarded = {
        stack.resolve(guard["subnet_id"]): stack.resolve(guard["network_security_group_id"])
        for _, guard in stack.all("azurerm_subnet_network_security_group_association")
    }
    groups = [group for group in GROUPS if group != "streams"]  # which no shipped environment has
    assert guarded == {f"network/{group}": f"network/openings/{group}-group" for group in groups}
    for group in groups:
        last = stack.one("azurerm_network_security_rule", f"network/openings/{group}-refuse-in")
        assert (last["access"], last["priority"], last["source_address_prefix"]) == ("Deny", 4096, "*")
        if group != "entry":
            out = stack.one("azurerm_network_security_rule", f"network/openings/{group}-refuse-out")
            assert (out["access"], out["priority"]) == ("Deny", 4096)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_rule_has_a_purpose_and_a_unique_priority_and_name(azure, environment):  # NET-4
    taken = set()
    for path, rule in azure(environment).all("azurerm_network_security_rule"):
        assert 0 < len(rule["description"]) <= 140, path
        group = rule["network_security_group_name"]
        for place in ((group, rule["direction"], rule["priority"]), (group, rule["name"])):
            assert place not in taken, path
            taken.add(place)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_the_entry_is_open_to_the_internet(azure, environment):  # NET-4
    world = {"*", "Internet", "0.0.0.0/0"}
    open_to_all = {
        path.removeprefix("network/openings/")
        for path, rule in azure(environment).all("azurerm_network_security_rule")
        if (rule["direction"], rule["access"]) == ("Inbound", "Allow") and rule.get("source_address_prefix") in world
    }
    assert open_to_all == {"entry-public-https-in", "entry-public-http-in"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_internal_flow_has_rules_on_both_sides(azure, environment):  # NET-4
    stack = azure(environment)
    ranges = layout(stack.one("azurerm_virtual_network", "network/network")["address_space"][0])

    def end(rule, name):
        return set(rule.get(f"{name}_address_prefixes") or [rule[f"{name}_address_prefix"]])

    flows = {name: flow for name, flow in FLOWS.items() if "streams" not in (flow.source, flow.into)}
    for name, flow in flows.items():
        for group, side in ((flow.source, "out"), (flow.into, "in")):
            rule = stack.one("azurerm_network_security_rule", f"network/openings/{group}-{name}-{side}")
            assert end(rule, "source") == {ranges[flow.source], *([POD_RANGE] if flow.source == "nodes" else [])}
            assert end(rule, "destination") == {ranges[flow.into], *([POD_RANGE] if flow.into == "nodes" else [])}
            assert rule["access"] == "Allow"


@pytest.mark.parametrize(("environment", "days"), [("dev", 30), ("staging", 90), ("prod", 365)])
def test_flow_logs_have_the_environments_retention(azure, environment, days):  # NET-5
    stack = azure(environment)
    log = stack.one("azurerm_network_watcher_flow_log", "network/flow-log")
    assert stack.resolve(log["target_resource_id"]) == "network/network"
    assert log["retention_policy"] == {"days": days, "enabled": True}
    account = stack.one("azurerm_storage_account", "observability/flow-account")
    assert log["storage_account_id"].endswith(f"/{account['name']}")
    assert account["network_rules"]["default_action"] == "Deny"
