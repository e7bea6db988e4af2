"""Trino's rules give the answers of the environment's `access`."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from terrace.capabilities.data_access import DataAccessSpec, Mask
from terrace.capabilities.spec import LAYERS
from terrace.environment.contracts import Table
from terrace.environment.data_access import answer
from terrace.environment.schema import DataProduct, Environment
from terrace.workloads import query_access
from tests.conftest import ROOT
from tests.workloads.conftest import Make
from tests.workloads.trino_rules import Person, Rules

COLUMNS: dict[str, Mask | None] = {
    "order_id": None,
    "email": "hash",
    "phone": "last4",
    "note": "redact",
    "country": None,
}
ACCESS = (
    DataAccessSpec(groups=("engineers (eu)",), layers=("bronze", "silver"), schemas=("raw",), personal_data="clear"),
    DataAccessSpec(groups=("analysts",), layers=("gold",), schemas=("marts",), rows={"country": ("DE", "it's")}),
    DataAccessSpec(groups=("support",), layers=("gold",), products=("orders",), personal_data="clear"),
)
GROUPS = ("engineers (eu)", "analysts", "support", "admins", "unknown")


@pytest.fixture
def environment(make: Make) -> Environment:
    """With the groups, the rules and one product in silver and gold."""
    found = make().environment
    oidc = found.identity.oidc
    assert oidc
    roles = {"engineers (eu)": "editor", "analysts": "viewer", "support": "viewer", "admins": "admin"}
    identity = found.identity.model_copy(update={"oidc": oidc.model_copy(update={"groups": roles})})
    product = DataProduct(
        name="orders",
        owner="sales",
        classification="internal",
        layers=("silver", "gold"),
        retention_days=30,
        contract="orders.yaml",
    )
    changed = found.model_copy(update={"access": ACCESS, "data_products": (product,), "identity": identity})
    return changed.with_product_tables((Table("orders", "orders", COLUMNS),))


def test_the_rules_answer_as_the_table_of_rights(environment: Environment) -> None:
    rules = Rules(query_access.rules(environment))
    for group in GROUPS:
        person = Person("ann@example.com", (group,))
        for place in ("bronze", "silver", "gold", "platinum", "raw", "marts", "staging"):
            catalog = "lake" if place in LAYERS else "platform"
            for table in ("orders", "drafts"):
                for column in COLUMNS:
                    found = rules.column(person, catalog, place, table, column)
                    assert found == answer(environment, group, place, table, column), (group, place, table, column)


def test_the_questions_of_the_guide(environment: Environment) -> None:
    page = (ROOT / "docs" / "guides" / "data-access.md").read_text()
    questions = dict(re.findall(r"^\| (May .*?\?) \| (yes|no)", page, re.MULTILINE))
    rules = Rules(query_access.rules(environment))
    analyst, engineer = Person("ann@example.com", ("analysts",)), Person("bob@example.com", ("engineers (eu)",))
    orders = rules.table(analyst, "lake", "gold", "orders")
    assert orders
    answers = {
        "May an analyst read e-mail addresses?": rules.column(analyst, "lake", "gold", "orders", "email") == "clear",
        "May an analyst read orders from France?": "'FR'" in orders["filter"] or "country" not in orders["filter"],
        "May an analyst read a table that a data engineer made yesterday?": bool(
            rules.table(analyst, "lake", "gold", "made_yesterday")
        ),
        "May a data engineer read what came in?": rules.column(engineer, "lake", "bronze", "any", "email") == "clear",
        "May a data engineer read `marts`?": bool(rules.table(engineer, "platform", "marts", "orders")),
    }
    assert {question: "yes" if found else "no" for question, found in answers.items()} == questions


def test_rights_of_two_groups_never_add_up(environment: Environment) -> None:
    rules = Rules(query_access.rules(environment))
    both = rules.table(Person("eve@example.com", ("support", "analysts")), "lake", "gold", "orders")
    assert both == rules.table(Person("ann@example.com", ("analysts",)), "lake", "gold", "orders")


def test_an_administrator_makes_schemas_and_reads_no_data(environment: Environment) -> None:
    rules = Rules(query_access.rules(environment))
    admin = Person("root@example.com", ("admins",))
    assert (rules.catalog(admin, "lake"), rules.catalog(admin, "system")) == ("all", "none")
    assert rules.table(admin, "lake", "gold", "orders") is None
    assert all(set(rule["privileges"]) <= {"SELECT"} for rule in rules.content["tables"])


def test_without_rules_or_log_in_nothing_may_be_read(environment: Environment) -> None:
    identity = environment.identity.model_copy(update={"oidc": None})
    empty = query_access.rules(environment.model_copy(update={"access": (), "identity": identity}))
    assert empty["schemas"] == [{"owner": False}]
    assert Rules(empty).catalog(Person("ann@example.com", ("analysts",)), "lake") == "none"


def test_the_members_of_groups_are_a_file() -> None:
    assert (
        query_access.members({"b": ["y@example.com", "x@example.com"], "a": []})
        == "a:\nb:x@example.com,y@example.com\n"
    )


def test_trino_itself_gives_these_answers(environment: Environment, tmp_path: Path) -> None:
    """Trino's own analysis and access control. The table `returns` has a column that its contract does not describe."""
    folder = os.environ.get("TERRACE_TEST_TRINO", "")
    if not (folder and shutil.which("java")):
        pytest.skip("TERRACE_TEST_TRINO does not name a folder with Trino's libraries, or there is no java")
    described = (Table("orders", "orders", COLUMNS), Table("orders", "returns", {"order_id": None, "country": None}))
    files = {
        "rules": json.dumps(query_access.rules(environment.with_product_tables(described))),
        "tables": (
            "gold\torders\torder_id,email,phone,note,country\t1,a@example.com,555-1234,x,DE;2,b@example.com,5,y,FR\n"
            "gold\treturns\torder_id,country,extra\t1,DE,secret\n"
            "gold\tdrafts\tid\t1\n"
            "bronze\traw\temail\ta@example.com\n"
        ),
    }
    done = subprocess.run(["sha256sum"], input="a@example.com", capture_output=True, text=True, check=True)
    questions = [
        ("analysts", "select * from lake.gold.orders", f"1,{done.stdout[:64]},1234,null,DE"),
        ("analysts", "select count(*) from lake.gold.orders where email = 'a@example.com'", "0"),
        ("support", "select email from lake.gold.orders order by 1", "a@example.com;b@example.com"),
        ("analysts", "select * from lake.gold.drafts", "Access Denied"),
        ("analysts", "select * from lake.bronze.raw", "Access Denied"),
        ("engineers (eu)", "select email from lake.bronze.raw", "a@example.com"),
        ("engineers (eu)", "select * from lake.gold.orders", "Access Denied"),
        ("admins", "select * from lake.gold.orders", "Access Denied"),
        ("analysts", "delete from lake.gold.orders", "Access Denied"),
        ("analysts", "select order_id from lake.gold.returns", ""),
        ("analysts", "select extra from lake.gold.returns", ""),
        ("support", "select * from lake.gold.returns", ""),
    ]
    files["questions"] = "".join(f"{who}\t{sql}\n" for who, sql, _ in questions)
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    program = Path(__file__).with_name("AskTrino.java")
    command = ["java", "-Xmx1g", "-cp", f"{folder}/*", program, *(tmp_path / name for name in files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    answers = [line.removeprefix("> ") for line in done.stdout.splitlines() if line.startswith("> ")]
    for (who, sql, expected), found in zip(questions, answers, strict=True):
        assert found == expected or (expected == "Access Denied" and expected in found), (who, sql, found)
