"""All engines answer a question about a group of people alike, since their rights are made from one table."""

import copy
import re
from dataclasses import replace
from typing import NamedTuple

import pytest

from terrace.assurance import access
from terrace.assurance.access.model import Grant
from terrace.assurance.checks import Subject
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.capabilities.streams import TopicSpec
from terrace.environment import data_access, target
from terrace.environment.schema import Environment
from terrace.workloads import query_access, topic_access
from terrace.workloads.context import Context
from tests.people_stacks import PeopleStacks
from tests.workloads.conftest import Make
from tests.workloads.postgres import Server
from tests.workloads.test_bootstrap import _plain, fresh, needs_server, run, server
from tests.workloads.test_people import Ask, ask
from tests.workloads.trino_rules import Person, Rules

__all__ = ["ask", "fresh", "run", "server"]


class Question(NamedTuple):
    """About a column of a table in a schema and in the layer of the same kind; `country` is that of the rows."""

    text: str
    group: str
    schema: str
    layer: str
    table: str
    column: str
    answer: bool
    country: str = "DE"


QUESTIONS = (
    Question("May an analyst read raw e-mail addresses?", "analysts", "raw", "bronze", "orders", "email", False),
    Question("May an analyst read e-mail addresses in marts?", "analysts", "marts", "gold", "orders", "email", False),
    Question("May an analyst read ids of orders in marts?", "analysts", "marts", "gold", "orders", "order_id", True),
    Question("May an analyst read orders from France?", "analysts", "marts", "gold", "orders", "order_id", False, "FR"),
    Question("May an analyst read what no contract describes?", "analysts", "marts", "gold", "orders", "note", False),
    Question("May an analyst read new tables?", "analysts", "marts", "gold", "drafts", "order_id", False),
    Question("May an engineer read raw e-mail addresses?", "data-engineers", "raw", "bronze", "orders", "email", True),
    Question("May an engineer read marts?", "data-engineers", "marts", "gold", "orders", "order_id", False),
    Question("May support read e-mail addresses in marts?", "support", "marts", "gold", "orders", "email", True),
    Question("May support read raw orders?", "support", "raw", "bronze", "orders", "order_id", False),
)
WHOLE = "data-engineers"
"""The one group that reads a place whole, and so its files and topics."""


@pytest.fixture(scope="module")
def environment(people_stacks: PeopleStacks) -> Environment:
    found, _ = people_stacks("aws")
    changed = found.model_copy(update={"topics": {"orders": TopicSpec()}})
    return changed.with_modules(found.enabled_modules).with_product_tables(found.product_tables)


@pytest.fixture
def context(make: Make, environment: Environment) -> Context:
    """For the job that prepares PostgreSQL, with the same rules and products."""
    plain = _plain(make("aws"))
    same = plain.environment.model_copy(
        update={"access": environment.access, "data_products": environment.data_products}
    )
    return replace(plain, environment=same.with_product_tables(environment.product_tables))


def test_the_table_of_rights_gives_these_answers(environment: Environment) -> None:
    for one in QUESTIONS:
        for place in (one.schema, one.layer):
            found = data_access.answer(environment, one.group, place, one.table, one.column) == "clear"
            rows = [
                each.rows
                for each in data_access.readable(environment)
                if (each.group, each.place, each.table) == (one.group, place, one.table)
            ]
            shown = all(one.country in values for each in rows for values in each.values())
            assert (found and shown) == one.answer, (one, place)


def test_trino_gives_the_same_answers(environment: Environment) -> None:
    rules = Rules(query_access.rules(environment))
    for one in QUESTIONS:
        for catalog, place in (("platform", one.schema), ("lake", one.layer)):
            assert _asked(rules, one, catalog, place) == one.answer, (one, place)


def _asked(rules: Rules, one: Question, catalog: str, place: str) -> bool:
    person = Person("ann@example.com", (one.group,))
    rule = rules.table(person, catalog, place, one.table)
    if rule is None or rules.column(person, catalog, place, one.table, one.column) != "clear":
        return False
    if "filter" not in rule:
        return True
    # a table with a column that is not described shows no rows
    (described,) = re.findall(r"column_name NOT IN \(([^)]*)\)", rule["filter"])
    countries = re.findall(r'CAST\("country" AS varchar\) IN \(([^)]*)\)', rule["filter"])
    return f"'{one.column}'" in described and all(f"'{one.country}'" in each for each in countries)


@needs_server
def test_postgresql_gives_the_same_answers(ask: Ask, server: Server) -> None:
    server.sql("insert into raw.orders values (1, 'a@example.com', 'DE', 'x')", database="platform")
    server.sql("insert into marts.drafts values (1, 'a@example.com', 'DE', 'x')", database="platform")
    for one in QUESTIONS:
        # a group that may not read the country may not name it
        where = f" where country = '{one.country}'" if one.country != "DE" else ""
        done = ask(one.group, f"select {one.column} from {one.schema}.{one.table}{where}")
        lines = done.stdout.split()
        assert (done.returncode == 0 and len(lines) > 1) == one.answer, (one, done.stderr)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_files_are_read_by_those_who_may_read_all_of_a_layer_only(
    people_stacks: PeopleStacks, environment: Environment, cloud: str
) -> None:
    found, document = people_stacks(cloud)
    grants = access.read(Subject(View(copy.deepcopy(document)), found, target(found))).grants
    for one in QUESTIONS:
        wanted = Grant(f"group {one.group}", "read-data", f"lake/{one.layer}/orders")
        given = any(grant.covers(wanted) for grant in grants)
        assert given == (one.answer and one.group == WHOLE), (one, cloud)
        assert not given or data_access.reads_whole(environment, one.group, one.layer)


def test_topics_are_read_by_those_who_may_read_all_that_came_in_only(environment: Environment) -> None:
    readers = {one["name"]: dict(one["topics"]) for one in topic_access.users(environment)}
    for one in (one for one in QUESTIONS if one.layer == "bronze"):
        given = readers.get(topic_access.user_of(one.group), {}).get("orders")
        assert (given == "read") == one.answer, one


def test_dashboards_show_tables_of_which_the_engine_shows_something(environment: Environment) -> None:
    """The engine decides about columns and rows, as the person who looks."""
    dashboards = pytest.importorskip("terrace.workloads.dashboard_access", reason="no module shows dashboards yet")
    seen = dashboards.groups(environment)
    for one in QUESTIONS:
        tables = {(each["schema"], each["table"]) for each in seen.get(one.group, ())}
        shown = bool({(one.schema, one.table), (one.schema, None)} & tables)
        read = any(
            each.group == one.group and each.place == one.schema and each.table in (one.table, None)
            for each in data_access.readable(environment)
        )
        assert shown == read, one
