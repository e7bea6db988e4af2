"""The module great-expectations: what its chart renders, and the software itself on a real server."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.workloads.context import Context
from tests.workloads.conftest import Make, of
from tests.workloads.postgres import Server
from tests.workloads.runners import IMAGE, environment, python, rendered, with_module
from tests.workloads.test_bootstrap import Run, _let_in, _plain, fresh, needs_server, run, server

__all__ = ["fresh", "run", "server"]

NAME = "great-expectations"
SUITES = {
    "raw": {
        "orders": [
            {"expect_column_values_to_not_be_null": {"column": "order_id"}},
            {"expect_column_values_to_be_in_set": {"column": "country", "value_set": ["DE", "AT"]}},
        ]
    },
    "marts": {"revenue": [{"expect_column_values_to_be_between": {"column": "total", "min_value": 0}}]},
}


def chosen(found: Context) -> Context:
    return with_module(found, NAME, {"image": IMAGE, "suites": SUITES})


def test_each_schema_has_a_job_that_runs_with_an_image_and_expectations_only(make: Make) -> None:
    def suspended(settings: Mapping[str, Any]) -> dict[str, bool]:
        jobs = of(rendered(with_module(make("aws"), NAME, settings), NAME), "CronJob")
        return {name.removeprefix(f"{NAME}-"): job["spec"]["suspend"] for name, job in jobs.items()}

    all_four = {"raw": True, "staging": True, "intermediate": True, "marts": True}
    assert suspended({}) == suspended({"suites": SUITES}) == suspended({"image": IMAGE}) == all_four
    assert suspended({"image": IMAGE, "suites": SUITES}) == {**all_four, "raw": False, "marts": False}


@pytest.mark.parametrize(
    ("cloud", "place"),
    [
        ("aws", {"bucket": "dpf-dev-artifacts-1a2b"}),
        ("azure", {"container": "artifacts", "account_url": "https://dpfdev1a2b.blob.core.windows.net"}),
        ("gcp", {"bucket": "dpf-dev-artifacts-1a2b"}),
    ],
)
def test_pages_are_in_the_folder_of_the_module(make: Make, cloud: str, place: dict[str, str]) -> None:
    store = _checks(chosen(make(cloud)))["pages"]["store_backend"]
    assert place.items() <= store.items()
    assert store["prefix"].startswith(f"{NAME}/")


@needs_server
def test_a_bad_row_fails_the_checkpoint_of_its_schema_only(
    server: Server, run: Run, make: Make, tmp_path: Path
) -> None:
    program = python("TERRACE_TEST_GREAT_EXPECTATIONS")
    context = _plain(chosen(make("aws")))
    done = run(context)
    assert done.returncode == 0, done.stderr
    _let_in(server, NAME)
    server.sql(
        "create table raw.orders (order_id int, country text, email text)",
        "insert into raw.orders values (1, 'DE', 'ann@example.com'), (2, 'AT', 'bob@example.com')",
        "create table marts.revenue (total int)",
        "insert into marts.revenue values (10)",
        f'grant select on raw.orders, marts.revenue to "{NAME}"',
        database="platform",
    )
    pages = tmp_path / "pages"
    _lay(context, tmp_path, pages)
    done = _check(program, context, server, tmp_path, "raw")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "holds  raw.orders expect_column_values_to_not_be_null" in done.stdout
    assert (pages / "index.html").is_file()

    server.sql("insert into raw.orders values (null, 'FR', 'eve@example.com')", database="platform")
    done = _check(program, context, server, tmp_path, "raw")
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.count("FAILED raw.orders") == 2
    texts = [page.read_text(errors="replace") for page in pages.rglob("*.html")]
    assert any("33.3" in text for text in texts)
    assert not [text for text in texts if re.search(r"\bFR\b", text)]
    done = _check(program, context, server, tmp_path, "marts")
    assert done.returncode == 0, done.stdout + done.stderr


@needs_server
def test_a_missing_column_is_named(server: Server, run: Run, make: Make, tmp_path: Path) -> None:
    program = python("TERRACE_TEST_GREAT_EXPECTATIONS")
    context = _plain(chosen(make("aws")))
    done = run(context)
    assert done.returncode == 0, done.stderr
    _let_in(server, NAME)
    server.sql(
        "create table marts.revenue (sum int)", f'grant select on marts.revenue to "{NAME}"', database="platform"
    )
    _lay(context, tmp_path, tmp_path / "pages")
    done = _check(program, context, server, tmp_path, "marts")
    assert done.returncode == 1, done.stdout + done.stderr
    assert '"total" in BatchData does not exist' in done.stdout


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_orchestrator_may_start_a_checkpoint_and_no_more(make: Make, cloud: str) -> None:
    objects = rendered(chosen(with_module(make(cloud), "airflow", {})), NAME)
    role, binding = of(objects, "Role")["start-jobs"], of(objects, "RoleBinding")["start-jobs"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "airflow", "namespace": "airflow"}]
    writes = {(one, verb) for rule in role["rules"] for one in rule["resources"] for verb in rule["verbs"]}
    assert {each for each in writes if each[1] not in ("get", "list", "watch")} == {("jobs", "create")}
    assert not of(rendered(chosen(make(cloud)), NAME), "Role")


def _checks(context: Context) -> dict[str, Any]:
    data = of(rendered(context, NAME), "ConfigMap")[NAME]["data"]
    found: dict[str, Any] = json.loads(data["checks.json"])
    return found


def _lay(context: Context, folder: Path, pages: Path) -> None:
    """The files of the ConfigMap, with the pages on a disk in place of the lake."""
    data = of(rendered(context, NAME), "ConfigMap")[NAME]["data"]
    checks = json.loads(data["checks.json"])
    checks["pages"]["store_backend"] = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(pages)}
    (folder / "checks.json").write_text(json.dumps(checks))
    (folder / "run.py").write_text(data["run.py"])


def _check(
    program: str, context: Context, server: Server, folder: Path, schema: str
) -> subprocess.CompletedProcess[str]:
    job = of(rendered(context, NAME), "CronJob")[f"{NAME}-{schema}"]
    container = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    command = [one.replace("/config", str(folder)) for one in container["command"]]
    env = environment(server, NAME, container, folder)
    return subprocess.run(
        [program, *command[1:]], cwd=folder, env=env, capture_output=True, text=True, timeout=300
    )  # fmt: skip
