"""Comparing two reports, and the external inputs of a report: live evidence and the time."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from terrace.assurance.evaluation import Observation, Outcome, result_of
from terrace.assurance.guarantees import BY_ID
from terrace.assurance.report import difference
from terrace.assurance.report.live import read
from terrace.assurance.report.provenance import created
from terrace.errors import UsageError
from tests.assurance.test_report import BROKEN, CHECK, HOLDS, WAIVER, as_json, finding, gate, report


def test_a_newly_broken_guarantee_is_worse_and_a_fixed_one_better() -> None:
    good, bad = as_json(report(gate())), as_json(report(gate(BROKEN, finding())))
    worse = difference.difference(good, bad)
    assert [(step.subject, step.before, step.after) for step in worse.worse] == [
        ("test A.1", "partial", "broken"),
        ("guarantee DB-2", "holds", "broken"),
        (f"{CHECK} database/server", "", "broken"),
    ]
    assert worse.better == worse.other == ()
    better = difference.difference(bad, good)
    assert better.worse == () and len(better.better) == 3
    assert "3 worse, 0 better" in difference.text(worse)
    assert difference.difference(good, good) == difference.Difference((), (), ())


def test_a_waived_finding_is_better_than_a_broken_one_and_worse_than_none() -> None:
    waived = as_json(report(gate(HOLDS, finding(id="CKV_X_1", status="waived", waiver=WAIVER, blocks=False))))
    broken = as_json(report(gate(HOLDS, finding(id="CKV_X_1", blocks=False))))
    assert [step.after for step in difference.difference(broken, waived).better] == ["waived"]
    assert [step.after for step in difference.difference(as_json(report(gate())), waived).worse] == ["waived"]


def test_a_stack_of_only_one_report_is_neither_better_nor_worse() -> None:
    other = replace(gate(), cloud="azure")
    found = difference.difference(as_json(report(gate())), as_json(report(gate(), other)))
    assert found.worse == found.better == ()
    assert {step.stack for step in found.other} == {"prod/azure"}


@pytest.mark.parametrize("content", ["", "[]", '{"format": "other/1"}', None])
def test_a_file_that_is_not_a_report_is_rejected(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "report.json").write_text(content)
    with pytest.raises(UsageError) as raised:
        difference.read(tmp_path)
    assert raised.value.where.endswith("report.json") and raised.value.hint


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
def test_a_file_that_is_not_live_evidence_is_rejected(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "live.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError) as raised:
        read(path)
    assert raised.value.where == str(path)


def test_the_output_of_verify_is_live_evidence(tmp_path: Path) -> None:
    from terrace.cli.verify import as_data

    row = result_of(BY_ID["DB-2"], [Outcome(CHECK, "holds", (Observation("server", "tls = on", True),))])
    (tmp_path / "live.json").write_text(json.dumps(as_data("prod", "aws", [row])))
    assert read(tmp_path / "live.json").guarantees[0].evidence == "server: tls = on"


def test_the_time_is_source_date_epoch() -> None:
    assert created({"SOURCE_DATE_EPOCH": "0"}) == datetime(1970, 1, 1, tzinfo=UTC)
    assert created({}).microsecond == 0
    for wrong in ("now", "1e3", "9" * 30):
        with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
            created({"SOURCE_DATE_EPOCH": wrong})


def test_live_evidence_with_old_statuses_is_read(tmp_path: Path) -> None:
    rows = [
        {"guarantee": "DB-2", "status": "unknown", "evidence": ""},
        {"guarantee": "DB-3", "status": "not_applicable", "evidence": ""},
    ]
    (tmp_path / "live.json").write_text(json.dumps({"environment": "prod", "cloud": "aws", "guarantees": rows}))
    assert [row.status for row in read(tmp_path / "live.json").guarantees] == ["unproven", "not_required"]


def test_a_report_of_the_previous_format_can_be_compared() -> None:
    new = as_json(report(gate()))
    old = json.loads(json.dumps(new).replace('"status": "holds"', '"held": "proven"'))
    old["format"] = "terrace-report/1"
    assert difference.difference(old, new) == difference.Difference((), (), ())
