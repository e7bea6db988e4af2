"""Paths on Google Cloud."""

from typing import Any

import pytest

from tests.assurance.access.gcp.stacks import NODES, paths, unknown

DENY = ("google_compute_firewall", {
    "direction": "EGRESS", "priority": 65000, "deny": [{"protocol": "all"}], "destination_ranges": ["0.0.0.0/0"],
})  # fmt: skip
ALL = [{"protocol": "all"}]


def rule(**attributes: Any) -> tuple[str, dict[str, Any]]:
    return "google_compute_firewall", {"allow": [{"protocol": "tcp", "ports": ["22"]}], **attributes}


def test_an_empty_stack_allows_what_google_implies() -> None:
    network = ("google_compute_network", {"name": "x"})
    assert paths(network) == {"nodes -> internet on all ports"}
    assert paths(network, DENY) == set()


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"source_ranges": ["0.0.0.0/0"]}, "internet -> nodes on tcp 22"),
        ({}, "internet -> nodes on tcp 22"),
        ({"source_ranges": ["::/0"]}, "internet -> nodes on tcp 22"),
        ({"source_ranges": ["128.0.0.0/1"]}, "internet -> nodes on tcp 22"),
        ({"source_ranges": ["10.42.48.0/28"]}, "control -> nodes on tcp 22"),
        ({"source_ranges": ["192.168.4.0/24"]}, "on-premises -> nodes on tcp 22"),
        ({"source_ranges": ["172.16.0.0/12"]}, "range 172.16.0.0/12 -> nodes on tcp 22"),
        ({"source_ranges": ["vendor"]}, "unknown vendor -> nodes on tcp 22"),
        ({"source_tags": ["bastion"]}, "unknown tag bastion -> nodes on tcp 22"),
        ({"source_service_accounts": ["x@y"]}, "unknown account x@y -> nodes on tcp 22"),
        ({"target_tags": ["web"]}, "internet -> unknown tag web on tcp 22"),
        ({"target_service_accounts": [NODES], "allow": ALL}, "internet -> nodes on all ports"),
        ({"allow": [{"protocol": "6"}]}, "internet -> nodes on all tcp ports"),
        ({"allow": [{"protocol": "ICMP"}]}, "internet -> nodes on all icmp ports"),
        ({"direction": "EGRESS", "destination_ranges": ["10.42.32.5/32"]}, "nodes -> database on tcp 22"),
    ],
)
def test_a_rule_opens_a_path(attributes: dict[str, Any], path: str) -> None:
    assert path in paths(DENY, rule(**attributes))


def test_a_disabled_rule_opens_nothing() -> None:
    assert paths(DENY, rule(disabled=True)) == set()


def test_a_denial_of_the_same_priority_goes_first() -> None:
    inbound = {"direction": "INGRESS", "allow": None, "deny": ALL, "source_ranges": ["0.0.0.0/0"]}
    assert paths(DENY, rule(priority=10), rule(**inbound, priority=10)) == set()
    assert paths(DENY, rule(priority=9), rule(**inbound, priority=10)) == {"internet -> nodes on tcp 22"}
    narrow = {**inbound, "target_tags": ["other"]}
    assert paths(DENY, rule(priority=10), rule(**narrow, priority=1)) == {"internet -> nodes on tcp 22"}


def test_nodes_reach_nodes_only_with_a_rule_on_both_sides() -> None:
    inside = {"allow": ALL, "source_ranges": ["10.42.0.0/19"]}
    out = {"allow": ALL, "direction": "EGRESS", "destination_ranges": ["10.42.0.0/19"]}
    assert paths(DENY, rule(**inside)) == set()
    assert paths(DENY, rule(**inside), rule(**out)) == {"nodes -> nodes on all ports"}


def test_a_protocol_without_a_word_is_not_understood() -> None:
    assert unknown(DENY, rule(allow=[{"protocol": "esp"}])) == {"a rule for esp"}


def test_firewall_policies_open_paths() -> None:
    match = {"src_ip_ranges": ["8.8.8.0/24"], "layer4_configs": [{"ip_protocol": "udp", "ports": ["53"]}]}
    type = "google_compute_network_firewall_policy_rule"
    body = {"direction": "INGRESS", "action": "allow", "priority": 1, "match": [match]}
    assert paths(DENY, (type, body)) == {"internet -> nodes on udp 53"}
    assert paths(DENY, (type, {**body, "action": "deny"})) == set()
    by_name = {**body, "match": [{"src_fqdns": ["x.example"]}]}
    assert paths(DENY, (type, by_name)) == {"unknown fqdns ['x.example'] -> nodes on all ports"}


@pytest.mark.parametrize(
    ("type", "attributes", "path"),
    [
        ("google_compute_route", {"dest_range": "0.0.0.0/0", "next_hop_ip": "10.0.0.1"},
         "nodes -> unknown route of 0.0.0.0/0 to 10.0.0.1 on all ports"),
        ("google_compute_network_peering", {"peer_network": "x"},
         "unknown network x -> database on all ports"),
        ("google_compute_forwarding_rule", {"ports": ["80"], "backend_service": "x"}, "internet -> nodes on tcp 80"),
        ("google_compute_forwarding_rule", {"load_balancing_scheme": "", "target": "x"},
         "nodes -> unknown x on all ports"),
        ("google_sql_database_instance", {"settings": {"ip_configuration": {"ipv4_enabled": True}}},
         "internet -> database on tcp 3307"),
        ("google_sql_database_instance",
         {"settings": {"ip_configuration": {"authorized_networks": [{"value": "8.8.8.8/32"}]}}},
         "internet -> database on tcp 5432"),
        ("google_memorystore_instance", {"desired_auto_created_endpoints": [{"project_id": "other", "network": "n"}]},
         "unknown project other -> cache on all tcp ports"),
        ("google_container_cluster", {"control_plane_endpoints_config": {"ip_endpoints_config": {"enabled": True}}},
         "internet -> control on tcp 443"),
        ("google_container_cluster",
         {"master_authorized_networks_config": {"cidr_blocks": [{"cidr_block": "172.16.0.0/12"}]}},
         "range 172.16.0.0/12 -> control on tcp 443"),
    ],
)  # fmt: skip
def test_other_resources_open_paths(type: str, attributes: dict[str, Any], path: str) -> None:
    assert path in paths(DENY, (type, attributes))


def test_a_router_tells_on_premises_the_subnets() -> None:
    tunnel = ("google_compute_vpn_tunnel", {"name": "x"})
    subnet = ("google_compute_subnetwork", {"ip_cidr_range": "10.42.32.0/21"})
    router = ("google_compute_router", {"bgp": {"advertise_mode": "CUSTOM", "advertised_groups": ["ALL_SUBNETS"]}})
    told = {"on-premises -> database on all ports", "on-premises -> cache on all ports"}
    assert paths(DENY, tunnel, subnet, router) == told
    assert paths(DENY, subnet, router) == set()
    assert paths(DENY, tunnel, subnet, ("google_compute_router", {"bgp": {"advertise_mode": "CUSTOM"}})) == set()


def test_a_type_that_no_reader_knows_is_not_understood() -> None:
    assert unknown(("google_compute_instance", {})) == {
        "google_compute_instance, a type that the access model does not read"
    }
