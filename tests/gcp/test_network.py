"""The VPC on Google Cloud (NET-1 to NET-5)."""

from ipaddress import IPv4Network

import pytest

from terrace.gcp.network import _ESSENTIAL_PATHS, _GOOGLE_ADDRESSES, layout

ENVIRONMENTS = ("dev", "staging", "prod")


@pytest.mark.parametrize("cidr", ["10.40.0.0/16", "10.0.16.0/20"])
def test_ranges_are_in_the_network_and_do_not_overlap(cidr):
    ranges = [IPv4Network(each) for each in layout(cidr)]
    assert all(each.subnet_of(IPv4Network(cidr)) for each in ranges)
    assert not [(a, b) for i, a in enumerate(ranges) for b in ranges[i + 1 :] if a.overlaps(b)]
    assert IPv4Network(layout(cidr).control).prefixlen == 28  # GKE's


@pytest.mark.parametrize(("environment", "zones"), [("dev", 1), ("staging", 2), ("prod", 3)])
def test_nodes_use_all_zones(gcp, environment, zones):  # NET-1
    assert gcp(environment).one("google_compute_network", "network/vpc")["auto_create_subnetworks"] is False
    for path, pool in gcp(environment).all("google_container_node_pool"):
        assert len(pool["node_locations"]) == zones, path


@pytest.mark.parametrize(("environment", "addresses"), [("dev", 1), ("staging", 2), ("prod", 3)])
def test_egress_uses_only_nat_with_fixed_addresses(gcp, environment, addresses):  # NET-2
    stack = gcp(environment)
    nat = stack.one("google_compute_router_nat", "network/nat")
    assert nat["nat_ip_allocate_option"] == "MANUAL_ONLY"
    assert len(nat["nat_ips"]) == addresses
    assert [stack.resolve(each["name"]) for each in nat["subnetwork"]] == ["network/nodes"]
    assert stack.one("google_compute_network", "network/vpc")["delete_default_routes_on_create"] is True


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_googles_services_have_private_paths(gcp, environment):  # NET-3
    stack = gcp(environment)
    for path, subnet in stack.all("google_compute_subnetwork"):
        assert subnet["private_ip_google_access"] is True, path
    for domain in _ESSENTIAL_PATHS:
        name = domain.replace(".", "-")
        assert stack.one("google_dns_managed_zone", f"network/path-{name}")["visibility"] == "private"
        assert stack.one("google_dns_record_set", f"network/path-{name}-address")["rrdatas"] == list(_GOOGLE_ADDRESSES)
    classes = {body["service_class"] for _, body in stack.all("google_network_connectivity_service_connection_policy")}
    assert classes == {"google-cloud-sql", "gcp-memorystore"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_traffic_is_denied_by_default_and_every_rule_has_a_purpose(gcp, environment):  # NET-4
    rules = dict(gcp(environment).all("google_compute_firewall"))
    refused = {body["direction"]: body for body in rules.values() if "deny" in body}
    assert set(refused) == {"INGRESS", "EGRESS"}
    for body in refused.values():
        assert body["deny"] == [{"protocol": "all"}]
        assert "target_service_accounts" not in body and "target_tags" not in body
    for path, body in rules.items():
        assert body["description"] and body["log_config"], path
        if "allow" in body:
            assert body["priority"] < refused[body["direction"]]["priority"], path
            assert body["target_service_accounts"], path
            assert "0.0.0.0/0" not in body.get("source_ranges", []), path


def test_egress_is_limited_to_named_destinations(gcp):  # NET-4
    wide = [
        path
        for path, body in gcp("prod").all("google_compute_firewall")
        if "allow" in body and "0.0.0.0/0" in body.get("destination_ranges", [])
    ]
    assert wide == ["network/openings/nodes-to-https"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_flow_logs_are_stored(gcp, environment):  # NET-5
    stack = gcp(environment)
    for path, subnet in stack.all("google_compute_subnetwork"):
        assert subnet["log_config"]["flow_sampling"] == 1, path
    assert stack.one("google_dns_policy", "network/queries")["enable_logging"] is True
    days = {"dev": 30, "staging": 90, "prod": 365}[environment]
    assert stack.one("google_logging_project_bucket_config", "observability/flow-log")["retention_days"] == days
    assert "vpc_flows" in stack.one("google_logging_project_sink", "observability/flow-sink")["filter"]


@pytest.mark.parametrize("environment", ("dev", "staging", "prod"))
def test_dns_queries_are_logged(gcp, environment):  # NET-8
    stack = gcp(environment)
    policy = stack.one("google_dns_policy", "network/queries")
    assert policy["enable_logging"] is True
    assert [stack.resolve(one["network_url"]) for one in policy["networks"]] == ["network/vpc"]
    assert stack.one("google_dns_managed_zone", "entry/zone")["cloud_logging_config"] == {"enable_logging": True}
