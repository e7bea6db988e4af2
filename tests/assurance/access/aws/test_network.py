"""Paths by security groups, routes, the Kubernetes API's endpoint and load balancers."""

from collections.abc import Callable

import pytest

from terrace.assurance.access.model import Access, Path
from tests.assurance.access.aws.conftest import Changed
from tests.assurance.corpus.aws.network import inline, old_rule, prefix_list, rule
from tests.assurance.corpus.aws.routes import GATEWAY, PLANE, halves
from tests.assurance.mutants import Edit, drop, put, remove

DATABASE = ("database", "tcp", (5432, 5432))


def test_a_declared_path_names_every_resource_on_the_way(found: Callable[..., Access]) -> None:
    ways = {str(path): path.by for path in found("prod").paths}
    assert ways["internet -> entry on tcp 443"] == (
        "network/public-route",
        "entry/load-balancer",
        "entry/https",
        "network/openings/public-https-in",
    )


@pytest.mark.parametrize(
    ("edit", "source"),
    [
        (old_rule("x", "database", cidr_blocks=["0.0.0.0/0"]), "internet"),
        (old_rule("x", "database", ipv6_cidr_blocks=["::/0"]), "internet"),
        (rule("x", "database", cidr_ipv4="192.168.0.0/16"), "on-premises"),
        (rule("x", "database", cidr_ipv4="10.42.160.0/26"), "control"),
        (rule("x", "database", cidr_ipv4="172.16.0.0/12"), "range 172.16.0.0/12"),
        (rule("x", "database", prefix_list_id="pl-1"), "unknown prefix list pl-1"),
        (rule("x", "database", referenced_security_group_id="sg-1"), "unknown group sg-1"),
        (prefix_list("x", "203.0.113.0/25", "database"), "range 203.0.113.0/25"),
        (inline("database", self=True), "database"),
    ],
)
def test_each_kind_of_rule_opens_a_path_into_the_database(changed: Changed, edit: Edit, source: str) -> None:
    destination, protocol, ports = DATABASE
    assert Path(source, destination, protocol, ports) in changed(edit).undeclared


def test_a_rule_on_one_side_only_is_a_missing_path(changed: Changed) -> None:
    found = changed(remove("aws_vpc_security_group_egress_rule", "network/openings/nodes-to-database-out"))
    assert [str(edge) for edge in (*found.undeclared, *found.missing)] == ["nodes -> database on tcp 5432"]
    assert found.undeclared == ()


def test_the_entry_is_closed_without_a_listener(changed: Changed) -> None:
    found = changed(remove("aws_lb_listener", "entry/https"))
    assert [str(edge) for edge in found.missing] == ["internet -> entry on tcp 443"]


def test_halves_of_a_default_route_lead_to_the_internet(changed: Changed) -> None:
    found = changed(halves("data", gateway_id=GATEWAY))
    assert {str(edge) for edge in found.undeclared} == {
        "internet -> database on all ports",
        "internet -> cache on all ports",
    }
    assert {edge.by[-1] for edge in found.undeclared} == {"network/data-low", "network/data-high"}


def test_an_endpoint_without_ranges_is_open_to_everyone(changed: Changed) -> None:
    found = changed(
        put(*PLANE, "vpc_config.endpoint_public_access", True), put(*PLANE, "vpc_config.public_access_cidrs", None)
    )
    assert [str(edge) for edge in found.undeclared] == ["internet -> control on tcp 443"]


def test_two_rules_for_the_same_path_are_two_differences(changed: Changed) -> None:
    found = changed(
        old_rule("one", "database", cidr_blocks=["0.0.0.0/0"]), rule("two", "database", cidr_ipv4="0.0.0.0/0")
    )
    assert {edge.by for edge in found.undeclared} == {("network/openings/one",), ("network/openings/two",)}


def test_text_that_is_no_range_is_unknown(changed: Changed) -> None:
    found = changed(rule("x", "database", cidr_ipv4="anything"))
    assert [one.text for one in found.unknown] == ["anything is not a range of addresses"]


def test_a_rule_without_a_peer_is_unknown(changed: Changed) -> None:
    opening = ("aws_vpc_security_group_ingress_rule", "network/openings/nodes-to-cache-in")
    found = changed(drop(*opening, "referenced_security_group_id"))
    assert [one.by for one in found.unknown] == ["network/openings/nodes-to-cache-in"]
