"""Estimates are sums of dated prices; what has none is named, never assumed."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from terrace.capabilities.cloud import implementation
from terrace.capabilities.cost import SleepSpec
from terrace.capabilities.prices import Price, Sku
from terrace.deployment import cost
from terrace.deployment.cost import Resource, book
from terrace.errors import UsageError
from tests.deployment.cost.price_lists import SQL, served

TODAY = date(2026, 12, 1)
DATABASE: Resource = (
    "dev/database/server",
    "aws_db_instance",
    {"instance_class": "db.t4g.medium", "allocated_storage": 20, "storage_type": "gp3", "multi_az": False},
)
GATEWAY: Resource = ("dev/network/nat", "aws_nat_gateway", {})
OTHERS: list[Resource] = [
    ("dev/lake/gold", "aws_s3_bucket", {}),
    ("dev/x/role", "aws_iam_role", {}),
    ("dev/entry/firewall", "aws_wafv2_web_acl", {}),
    ("dev/cluster/pool", "aws_eks_node_group", {"instance_types": ["m7i.large", "m6i.large"]}),
]


@pytest.fixture
def prices(monkeypatch: pytest.MonkeyPatch) -> book.Book:
    """The prices of DATABASE and GATEWAY, read from the served list."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    fetch = implementation("terrace", "aws", "prices").prices
    with served() as url:
        found = [fetch("eu-central-1", sku, TODAY, url=url) for sku in cost.skus("aws", [DATABASE, GATEWAY])]
    assert [len(one) for one in found] == [1, 1, 1]
    return book.Book(tuple(price for listed in found for price in listed))


def test_the_sum_is_of_what_has_a_price_and_the_rest_is_named(prices: book.Book) -> None:
    found = cost.estimate("aws", "eu-central-1", [DATABASE, GATEWAY, *OTHERS], prices, None)
    assert found.known == Decimal("113.50")  # 730 h of 0.10, 20 GB of 0.20, 730 h of 0.05
    several = "which of several instance types the autoscaler takes decides its price and is not known"
    assert found.unpriced == (
        ("dev/cluster/pool", f"aws_eks_node_group: {several}"),
        ("dev/entry/firewall", "aws_wafv2_web_acl: no price known"),
    )
    assert dict(found.usage)["dev/lake/gold"] == "stored data and requests"
    assert found.oldest == TODAY and not found.stale(TODAY + timedelta(days=90))
    assert found.stale(TODAY + timedelta(days=91))


def test_managed_streams_are_brokers_and_their_volumes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    volume = {"ebs_storage_info": {"volume_size": 100}}
    brokers = {"instance_type": "kafka.m7g.large", "storage_info": volume}
    streams: Resource = (
        "dev/streams/server",
        "aws_msk_cluster",
        {"number_of_broker_nodes": 2, "broker_node_group_info": brokers},
    )
    fetch = implementation("terrace", "aws", "prices").prices
    with served() as url:
        found = [price for sku in cost.skus("aws", [streams]) for price in fetch("eu-central-1", sku, TODAY, url=url)]
    estimate = cost.estimate("aws", "eu-central-1", [streams], book.Book(tuple(found)), None)
    assert (estimate.known, estimate.unpriced) == (Decimal("385.00"), ())  # 2 of 730 h of 0.25, and of 100 GB of 0.10


def test_a_price_of_another_region_is_none(prices: book.Book) -> None:
    found = cost.estimate("aws", "eu-west-1", [GATEWAY], prices, None)
    assert (found.known, found.unpriced, found.oldest) == (0, (("dev/network/nat", "NAT gateway"),), None)


def test_the_hours_of_sleep_are_not_billed_for_what_stops(prices: book.Book) -> None:
    sleep = SleepSpec(down="20:00", up="07:00")
    found = cost.estimate("aws", "eu-central-1", [DATABASE], prices, sleep)
    assert found.awake == Decimal(65) / 168  # five days of 13 hours
    assert found.known == Decimal("32.24")  # 73 * 65/168, and the storage in full


@pytest.mark.parametrize(
    ("sleep", "hours"),
    [
        (SleepSpec(down="20:00", up="07:00", days="mon-sun"), 91),
        (SleepSpec(down="06:00", up="22:00"), 4 * 8 + 56),  # four nights, and Friday 22:00 to Monday 06:00
        (None, 168),
    ],
)
def test_awake_share(sleep: SleepSpec | None, hours: int) -> None:
    assert cost.awake_share(sleep) == Decimal(hours) / 168


def test_azure_prices_are_of_linux_on_demand_and_from_all_pages() -> None:
    sku = Sku("virtual machine Standard_D4s_v5", "hour", {"serviceName": "Virtual Machines", "armSkuName": "x"})
    with served() as url:
        (price,) = implementation("terrace", "azure", "prices").prices(
            "germanywestcentral", sku, TODAY, url=f"{url}/azure"
        )
    assert (price.price, price.currency, price.read) == (Decimal("0.25"), "USD", TODAY)


def test_google_prices_are_of_the_region_and_need_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    sku = Sku("vCPU", "hour", {"service": "services/9662-B51E-5089", "description": SQL})
    fetch = implementation("terrace", "gcp", "prices").prices
    with served() as url:
        monkeypatch.delenv("TERRACE_GOOGLE_API_KEY", raising=False)
        with pytest.raises(UsageError, match="TERRACE_GOOGLE_API_KEY is not set"):
            fetch("europe-west3", sku, TODAY, url=url)
        monkeypatch.setenv("TERRACE_GOOGLE_API_KEY", "a-key")
        (price,) = fetch("europe-west3", sku, TODAY, url=url)
    assert price.price == Decimal("0.05")
    assert "a-key" not in price.source


def test_a_book_is_read_as_it_was_written(tmp_path: Path, prices: book.Book) -> None:
    written = book.write(tmp_path, "aws", prices.prices)
    assert written == tmp_path / "policies/prices/aws.yaml"
    assert sorted(book.read(tmp_path, "aws").prices, key=str) == sorted(prices.prices, key=str)
    assert book.read(tmp_path, "gcp").prices == ()


def test_a_price_without_a_date_is_a_problem_of_the_book(tmp_path: Path) -> None:
    price = Price("aws", "eu-central-1", "NAT gateway", "hour", Decimal("0.05"), "USD", "https://x.test", TODAY)
    file = book.write(tmp_path, "aws", [price])
    file.write_text("\n".join(line for line in file.read_text().splitlines() if "read:" not in line))
    with pytest.raises(book.InvalidPrices, match=r"policies/prices/aws\.yaml prices\.0\.read: field required\."):
        book.read(tmp_path, "aws")


def test_a_larger_database_costs_more_as_far_as_its_prices_are_known(prices: book.Book) -> None:
    before = DATABASE[2]
    grown, reason = cost.difference(DATABASE[1], before, {**before, "allocated_storage": 120})
    assert reason == "" and [(one.sku, one.quantity) for one in grown] == [("RDS storage gp3, Single-AZ", Decimal(100))]
    moved, _ = cost.difference(DATABASE[1], before, {**before, "instance_class": "db.m7g.large"})
    plan = cost.of_plan("aws", "eu-central-1", [(grown, ""), (moved, ""), ((), "aws_x: no price known")], prices, None)
    assert plan.known == Decimal("-53.00")  # 100 GB more; the smaller instance goes, the larger one has no price
    assert plan.unpriced == ("RDS for PostgreSQL db.m7g.large, Single-AZ", "aws_x: no price known")


def test_a_change_of_tags_costs_nothing_and_an_unknown_size_is_named() -> None:
    before = DATABASE[2]
    assert cost.difference(DATABASE[1], before, {**before, "tags": {"a": "b"}}) == ((), "")
    assert cost.difference(DATABASE[1], None, {"allocated_storage": 1})[1] == (
        "aws_db_instance: 'instance_class' decides its price and is not known"
    )
    assert cost.difference("terraform_data", None, {}) == ((), "")
