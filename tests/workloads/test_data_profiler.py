"""The module data-profiler: what its chart renders, and the software itself on a real server."""

import json
import subprocess
from pathlib import Path
from typing import Any

from terrace.workloads.context import Context
from tests.workloads.conftest import Make, of
from tests.workloads.postgres import Server
from tests.workloads.runners import IMAGE, environment, python, rendered, with_module
from tests.workloads.test_bootstrap import Run, _let_in, _plain, fresh, needs_server, run, server

__all__ = ["fresh", "run", "server"]

NAME = "data-profiler"


def _job(context: Context) -> dict[str, Any]:
    return of(rendered(context, NAME), "CronJob")[NAME]


def test_nothing_runs_without_an_image(make: Make) -> None:
    assert _job(with_module(make("aws"), NAME, {}))["spec"]["suspend"] is True
    assert _job(with_module(make("aws"), NAME, {"image": IMAGE}))["spec"]["suspend"] is False


@needs_server
def test_an_unusual_table_fails_the_run(server: Server, run: Run, make: Make, tmp_path: Path) -> None:
    program = python("TERRACE_TEST_DATA_PROFILER")
    settings = {"image": IMAGE, "anomalies": {"rows": 0.5, "nulls": 0.1, "after": 2}, "rows": 150}
    context = _plain(with_module(make("aws"), NAME, settings))
    done = run(context)
    assert done.returncode == 0, done.stderr
    _let_in(server, NAME)
    server.sql(
        "create table marts.orders as select i as order_id, 'c' || i || '@example.com' as email, i * 2 as total"
        " from generate_series(1, 200) i",
        "create table marts.empty (order_id int)",
        "create table marts.secret (order_id int)",
        f'grant select on marts.orders, marts.empty to "{NAME}"',
        database="platform",
    )
    for _ in range(2):
        done = _profile(program, context, server, tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "usual   marts.orders: 200 rows" in done.stdout
    assert "marts.secret" not in done.stdout
    kept = server.sql("select profile from profiles where \"table\" = 'orders' limit 1", database=NAME)
    assert json.loads(kept)["columns"]["total"].keys() == {"type", "nulls", "unique", "mean"}
    assert "@example.com" not in server.sql("select jsonb_agg(profile) from profiles", database=NAME)

    server.sql(
        "update marts.orders set email = null where order_id > 100",
        "alter table marts.orders drop column total, add column country text default 'DE'",
        "delete from marts.orders where order_id between 1 and 120",
        database="platform",
    )
    done = _profile(program, context, server, tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    found = {line.strip() for line in done.stdout.splitlines() if line.startswith("        ")}
    assert found == {
        "80 rows, usually 200",
        "column total is missing",
        "column country is new",
        "column email: 100.0% nulls, usually 0.0%",
    }
    assert "usual   marts.empty: 0 rows" in done.stdout


def _profile(program: str, context: Context, server: Server, folder: Path) -> subprocess.CompletedProcess[str]:
    for name, text in of(rendered(context, NAME), "ConfigMap")[NAME]["data"].items():
        (folder / name).write_text(text)
    container = _job(context)["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    command = [one.replace("/config", str(folder)) for one in container["command"]]
    env = environment(server, NAME, container, folder)
    return subprocess.run([program, *command[1:]], cwd=folder, env=env, capture_output=True, text=True, timeout=300)
