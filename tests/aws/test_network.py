"""The VPC on AWS (NET-1 to NET-5), and the layout for every allowed network size."""

import json
from ipaddress import IPv4Network
from itertools import combinations

import pytest

from terrace.aws.ranges import layout
from tests.conftest import ACCOUNTS

ENVIRONMENTS = {"dev": 1, "staging": 2, "prod": 3}
ANYWHERE = "0.0.0.0/0"


def subnets(stack, kind):
    return {path: body for path, body in stack.all("aws_subnet") if path.startswith(f"network/{kind}-")}


@pytest.mark.parametrize("prefix", range(16, 21))
def test_layout_fits_every_allowed_network(prefix):
    network = IPv4Network(f"10.40.0.0/{prefix}")
    kinds = layout(str(network))
    ranges = [IPv4Network(cidr) for kind in kinds for cidr in kind]
    assert [len(kind) for kind in kinds] == [3, 3, 3, 3]
    assert all(subnet_range.subnet_of(network) for subnet_range in ranges)
    assert not any(subnet_range.overlaps(other) for subnet_range, other in combinations(ranges, 2))
    usable = {kind: IPv4Network(cidrs[0]).num_addresses - 5 for kind, cidrs in kinds._asdict().items()}
    assert usable["public"] >= 27, "a load balancer requires a /27"
    assert usable["control"] >= 17 + 9, "seventeen endpoints, and the API's interfaces during an upgrade"
    assert usable["nodes"] == network.num_addresses // 8 - 5


@pytest.mark.parametrize(("environment", "zones"), ENVIRONMENTS.items())
def test_nodes_use_all_zones(foundation, environment, zones):  # NET-1
    stack = foundation(environment)
    expected = [f"eu-central-1{letter}" for letter in "abc"[:zones]]
    assert sorted(body["availability_zone"] for body in subnets(stack, "nodes").values()) == expected
    for kind in ("public", "data", "control"):  # AWS requires two zones for these
        assert len({body["availability_zone"] for body in subnets(stack, kind).values()}) == max(zones, 2), kind


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_subnet_assigns_public_addresses(foundation, environment):  # NET-2
    for path, body in foundation(environment).all("aws_subnet"):
        assert body["map_public_ip_on_launch"] is False, path


@pytest.mark.parametrize(("environment", "gateways"), {"dev": 1, "staging": 2, "prod": 3}.items())
def test_egress_has_fixed_addresses(foundation, environment, gateways):  # NET-2
    stack = foundation(environment)
    nat = dict(stack.all("aws_nat_gateway"))
    assert len(nat) == gateways
    assert {stack.resolve(body["allocation_id"]) for body in nat.values()} == {path for path, _ in stack.all("aws_eip")}
    for path, body in stack.all("aws_route"):
        if path.startswith("network/nodes-"):
            zone = path.removesuffix("-route").removeprefix("network/nodes-")
            own = f"network/nat-{zone}"
            assert stack.resolve(body["nat_gateway_id"]) == (own if own in nat else "network/nat-a")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_data_and_control_subnets_have_no_egress(foundation, environment):  # NET-2
    stack = foundation(environment)
    routed = {stack.resolve(body["route_table_id"]) for _, body in stack.all("aws_route")}
    for _, body in stack.all("aws_route_table_association"):
        subnet = stack.resolve(body["subnet_id"])
        if subnet.startswith(("network/data-", "network/control-")):
            assert stack.resolve(body["route_table_id"]) not in routed, subnet
    linked = {stack.resolve(body["subnet_id"]) for _, body in stack.all("aws_route_table_association")}
    assert linked == {path for path, _ in stack.all("aws_subnet")}, "a subnet without a table uses the default one"


def test_data_subnets_accept_traffic_only_from_the_network(foundation):  # NET-2
    rules = foundation("prod").one("aws_network_acl", "network/data-access-list")
    assert {rule["cidr_block"] for rule in (*rules["ingress"], *rules["egress"])} == {"10.42.0.0/16"}


@pytest.mark.parametrize(("environment", "paths"), {"dev": 7, "staging": 17, "prod": 17}.items())
def test_services_have_private_paths(foundation, environment, paths):  # NET-3
    stack = foundation(environment)
    endpoints = [body for _, body in stack.all("aws_vpc_endpoint")]
    interfaces = [body for body in endpoints if body["vpc_endpoint_type"] == "Interface"]
    assert len(interfaces) == paths
    assert len(endpoints) == paths + 1
    names = {body["service_name"].removeprefix("com.amazonaws.eu-central-1.") for body in endpoints}
    assert {"s3", "secretsmanager", "ecr.api", "ecr.dkr"} <= names
    for body in interfaces:
        assert body["private_dns_enabled"] is True
        assert {stack.resolve(group) for group in body["security_group_ids"]} == {"network/openings/endpoints-group"}
        (statement,) = json.loads(body["policy"])["Statement"]
        assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": ACCOUNTS["aws"][environment]}}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_storage_endpoint_allows_only_this_accounts_buckets(foundation, environment):  # NET-3
    stack = foundation(environment)
    storage = stack.one("aws_vpc_endpoint", "network/path-s3")
    own, layers = json.loads(storage["policy"])["Statement"]
    assert own["Condition"] == {"StringEquals": {"aws:ResourceAccount": ACCOUNTS["aws"][environment]}}
    assert (layers["Action"], layers["Resource"]) == (
        "s3:GetObject",
        "arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/*",
    )
    tables = {stack.resolve(table) for table in storage["route_table_ids"]}
    assert tables >= {path for path, _ in stack.all("aws_route_table") if path.startswith("network/nodes-")}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_vpcs_defaults_are_empty(foundation, environment):  # NET-4
    stack = foundation(environment)
    for type, path in (
        ("aws_default_security_group", "network/default-group"),
        ("aws_default_network_acl", "network/default-access-list"),
    ):
        body = stack.one(type, path)
        assert not body.get("ingress") and not body.get("egress")
    assert stack.one("aws_default_route_table", "network/default-routes")["route"] == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_groups_have_no_inline_rules(foundation, environment):  # NET-4
    for path, body in foundation(environment).all("aws_security_group"):
        assert not body.get("ingress") and not body.get("egress"), path


def rules(stack):
    for side in ("ingress", "egress"):
        for path, body in stack.all(f"aws_vpc_security_group_{side}_rule"):
            yield side, path, body


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_firewall_rule_has_a_purpose_and_a_unique_name(foundation, environment):  # NET-4
    all_rules = list(rules(foundation(environment)))
    for _, path, body in all_rules:
        assert len(body["description"]) > 10, path
        assert body["ip_protocol"] in ("tcp", "udp"), f"{path}: all protocols is not a purpose"
    tags = [body["tags"]["Name"] for _, _, body in all_rules]
    assert len(set(tags)) == len(tags)
    assert all(tag.startswith(f"dpf-{environment}-") for tag in tags)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_the_entry_is_open_to_the_internet(foundation, environment):  # NET-4
    stack = foundation(environment)
    world = {
        (stack.resolve(body["security_group_id"]), body["from_port"], body["to_port"])
        for side, _, body in rules(stack)
        if side == "ingress" and body.get("cidr_ipv4") == ANYWHERE
    }
    assert world == {("network/openings/entry-group", port, port) for port in (80, 443)}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_egress_is_limited_to_named_destinations(foundation, environment):  # NET-4
    stack = foundation(environment)
    outside = {path: body for side, path, body in rules(stack) if side == "egress" and "cidr_ipv4" in body}
    assert {path: (body["cidr_ipv4"], body["to_port"]) for path, body in outside.items()} == {
        "network/openings/nodes-to-https-out": (ANYWHERE, 443)
    }
    storage = stack.one("aws_vpc_security_group_egress_rule", "network/openings/nodes-to-s3-out")
    assert stack.resolve(storage["prefix_list_id"]) == "network/path-s3"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_database_and_cache_accept_only_nodes(foundation, environment):  # NET-4
    stack = foundation(environment)
    for party, ports in {"database": (5432, 5432), "cache": (6379, 6380)}.items():
        heard = [
            (stack.resolve(body["referenced_security_group_id"]), body["from_port"], body["to_port"])
            for side, _, body in rules(stack)
            if side == "ingress" and stack.resolve(body["security_group_id"]) == f"network/openings/{party}-group"
        ]
        assert heard == [("network/openings/nodes-group", *ports)]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_internal_flow_has_rules_on_both_sides(foundation, environment):
    """A rule on subnet_range side only allows no traffic."""
    stack = foundation(environment)
    flows: dict[str, set[tuple[str, str, int, int, str]]] = {"ingress": set(), "egress": set()}
    for side, _, body in rules(stack):
        if peer := body.get("referenced_security_group_id"):
            own, other = stack.resolve(body["security_group_id"]), stack.resolve(peer)
            source, into = (other, own) if side == "ingress" else (own, other)
            flows[side].add((source, into, body["from_port"], body["to_port"], body["ip_protocol"]))
    assert flows["ingress"] == flows["egress"] != set()


def test_the_api_accepts_named_ranges(foundation):  # K8S-1
    def named(environment: str) -> dict[str, str]:
        return {
            path.removeprefix("network/openings/"): body["cidr_ipv4"]
            for side, path, body in rules(foundation(environment))
            if side == "ingress" and "/api-from-" in path
        }

    assert named("dev") == {"api-from-office-in": "203.0.113.0/24"}
    assert named("staging") == {}
    assert named("prod") == {"api-from-on-premises-192.168.0.0-16-in": "192.168.0.0/16"}


@pytest.mark.parametrize(("environment", "seconds"), {"dev": 600, "staging": 60, "prod": 60}.items())
def test_all_traffic_is_logged(foundation, environment, seconds):  # NET-5
    stack = foundation(environment)
    log = stack.one("aws_flow_log", "network/flow-log")
    assert log["traffic_type"] == "ALL"
    assert log["max_aggregation_interval"] == seconds
    assert stack.resolve(log["vpc_id"]) == "network/vpc"
    assert stack.resolve(log["iam_role_arn"]) == "network/flow-log-role"
    written = json.loads(stack.one("aws_iam_role_policy", "network/flow-log-role-write")["policy"])["Statement"]
    assert all(
        "/flow" in resource and resource != "*" for subnet_range in written for resource in subnet_range["Resource"]
    )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_dns_queries_are_logged(foundation, environment):
    """NET-8"""
    stack = foundation(environment)
    link = stack.one("aws_route53_resolver_query_log_config_association", "network/query-log-of-vpc")
    assert stack.resolve(link["resource_id"]) == "network/vpc"
    config = stack.one("aws_route53_resolver_query_log_config", "network/query-log")
    assert config["destination_arn"].endswith(f":log-group:/terrace/dpf-{environment}/dns")
