"""The module dbt: its job as its chart renders it, with dbt itself and a real server."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from terrace.modules import loading
from terrace.modules.enabled import EnabledModule
from terrace.workloads import helm
from terrace.workloads.context import Context
from terrace.workloads.release import Release
from terrace.workloads.values import values
from tests.conftest import ROOT
from tests.workloads.conftest import Make, outputs
from tests.workloads.postgres import HOST, Server
from tests.workloads.test_bootstrap import MODULE_PASSWORD, Run, _let_in, _plain, fresh, needs_server, run, server

__all__ = ["fresh", "run", "server"]

FOLDER = ROOT / "modules" / "dbt"
OWN = {"image": {"tag": "1", "digest": f"sha256:{'0' * 64}"}, "schedule": "0 1 * * *", "threads": 2}


def with_dbt(found: Context, settings: dict[str, Any]) -> Context:
    contract = loading.load(FOLDER, "modules/dbt").contract
    dbt = EnabledModule("dbt", contract, FOLDER, "dbt", "small", settings, {}, ())
    modules = {**found.modules, "dbt": dbt}
    made = outputs(found.environment.cloud, found.target.region, modules)
    made = made.model_copy(update={"repositories": {"dbt": "registry.example.com/dpf-dev/dbt"}})
    return replace(found, environment=found.environment.with_modules(modules), outputs=made)


def rendered(context: Context) -> dict[str, Any]:
    """Kind to object."""
    program = helm.find(ROOT, os.environ)
    if program is None:
        pytest.skip("helm is not installed")
    release = Release("dbt", "dbt", "dbt", FOLDER / "chart", values(context.modules["dbt"], context), ())
    return {one["kind"]: one for one in program.template(release, FOLDER / "chart", kubernetes="1.35.0")}


def test_nothing_runs_without_a_project(make: Make) -> None:
    contract = loading.load(FOLDER, "modules/dbt").contract
    found = values(*_of(with_dbt(make("aws"), dict(contract.settings))))
    assert (found["suspend"], found["image"].partition("@")[0]) == (True, "ghcr.io/dbt-labs/dbt-postgres:1.9.latest")
    found = values(*_of(with_dbt(make("aws"), OWN)))
    assert (found["suspend"], found["image"]) == (False, f"registry.example.com/dpf-dev/dbt:1@sha256:{'0' * 64}")


def _of(context: Context) -> tuple[EnabledModule, Context]:
    return context.modules["dbt"], context


@needs_server
def test_a_run_makes_tables_that_others_may_read(server: Server, run: Run, make: Make, tmp_path: Path) -> None:
    program = os.environ.get("TERRACE_TEST_DBT", "")
    if not program:
        pytest.skip("TERRACE_TEST_DBT does not name dbt's program")
    context = _plain(with_dbt(make("aws"), OWN))
    config = rendered(context)["ConfigMap"]["data"]
    done = run(context)
    assert done.returncode == 0, done.stderr
    _let_in(server, "dbt")
    for name, text in config.items():
        (tmp_path / name).write_text(text.replace("port: 5432", f"port: {server.port}"))
    project = tmp_path / "project"
    for name, text in {
        "dbt_project.yml": "name: orders\nversion: 1.0.0\nprofile: terrace\nmodels: {+schema: marts}\n",
        "macros/schema.sql": "{% macro generate_schema_name(name, node) %}{{ name or target.schema }}{% endmacro %}",
        "models/orders.sql": "{{ config(materialized='table') }} select 1 as order_id",
    }.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    password = tmp_path / "password"
    password.write_text(f"{HOST}:*:*:dbt:{MODULE_PASSWORD}\n")
    password.chmod(0o600)
    env = server.environment("dbt", "", "platform") | {"PGPASSFILE": str(password), "HOME": str(tmp_path)}
    del env["PGPASSWORD"]
    build = ["build", "--project-dir", project, "--profiles-dir", tmp_path, "--profile", "terrace"]
    folders = ["--log-path", tmp_path / "logs", "--target-path", tmp_path / "target"]
    done = subprocess.run([program, *build, *folders], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    plan = (tmp_path / "plan.json").read_text()
    command = ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-v", f"plan={plan}", "-f", tmp_path / "people.sql"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert server.sql("select order_id from marts.orders", database="platform") == "1"
    assert server.sql("select tableowner from pg_tables where tablename = 'orders'", database="platform") == "dbt"


def test_dbt_and_the_rights_have_the_password_file(make: Make) -> None:
    job = rendered(with_dbt(make("gcp"), OWN))["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert [one["name"] for one in job["initContainers"]] == ["database-login", "build"]
    for one in (job["initContainers"][1], *job["containers"]):
        env = {each["name"]: each["value"] for each in one["env"]}
        assert (env["PGDATABASE"], env["PGPASSFILE"]) == ("platform", "/run/terrace/database/password")
