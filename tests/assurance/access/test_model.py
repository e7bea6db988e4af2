"""Comparing what a stack allows with what is declared."""

import pytest

from terrace.assurance import access
from terrace.assurance.access.explanation import ways
from terrace.assurance.access.model import ALL_PORTS, Access, Declared, Grant, Path, Unknown, compare
from terrace.assurance.access.ranges import Ranges
from terrace.environment import load
from tests.conftest import ROOT

DATABASE = Path("nodes", "database", "tcp", (5432, 5432), ("rule",))
READ = Grant("module spark", "read-data", "lake/gold", ("policy",))


def test_a_right_on_a_part_of_the_lake_includes_its_folders() -> None:
    whole, orders = READ, Grant("module spark", "read-data", "lake/gold/orders")
    assert whole.covers(orders) and not orders.covers(whole)
    assert not orders.covers(Grant("module spark", "read-data", "lake/gold/orders-eu"))
    assert compare(Access(grants=(whole,)), Declared(required_grants=(orders,))).undeclared == (whole,)
    assert compare(Access(grants=(orders,)), Declared(required_grants=(whole,))).missing == (whole,)


@pytest.mark.parametrize(
    "wider",
    [
        Path("nodes", "database", "tcp", (5432, 5433)),
        Path("nodes", "database", "all", (5432, 5432)),
        Path("nodes", "database", "udp", (5432, 5432)),
        Path("internet", "database", "tcp", (5432, 5432)),
        Path("nodes", "cache", "tcp", (5432, 5432)),
        Grant("module spark", "write-data", "lake/gold"),
        Grant("module spark", "read-data", "lake/*"),
        Grant("module spark", "read-data", "lake/gold-eu"),
        Grant("module spark", "administer", "lake/gold"),
        Grant("anyone", "read-data", "lake/gold"),
    ],
)
def test_an_edge_wider_than_declared_is_a_difference(wider: Path | Grant) -> None:
    declared = Declared(required_paths=(DATABASE,), required_grants=(READ,))
    paths = (wider,) if isinstance(wider, Path) else ()
    grants = (wider,) if isinstance(wider, Grant) else ()
    found = compare(Access((DATABASE, *paths), (READ, *grants)), declared)
    assert found.undeclared == (wider,)
    assert found.missing == ()


def test_a_narrower_edge_is_none_and_does_not_replace_the_declared_one() -> None:
    wide = Path("nodes", "nodes", "all", ALL_PORTS)
    found = compare(Access((Path("nodes", "nodes", "tcp", (53, 53)),)), Declared(required_paths=(wide,)))
    assert (found.undeclared, found.missing) == ((), (wide,))


def test_what_the_cloud_needs_may_be_absent_and_the_unknown_may_not_be_there() -> None:
    unknown = Unknown("condition", "policy")
    found = compare(Access(unknown=(unknown, unknown)), Declared(allowed_paths=(DATABASE,), allowed_grants=(READ,)))
    assert (found.undeclared, found.missing, found.unknown) == ((), (), (unknown,))


def test_each_edge_belongs_to_one_guarantee_that_the_model_proves() -> None:
    edges = [DATABASE, READ]
    for verb in ("read-secret", "decrypt", "assume", "read-data", "administer"):
        for on in (
            "secrets/spark",
            "keys/lake",
            "registry/spark",
            "streams/orders",
            "identities/pipeline apply",
            "network",
            "everything",
        ):
            edges.append(Grant("anyone", verb, on))  # type: ignore[arg-type]
    assert {access.guarantee_of(edge) for edge in edges} == set(access.GUARANTEES)


@pytest.mark.parametrize(
    ("cidr", "names"),
    [
        ("10.42.0.0/20", ("nodes",)),
        ("10.42.3.0/24", ("nodes",)),
        ("10.42.0.0/16", ("nodes", "database", "range 10.42.0.0/16")),
        ("192.168.7.0/24", ("on-premises",)),
        ("192.0.0.0/2", ("internet",)),
        ("0.0.0.0/0", ("internet",)),
        ("0.0.0.0/1", ("internet",)),
        ("::/0", ("internet",)),
        ("203.0.113.9/32", ("range 203.0.113.9/32",)),
        ("172.16.0.0/12", ("range 172.16.0.0/12",)),
    ],
)
def test_a_range_has_the_name_of_what_it_contains(cidr: str, names: tuple[str, ...]) -> None:
    environment = load("prod", project=ROOT).environment
    ranges = Ranges({"nodes": ("10.42.0.0/20",), "database": ("10.42.16.0/24",)}, environment)
    assert ranges.names(cidr) == names


def test_halves_of_the_internet_are_the_internet() -> None:
    ranges = Ranges({}, load("prod", project=ROOT).environment)
    assert ranges.is_public(["0.0.0.0/1", "128.0.0.0/1"])
    assert ranges.is_public(["::/0"])
    assert not ranges.is_public(["0.0.0.0/1", "10.0.0.0/8"])


def test_a_way_names_each_step_and_its_resources() -> None:
    found = Access(
        (
            Path("internet", "entry", "tcp", (443, 443), ("listener",)),
            Path("entry", "nodes", "tcp", (8443, 8443), ("in",)),
        ),
        (
            Grant("pods spark/spark", "assume", "identities/module spark", ("trust",)),
            READ,
        ),
    )
    assert ways(found, "internet", "nodes") == [
        "internet -> entry -> nodes\n  internet -> entry on tcp 443, by listener\n  entry -> nodes on tcp 8443, by in"
    ]
    assert ways(found, "pods *", "lake/gold") == [
        "pods spark/spark -> module spark -> lake/gold\n"
        "  pods spark/spark may assume identities/module spark, by trust\n"
        "  module spark may read-data lake/gold, by policy"
    ]
    assert ways(found, "nodes", "internet") == []
