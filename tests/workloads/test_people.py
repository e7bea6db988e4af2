"""What people may read in the database: sql/people.sql against a real server, in the job and as the owner of tables."""

import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest

from terrace.capabilities.data_access import DataAccessSpec, Mask
from terrace.environment.contracts import Table
from terrace.environment.data_access import Answer, answer
from terrace.environment.schema import DataProduct
from terrace.workloads import bootstrap
from terrace.workloads.context import Context
from tests.workloads.conftest import Make
from tests.workloads.postgres import Server
from tests.workloads.test_bootstrap import (
    ADMIN,
    MODULE_PASSWORD,
    Run,
    _let_in,
    _plain,
    fresh,
    needs_server,
    run,
    server,
)

__all__ = ["fresh", "run", "server"]

pytestmark = needs_server

COLUMNS: dict[str, Mask | None] = {"order_id": None, "email": "hash", "country": None}
RULES = (
    DataAccessSpec(groups=("engineers",), schemas=("raw", "marts"), personal_data="clear"),
    DataAccessSpec(groups=("analysts",), schemas=("marts",), rows={"country": ("DE", "it's")}),
    DataAccessSpec(groups=("support",), schemas=("marts",), products=("orders",), personal_data="clear"),
)

Ask = Callable[[str, str], subprocess.CompletedProcess[str]]


def with_access(context: Context, *rules: DataAccessSpec) -> Context:
    product = DataProduct(
        name="orders",
        owner="sales",
        classification="internal",
        layers=("gold",),
        retention_days=30,
        contract="orders.yaml",
    )
    environment = context.environment.model_copy(update={"access": rules, "data_products": (product,)})
    return replace(context, environment=environment.with_product_tables((Table("orders", "orders", COLUMNS),)))


@pytest.fixture
def context(make: Make) -> Context:
    return with_access(_plain(make("aws")), *RULES)


@pytest.fixture
def ask(server: Server, run: Run, context: Context) -> Ask:
    """Ask the server as a group. Its tables exist before the job runs."""
    assert run(with_access(context)).returncode == 0
    server.sql(
        *(
            f"create table {name} (order_id int, email text, country text, note text)"
            for name in ("raw.orders", "marts.orders", "marts.drafts")
        ),
        "insert into marts.orders values (1, 'a@example.com', 'DE'), (2, 'b@example.com', 'FR'), (3, 'c', 'it''s')",
        *(f"alter table {name} owner to {ADMIN}" for name in ("raw.orders", "marts.orders", "marts.drafts")),
        database="platform",
    )
    done = run(context)
    assert done.returncode == 0, done.stderr
    return lambda group, question: server.try_sql(f'set role "group_{group}"; {question}', database="platform")


def test_the_server_answers_as_the_table_of_rights(ask: Ask, context: Context) -> None:
    for group in ("engineers", "analysts", "support"):
        for place, table in (("raw", "orders"), ("marts", "orders"), ("marts", "drafts")):
            for column in ("order_id", "email", "country", "note"):
                done = ask(group, f"select {column} from {place}.{table}")
                expected: Answer = answer(context.environment, group, place, table, column)
                # the database gives no masked values: a masked column is not granted
                assert (done.returncode == 0) == (expected == "clear"), (group, place, table, column, done.stderr)
                assert done.returncode == 0 or "permission denied" in done.stderr
    assert ask("analysts", "select order_id from marts.orders").stdout.split() == ["SET", "1", "3"]
    assert ask("support", "select order_id from marts.orders").stdout.split() == ["SET", "1", "2", "3"]
    assert ask("engineers", "select order_id from marts.orders").stdout.split() == ["SET", "1", "2", "3"]


def test_people_write_nothing_and_cannot_log_in(ask: Ask, server: Server) -> None:
    for statement in (
        "insert into marts.orders values (4)",
        "delete from marts.orders",
        "create table marts.own (a int)",
        "truncate raw.orders",
    ):
        done = ask("engineers", statement)
        assert "permission denied" in done.stderr, (statement, done.stderr)
    server.sql(f"alter role group_analysts password '{MODULE_PASSWORD}'")
    done = server.try_sql("select 1", user="group_analysts", password=MODULE_PASSWORD, database="platform")
    assert "not permitted to log in" in done.stderr


def test_a_second_run_changes_nothing_but_rights_that_no_rule_gives(
    ask: Ask, server: Server, run: Run, context: Context
) -> None:
    right = server.definitions()
    done = run(context)
    assert (done.returncode, done.stdout) == (0, "")
    assert server.definitions() == right
    server.sql(
        "grant all on all tables in schema raw, marts to group_analysts",
        "grant select (email), update (email) on marts.orders to group_analysts",
        "grant usage, create on schema raw to group_analysts",
        "grant usage on schema marts to group_analysts with grant option",
        "grant create, connect on database platform to group_analysts with grant option",
        "alter policy group_analysts on marts.orders using (true)",
        "comment on policy group_analysts on marts.orders is 'by hand'",
        "alter role group_analysts login",
        database="platform",
    )
    assert server.definitions() != right
    assert run(context).returncode == 0
    assert sorted(server.definitions().splitlines()) == sorted(right.splitlines())


def test_without_rules_nothing_is_left(ask: Ask, server: Server, run: Run, context: Context) -> None:
    assert run(with_access(context)).returncode == 0
    for group in ("engineers", "analysts", "support"):
        assert "permission denied" in ask(group, "select order_id from marts.orders").stderr
    definitions = server.definitions()
    # from PostgreSQL 16 on, who makes a role may grant it
    given = [line for line in definitions.splitlines() if "group_" in line and f"TO {ADMIN} " not in line]
    assert "GRANT" not in "".join(given)
    assert "POLICY" not in definitions and "ROW LEVEL SECURITY" not in definitions


def test_the_owner_of_new_tables_gives_the_rights_on_them(ask: Ask, server: Server, context: Context) -> None:
    """A module that makes tables runs the script after it, with rights on its own tables only."""
    server.sql(
        "create role builder login",
        "grant usage, create on schema marts to builder",
        "grant connect, temporary on database platform to builder",
        "drop table marts.orders",
        database="platform",
    )
    _let_in(server, "builder")
    made = server.try_sql(
        "create table marts.orders as select 1 as order_id, 'a' as email, 'DE' as country",
        user="builder", password=MODULE_PASSWORD, database="platform",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert "permission denied" in ask("analysts", "select order_id from marts.orders").stderr
    plan = bootstrap.files(context)["plan.json"]
    done = subprocess.run(
        ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-v", f"plan={plan}", "-f", bootstrap.SQL / "people.sql"],
        env=server.environment("builder", MODULE_PASSWORD, "platform"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert ask("analysts", "select order_id from marts.orders").stdout.split() == ["SET", "1"]
    assert "permission denied" in ask("analysts", "select email from marts.orders").stderr
    own = server.try_sql(
        "select count(*) from marts.orders", user="builder", password=MODULE_PASSWORD, database="platform"
    )
    assert own.stdout.strip() == "1"


def test_the_conditions_on_rows_are_for_members_of_groups(ask: Ask, server: Server) -> None:
    server.sql(
        "create role alice login in role group_analysts",
        "create role exporter login",
        "grant usage on schema marts to exporter",
        "grant select on marts.orders to exporter",
        "grant connect on database platform to exporter",
        database="platform",
    )
    _let_in(server, "alice", "exporter")
    for user, rows in (("alice", ["1", "3"]), ("exporter", ["1", "2", "3"])):
        question = "select order_id from marts.orders"
        done = server.try_sql(question, user=user, password=MODULE_PASSWORD, database="platform")
        assert done.stdout.split() == rows, done.stderr
