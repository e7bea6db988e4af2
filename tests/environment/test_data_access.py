"""What people may read: the contracts of data products, the rules of `access`, and the answers to questions."""

from pathlib import Path

import pytest

from terrace.environment import contracts, load
from terrace.environment.data_access import Answer, answer, readable
from terrace.environment.schema import Environment
from terrace.errors import InvalidEnvironment, InvalidFile
from tests.environment.conftest import Write

CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
id: orders
name: orders
version: 1.0.0
status: active
schema:
  - name: orders
    physicalType: table
    properties:
      - {name: order_id, logicalType: string, primaryKey: true}
      - {name: email, logicalType: string, customProperties: [{property: mask, value: hash}]}
      - {name: country, logicalType: string}
  - name: returns
    properties:
      - {name: order_id, logicalType: string}
"""
PRODUCTS = """\
identity:
  oidc:
    issuer: https://login.example.com
    keys: https://login.example.com/keys
    groups: {data-engineers: editor, analysts: viewer, support: viewer}
data_products:
  - name: orders
    owner: sales
    classification: internal
    layers: [bronze, silver, gold]
    retention_days: 365
    contract: contracts/orders.yaml
"""
ACCESS = """\
access:
  - groups: [data-engineers]
    layers: [bronze, silver]
    schemas: [raw, intermediate]
    personal_data: clear
  - {groups: [analysts], layers: [gold, platinum], schemas: [marts], products: [orders], rows: {country: [DE, AT]}}
  - {groups: [support], schemas: [marts], products: [orders], personal_data: clear}
"""


@pytest.fixture
def environment(project: Path, write: Write) -> Environment:
    write_contract(project)
    return load("qa", project=write(PRODUCTS + ACCESS)).environment


def write_contract(project: Path, text: str = CONTRACT) -> Path:
    path = project / "contracts" / "orders.yaml"
    path.parent.mkdir()
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("group", "place", "table", "column", "expected"),
    [
        ("analysts", "gold", "orders", "email", "masked"),
        ("analysts", "marts", "orders", "email", "masked"),
        ("analysts", "marts", "orders", "order_id", "clear"),
        ("analysts", "bronze", "orders", "order_id", "denied"),  # no rule
        ("analysts", "platinum", "orders", "order_id", "denied"),  # the product is not in that layer
        ("analysts", "marts", "returns", "order_id", "denied"),  # has no column for the rows
        ("analysts", "marts", "customers", "email", "denied"),  # no contract describes it
        ("analysts", "marts", "orders", "phone", "denied"),  # nor this column
        ("support", "marts", "orders", "email", "clear"),
        ("support", "raw", "orders", "email", "denied"),
        ("data-engineers", "raw", "customers", "email", "clear"),
        ("data-engineers", "marts", "orders", "order_id", "denied"),
        ("visitors", "gold", "orders", "order_id", "denied"),
    ],
)
def test_a_question_has_one_answer(
    environment: Environment, group: str, place: str, table: str, column: str, expected: Answer
) -> None:
    assert answer(environment, group, place, table, column) == expected


def test_rows_are_those_of_the_rule(environment: Environment) -> None:
    rows = {(one.group, one.place): one.rows for one in readable(environment)}
    assert rows["analysts", "marts"] == {"country": ("DE", "AT")}
    assert rows["support", "marts"] == {}


def test_without_rules_people_read_nothing(project: Path, write: Write) -> None:
    write_contract(project)
    assert readable(load("qa", project=write(PRODUCTS)).environment) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("v3.0.2", "v2.2.2", "contracts/orders.yaml:1:13 apiVersion"),
        ("value: hash", "value: blur", "contracts/orders.yaml:12:9 unknown mask 'blur' of column email."),
        ("name: country", "name: email", "contracts/orders.yaml:13:9 column 'email' is described twice."),
        ("name: returns", "name: orders", "contracts/orders.yaml:14:5 table 'orders' is described twice."),
        ("schema:", "schemas:", "contracts/orders.yaml:1:1 schema: required"),
    ],
)
def test_an_invalid_contract_is_reported_with_its_line(
    project: Path, write: Write, old: str, new: str, message: str
) -> None:
    write_contract(project, CONTRACT.replace(old, new, 1))
    with pytest.raises(InvalidEnvironment) as raised:
        load("qa", project=write(PRODUCTS + ACCESS))
    assert message in str(raised.value)


def test_other_keys_of_a_contract_are_of_others(project: Path) -> None:
    path = write_contract(project, CONTRACT + "servers: [{server: local, type: local, path: ., format: parquet}]\n")
    tables = contracts.load("orders", path, "orders.yaml")
    assert [table.name for table in tables] == ["orders", "returns"]
    assert tables[0].columns == {"order_id": None, "email": "hash", "country": None}


def test_a_missing_contract_is_reported_where_it_is_named(write: Write) -> None:
    with pytest.raises(
        InvalidEnvironment, match=r"qa.yaml:14:15 data_products.0.contract: file 'contracts/orders.yaml'"
    ):
        load("qa", project=write(PRODUCTS))


def test_a_contract_that_is_no_yaml_is_reported(project: Path) -> None:
    with pytest.raises(InvalidFile, match=r"orders.yaml:2:1 unexpected end of file"):
        contracts.load("orders", write_contract(project, "a: [\n"), "orders.yaml")
