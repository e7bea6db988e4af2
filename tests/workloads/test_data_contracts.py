"""The module data-contracts: what its chart renders, and the software itself on a real server and a real repository."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from terrace.environment.schema import DataProduct
from terrace.workloads.context import Context
from tests.conftest import ROOT
from tests.workloads.conftest import Make, of
from tests.workloads.postgres import Server
from tests.workloads.runners import IMAGE, environment, python, rendered, with_module
from tests.workloads.test_bootstrap import Run, _let_in, _plain, fresh, needs_server, run, server

__all__ = ["fresh", "run", "server"]

NAME = "data-contracts"
VARIABLE = "TERRACE_TEST_DATA_CONTRACTS"
CONTRACT = """
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
      - {name: order_id, logicalType: integer, physicalType: integer, required: true, primaryKey: true}
      - {name: email, logicalType: string, physicalType: text, customProperties: [{property: mask, value: hash}]}
      - {name: country, logicalType: string, physicalType: text}
"""


def chosen(found: Context, folder: Path, settings: dict[str, Any]) -> Context:
    """The context with the module, and with a data product whose contract is in `folder`."""
    (folder / "contracts").mkdir(exist_ok=True)
    (folder / "contracts" / "orders.yaml").write_text(CONTRACT)
    product = DataProduct.model_validate(
        {"name": "orders", "owner": "sales", "classification": "internal", "layers": ["gold"], "retention_days": 30,
         "contract": "contracts/orders.yaml"}, strict=False
    )  # fmt: skip
    made = with_module(found, NAME, settings)
    return replace(made, environment=made.environment.model_copy(update={"data_products": (product,)}), root=folder)


def _job(context: Context) -> dict[str, Any]:
    return of(rendered(context, NAME), "CronJob")[NAME]


def test_a_run_needs_an_image_and_a_contract(make: Make, tmp_path: Path) -> None:
    assert _job(chosen(make("aws"), tmp_path, {"image": IMAGE}))["spec"]["suspend"] is False
    assert _job(chosen(make("aws"), tmp_path, {}))["spec"]["suspend"] is True
    assert _job(with_module(make("aws"), NAME, {"image": IMAGE}))["spec"]["suspend"] is True


def test_the_schema_of_a_table_may_differ_from_that_of_its_product(make: Make, tmp_path: Path) -> None:
    def places(schemas: dict[str, Any]) -> tuple[str, dict[str, str]]:
        objects = rendered(chosen(make("aws"), tmp_path, {"schemas": schemas}), NAME)
        found = json.loads(of(objects, "ConfigMap")[NAME]["data"]["contracts.json"])["orders"]
        return found["schema"], found["tables"]

    assert places({}) == ("marts", {})
    assert places({"orders": "raw"}) == ("raw", {})
    assert places({"orders": {"orders": "raw"}}) == ("marts", {"orders": "raw"})


@needs_server
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("alter table raw.orders drop column country", "country"),
        ("alter table raw.orders alter column country type int using 1", "country"),
        ("insert into raw.orders values (null, 'eve@example.com', 'FR')", "order_id"),
    ],
    ids=["no column", "another type", "a required value is missing"],
)
def test_a_table_that_differs_from_its_contract_fails_the_run(
    server: Server, run: Run, make: Make, tmp_path: Path, change: str, told: str
) -> None:
    program = python(VARIABLE)
    context = _plain(chosen(make("aws"), tmp_path, {"image": IMAGE, "schemas": {"orders": "raw"}}))
    done = run(context)
    assert done.returncode == 0, done.stderr
    _let_in(server, NAME)
    server.sql(
        "create table raw.orders (order_id int, email text, country text)",
        "insert into raw.orders values (1, 'ann@example.com', 'DE')",
        f'grant select on raw.orders to "{NAME}"',
        database="platform",
    )
    done = _compare(program, context, server, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed   orders 1.0.0 in raw" in done.stdout
    server.sql(change, database="platform")
    done = _compare(program, context, server, tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert any("failed" in line and told in line for line in done.stdout.splitlines()), done.stdout
    assert "eve@example.com" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        (("      - {name: country, logicalType: string, physicalType: text}\n", ""), 1, "country"),
        (("physicalType: integer", "physicalType: text"), 1, "order_id"),
        (("required: true, ", ""), 1, "order_id"),
        (("version: 1.0.0\n", "version: 1.1.0\n"), 0, "readers can go on"),
        (("text}\n", "text}\n      - {name: city, logicalType: string}\n"), 0, "readers can go on"),
    ],
    ids=["column removed", "type changed", "promise weakened", "version", "column added"],
)
def test_a_breaking_change_of_a_contract_is_refused(
    tmp_path: Path, change: tuple[str, str], code: int, told: str
) -> None:
    program = python(VARIABLE)
    file = _repository(tmp_path)
    changed = CONTRACT.replace(*change)
    assert changed != CONTRACT
    file.write_text(changed)
    done = _refuse(program, tmp_path, "HEAD", file.name)
    assert (done.returncode, told in done.stdout) == (code, True), done.stdout + done.stderr
    if code:  # the same change with a new major version
        file.write_text(changed.replace("version: 1.0.0\n", "version: 2.0.0\n"))
        assert _refuse(program, tmp_path, "HEAD", file.name).returncode == 0


def test_contracts_that_are_new_or_deleted(tmp_path: Path) -> None:
    program = python(VARIABLE)
    file = _repository(tmp_path)
    (tmp_path / "returns.yaml").write_text(CONTRACT)
    assert _refuse(program, tmp_path, "HEAD", "returns.yaml").returncode == 0
    file.unlink()
    assert "it was deleted" in _refuse(program, tmp_path, "HEAD", file.name).stdout
    assert _refuse(program, tmp_path, "HEAD", file.name).returncode == 1
    assert _refuse(program, tmp_path, "no-such-branch", file.name).returncode == 2


def test_earlier_contracts_may_be_in_a_folder(tmp_path: Path) -> None:
    program = python(VARIABLE)
    (tmp_path / "earlier").mkdir()
    (tmp_path / "orders.yaml").write_text(CONTRACT.replace("required: true, ", ""))
    assert "is new" in _refuse(program, tmp_path, "earlier", "orders.yaml").stdout
    (tmp_path / "earlier" / "orders.yaml").write_text(CONTRACT)
    assert _refuse(program, tmp_path, "earlier", "orders.yaml").returncode == 1


def _repository(folder: Path) -> Path:
    """A repository with the contract committed."""
    file = folder / "orders.yaml"
    file.write_text(CONTRACT)
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "contract"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return file


def _refuse(program: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = ROOT / "modules" / NAME / "runner" / "compare.py"
    return subprocess.run(
        [program, script, *arguments], cwd=folder, capture_output=True, text=True, timeout=120
    )  # fmt: skip


def _compare(program: str, context: Context, server: Server, folder: Path) -> subprocess.CompletedProcess[str]:
    for name, text in of(rendered(context, NAME), "ConfigMap")[NAME]["data"].items():
        (folder / name).write_text(text)
    container = _job(context)["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    command = [one.replace("/config", str(folder)) for one in container["command"]]
    env = environment(server, NAME, container, folder)
    return subprocess.run([program, *command[1:]], cwd=folder, env=env, capture_output=True, text=True, timeout=300)
