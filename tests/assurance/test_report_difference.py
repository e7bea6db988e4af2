"""Two reports compared, and what a report takes from outside: live evidence and the time."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from terrace.assurance.guarantees import BY_ID
from terrace.assurance.proof import Broken, Holds
from terrace.assurance.report import difference
from terrace.assurance.report.live import read
from terrace.assurance.report.provenance import created
from terrace.errors import UsageError
from tests.assurance.test_report import BAD, CHECK, WAIVER, as_json, finding, gate, report


def test_a_guarantee_that_breaks_is_worse_and_one_that_is_mended_better() -> None:
    good, bad = as_json(report(gate())), as_json(report(gate(Broken((BAD,)), finding())))
    worse = difference.difference(good, bad)
    assert [(step.what, step.before, step.after) for step in worse.worse] == [
        ("test A.1", "partial", "broken"),
        ("guarantee DB-2", "proven", "broken"),
        (f"{CHECK} database/server", "", "broken"),
    ]
    assert worse.better == worse.other == ()
    better = difference.difference(bad, good)
    assert better.worse == () and len(better.better) == 3
    assert "3 worse, 0 better" in difference.text(worse)
    assert difference.difference(good, good) == difference.Difference((), (), ())


def test_a_waiver_is_better_than_a_breach_and_worse_than_none() -> None:
    waived = as_json(report(gate(Holds(1), finding(id="CKV_X_1", status="waived", waiver=WAIVER, blocks=False))))
    broken = as_json(report(gate(Holds(1), finding(id="CKV_X_1", blocks=False))))
    assert [step.after for step in difference.difference(broken, waived).better] == ["waived"]
    assert [step.after for step in difference.difference(as_json(report(gate())), waived).worse] == ["waived"]


def test_a_stack_that_is_in_one_report_only_is_neither() -> None:
    other = replace(gate(), cloud="azure")
    found = difference.difference(as_json(report(gate())), as_json(report(gate(), other)))
    assert found.worse == found.better == ()
    assert {step.stack for step in found.other} == {"prod/azure"}


@pytest.mark.parametrize("content", ["", "[]", '{"format": "other/1"}', None])
def test_what_is_no_report_is_told(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "report.json").write_text(content)
    with pytest.raises(UsageError) as told:
        difference.read(tmp_path)
    assert told.value.where.endswith("report.json") and told.value.hint


@pytest.mark.parametrize(
    "content",
    [
        None,
        "no JSON",
        "{}",
        '{"environment": "prod", "cloud": "aws", "guarantees": [{"guarantee": "DB-2", "status": "fine"}]}',
        '{"environment": "prod", "cloud": "aws", "guarantees": [{"guarantee": "X", "status": "holds"}]}',
    ],
)
def test_live_evidence_that_is_none_is_told(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "live.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError) as told:
        read(path)
    assert told.value.where == str(path)


def test_what_verify_prints_is_live_evidence(tmp_path: Path) -> None:
    from terrace.cli.verify import as_data
    from terrace.live import Result

    row = Result("DB-2", BY_ID["DB-2"].sentence, "holds", "server: tls = on", "server", "database")
    (tmp_path / "live.json").write_text(json.dumps(as_data("prod", "aws", [row])))
    assert read(tmp_path / "live.json").guarantees[0].evidence == "server: tls = on"


def test_the_time_is_source_date_epoch() -> None:
    assert created({"SOURCE_DATE_EPOCH": "0"}) == datetime(1970, 1, 1, tzinfo=UTC)
    assert created({}).microsecond == 0
    for wrong in ("now", "1e3", "9" * 30):
        with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
            created({"SOURCE_DATE_EPOCH": wrong})
