"""What breaks the contract of the product, or the expectations of its tables, does not reach silver."""

import shutil
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from terrace.flow import run
from terrace.flow.plane import Plane
from terrace.flow.run import Evidence, Refused
from tests.flow.conftest import ROWS, SEED, ask, needs_engines, result

pytestmark = needs_engines

SILVER = (
    "import json, wiring; t = wiring.table('spark', 'silver', 'orders');"
    "print(json.dumps([t.scan().to_arrow().num_rows, wiring.said(t)['source']]))"
)


@pytest.fixture
def bronze(plane: Plane, first: Evidence) -> Iterator[None]:
    """Bronze without what a test adds to it: an object stays, and would fail each later check."""
    start = "import json, wiring; bronze = wiring.objects('airflow', 'bronze');"
    keys = start + "print(json.dumps(bronze.names()))"
    before = ask(plane, keys)
    yield
    for key in set(ask(plane, keys)) - set(before):
        ask(plane, start + f"bronze.delete({key!r}); print(0)")
    assert result(run.flow(plane, ROWS, SEED)) == result(first)


def test_each_check_is_in_the_evidence(first: Evidence) -> None:
    says = [f"{one['module']}: {one['says']}" for one in first.checks]
    assert any(one.startswith("data-contracts: orders 1.0.0 in raw: ") for one in says)
    assert any(one.startswith("data-contracts: orders 1.0.0 in marts: ") for one in says)
    assert any("great-expectations: raw.batches expect_column_values_to_be_between" in one for one in says)
    assert any("great-expectations: marts.customers expect_column_values_to_be_between" in one for one in says)


@pytest.mark.usefixtures("bronze")
def test_events_in_another_schema_are_refused_before_silver(plane: Plane, tmp_path: Path) -> None:
    before = ask(plane, SILVER)
    folder = tmp_path / "product"
    shutil.copytree(plane.product.folder, folder)
    events = folder / "jobs" / "events.py"
    events.write_text(events.read_text().replace('"amount": round(', '"total": round('))
    with pytest.raises(Refused, match=r"(?s)great-expectations, raw refuses.*FAILED raw.batches .*share"):
        run.flow(replace(plane, product=replace(plane.product, folder=folder)), ROWS, SEED)
    assert ask(plane, SILVER) == before


def test_a_contract_on_which_readers_cannot_rely_is_refused(plane: Plane, first: Evidence) -> None:
    before = ask(plane, SILVER)
    contract = deepcopy(plane.product.contract)
    country = next(one for one in contract["schema"][1]["properties"] if one["name"] == "country")
    country["logicalType"] = "integer"
    wiring = plane.home / "wiring.json"
    wiring.unlink()  # it has the contract
    steps: list[str] = []
    with pytest.raises(Refused, match=r"(?s)contract.py refuses.*breaks what readers rely on.*country"):
        run.flow(replace(plane, product=replace(plane.product, contract=contract)), ROWS, SEED, on_step=steps.append)
    wiring.unlink()
    assert steps[-1] == "contract"
    assert ask(plane, SILVER) == before
