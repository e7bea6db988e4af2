"""Modules that read or write the platform's schemas: the job's scripts against a real server."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest

from terrace.capabilities.spec import Access
from terrace.modules.contract import DatabaseNeed
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
from tests.workloads.test_people import RULES, with_access

__all__ = ["fresh", "run", "server"]

pytestmark = needs_server

As = Callable[[str, str], subprocess.CompletedProcess[str]]


def platform(context: Context, **rights: Access | None) -> Context:
    """With a right of modules on the platform's schemas."""
    modules = dict(context.modules)
    for name, right in rights.items():
        needs = modules[name].needs.model_copy(update={"database": DatabaseNeed(platform=right)})
        modules[name] = replace(modules[name], contract=modules[name].contract.model_copy(update={"needs": needs}))
    return replace(context, environment=context.environment.with_modules(modules))


@pytest.fixture
def context(make: Make) -> Context:
    """The warehouse writes, the loader reads."""
    return platform(_plain(make("aws")), warehouse="write", loader="read")


@pytest.fixture
def ask(server: Server, run: Run, context: Context) -> As:
    """Ask the platform's database as a module; the warehouse has made a table in `marts`, and has run people.sql."""
    done = run(context)
    assert done.returncode == 0, done.stderr
    _let_in(server, "warehouse", "loader")

    def go(role: str, statement: str) -> subprocess.CompletedProcess[str]:
        return server.try_sql(statement, user=role, password=MODULE_PASSWORD, database="platform")

    assert go("warehouse", "create table marts.orders as select 1 as order_id, 'DE' as country").returncode == 0
    return go


def people(server: Server, context: Context) -> subprocess.CompletedProcess[str]:
    """people.sql, as the module that made the tables runs it."""
    plan = json.dumps(json.loads(bootstrap.files(context)["plan.json"]))
    command = ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-v", f"plan={plan}", "-f", str(bootstrap.SQL / "people.sql")]
    env = server.environment("warehouse", MODULE_PASSWORD, "platform")
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=30)


def test_a_reader_reads_what_a_writer_makes_and_writes_nothing(ask: As, server: Server, context: Context) -> None:
    assert "permission denied" in ask("loader", "select * from marts.orders").stderr
    done = people(server, context)
    assert done.returncode == 0, done.stderr
    assert ask("loader", "select order_id from marts.orders").stdout == "1\n"
    for statement in (
        "insert into marts.orders values (2)",
        "drop table marts.orders",
        "create table marts.own (a int)",
        "create schema own",
    ):
        assert ask("loader", statement).returncode != 0, statement
    assert ask("warehouse", "create schema own").returncode != 0
    assert people(server, context).stdout == ""


def test_tables_of_the_administrator_can_be_read_and_not_changed(
    ask: As, server: Server, run: Run, context: Context
) -> None:
    server.sql("create table raw.events (id int)", f"alter table raw.events owner to {ADMIN}", database="platform")
    assert run(context).returncode == 0
    for role in ("warehouse", "loader"):
        assert ask(role, "select count(*) from raw.events").stdout == "0\n"
        assert "permission denied" in ask(role, "insert into raw.events values (1)").stderr


def test_rows_of_people_do_not_limit_modules(ask: As, server: Server, context: Context, run: Run) -> None:
    with_people = with_access(context, *RULES)
    assert run(with_people).returncode == 0
    assert ask("warehouse", "create table marts.drafts as select 1 as a; drop table marts.orders").returncode == 0
    made = "create table marts.orders as select 1 as order_id, 'a' as email, 'FR' as country"
    assert ask("warehouse", made).returncode == 0
    assert people(server, with_people).returncode == 0
    assert ask("loader", "select country from marts.orders").stdout == "FR\n"  # analysts read DE only
    assert ask("loader", "set role group_analysts").returncode != 0


def test_a_second_run_changes_nothing_and_a_lost_right_is_revoked(
    ask: As, server: Server, run: Run, context: Context
) -> None:
    assert people(server, context).returncode == 0
    done = run(context)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout
    server.sql("grant create on schema marts to loader with grant option", database="platform")
    assert run(context).returncode == 0
    assert "permission denied" in ask("loader", "create table marts.own (a int)").stderr
    assert ask("loader", "select order_id from marts.orders").stdout == "1\n"
    less = platform(context, loader=None)
    assert run(less).returncode == 0
    assert 'permission denied for database "platform"' in ask("loader", "select 1").stderr
    assert run(less).stdout == ""
