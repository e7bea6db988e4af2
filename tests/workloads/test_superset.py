"""The module superset: what a group sees, whose data it is, and the log-in to the cache."""

import ast
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any
from urllib.parse import urlparse

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from terrace.capabilities.data_access import DataAccessSpec
from terrace.environment.contracts import Table
from terrace.environment.data_access import answer
from terrace.environment.schema import DataProduct
from terrace.workloads import dashboard_access
from terrace.workloads.context import Context
from terrace.workloads.values import values
from tests.conftest import ROOT
from tests.workloads import shipped
from tests.workloads.conftest import Make, of

FILES = ROOT / "modules" / "superset" / "chart" / "files"
ACCESS = (
    DataAccessSpec(groups=("data-engineers",), layers=("bronze", "gold"), schemas=("raw",), personal_data="clear"),
    DataAccessSpec(groups=("analysts",), layers=("gold",), schemas=("marts",)),
)
TABLES = (Table("orders", "orders", {"order_id": None, "email": "hash"}), Table("events", "clicks", {"page": None}))


@pytest.fixture
def context(make: Make) -> Context:
    """With a product in silver and gold, and one in silver only."""
    found = shipped.context(make("aws"), "superset")
    products = [
        DataProduct(
            name=name, owner="sales", classification="internal", layers=layers, retention_days=30, contract="c.yaml"
        )
        for name, layers in (("orders", ("silver", "gold")), ("events", ("silver",)))
    ]
    environment = found.environment.model_copy(update={"access": ACCESS, "data_products": tuple(products)})
    return replace(found, environment=environment.with_product_tables(TABLES))


def test_datasets_are_the_tables_of_gold_and_marts(context: Context) -> None:
    found = dashboard_access.datasets(context.environment)
    assert [(one["database"], one["schema"], one["table"]) for one in found] == [
        ("lake", "gold", "orders"),
        ("platform", "marts", "clicks"),
        ("platform", "marts", "orders"),
    ]
    assert found[0]["columns"] == ["order_id", "email"]


def test_a_group_sees_the_datasets_of_which_it_reads_a_column(context: Context) -> None:
    environment = context.environment
    seen = dashboard_access.groups(environment)
    for group in shipped.GROUPS:
        for one in dashboard_access.datasets(environment):
            shown = any(
                (other["database"], other["schema"]) == (one["database"], one["schema"])
                and other["table"] in (None, one["table"])
                for other in seen.get(group, ())
            )
            answers = {answer(environment, group, one["schema"], one["table"], name) for name in one["columns"]}
            assert shown == bool(answers - {"denied"}), (group, one)


def test_the_whole_of_a_place_is_one_right(context: Context) -> None:
    assert {"database": "platform", "schema": "raw", "table": None} in dashboard_access.groups(context.environment)[
        "data-engineers"
    ]


def test_settings_are_in_the_chart_and_no_secret_is(context: Context) -> None:
    objects = list(shipped.rendered(context, "superset"))
    assert not of(objects, "Secret")
    data = of(objects, "ConfigMap")["superset"]["data"]
    assert set(data) == {"superset_config.py", "cache_login.py", "prepare.py", "settings.json"}
    for name in ("superset_config.py", "cache_login.py", "prepare.py"):
        ast.parse(data[name])
    assert '"data-engineers":["Gamma","sql_lab"]' in data["settings.json"]


@pytest.mark.parametrize(("cloud", "verify"), [("aws", "required"), ("azure", "required"), ("gcp", "none")])
def test_the_cache_is_that_of_the_foundation(make: Make, cloud: str, verify: str) -> None:
    opened = shipped.context(make(cloud), "superset")
    found = values(opened.modules["superset"], opened)["settings"]["cache"]
    assert (found["host"], found["user"], found["prefix"]) == ("cache.example.com", "dpf-superset", "superset")
    assert (found["cloud"], found["verify"]) == (cloud, verify)


@pytest.fixture
def login() -> Iterator[ModuleType]:
    """The container's file; redis, which the tests do not have, gives it a base class only."""
    given = {name: ModuleType(name) for name in ("redis", "redis.credentials")}
    given["redis.credentials"].CredentialProvider = object  # type: ignore[attr-defined]
    sys.modules.update(given)
    try:
        spec = importlib.util.spec_from_file_location("cache_login", FILES / "cache_login.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        for name in given:
            del sys.modules[name]


def test_the_token_for_the_cache_is_signed_as_the_sdk_signs(login: ModuleType, monkeypatch: Any) -> None:
    found = {"AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG", "Token": "a/token+with=signs"}
    now = datetime(2026, 12, 2, 5, 30, tzinfo=UTC)
    token = login.presigned("dpf-dev", "dpf-superset", "eu-central-1", found, now)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: now.replace(tzinfo=None))
    credentials = Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["Token"])
    request = AWSRequest("GET", "http://dpf-dev/", params={"Action": "connect", "User": "dpf-superset"})
    SigV4QueryAuth(credentials, "elasticache", "eu-central-1", expires=900).add_auth(request)
    signed = urlparse(request.url)
    assert set(urlparse(f"http://{token}").query.split("&")) == set(signed.query.split("&"))
