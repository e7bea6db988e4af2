"""Waivers: errors in the file, what a waiver covers, and what `terrace waivers add` writes.

Each bad_waivers/<case>.yaml is rejected with exactly the message in the .txt file beside it. After a change of wording,
run TERRACE_WRITE_EXPECTED=1 pytest tests/assurance/test_waivers.py and review the diff.
"""

import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from terrace.assurance import gate, policy_files, severities, waivers
from terrace.assurance.gate_result import Waiver
from terrace.assurance.severities import InvalidPolicies
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import load
from tests.conftest import ROOT

BAD = Path(__file__).parent / "bad_waivers"
CASES = sorted(BAD.glob("*.yaml"))
TODAY = date(2030, 1, 1)
ENVIRONMENTS = ("dev", "staging", "prod")
GOOD = Waiver(
    id="CKV_AWS_145",
    resource="lake/access/bucket",
    environments=("staging", "prod"),
    clouds=("aws",),
    reason="The target bucket of access logs supports this encryption only.",
    owner="data-platform",
    approved_by="security",
    expires=date(2030, 3, 1),
    compensating_control="Only the log service writes to this bucket.",
    relies_on=("LAKE-6",),
)
RATED = severities.load([Path(__file__).parents[2] / "policies" / severities.FILE])
KNOWN = waivers.controls(RATED)


def read(path: Path, today: date = TODAY) -> tuple[Waiver, ...]:
    return waivers.load(path, environments=ENVIRONMENTS, known=KNOWN, today=today, shown="policies/waivers.yaml")


def test_each_bad_file_has_an_expected_message() -> None:
    assert len(CASES) >= 20
    assert {case.stem for case in CASES} == {path.stem for path in BAD.glob("*.txt")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_bad_file_is_rejected_with_the_expected_message(case: Path) -> None:
    with pytest.raises(InvalidPolicies) as error:
        read(case)
    message = case.with_suffix(".txt")
    if os.environ.get("TERRACE_WRITE_EXPECTED"):
        message.write_text(f"{error.value}\n")
    assert f"{error.value}\n" == message.read_text()
    assert error.value.exit_code == 1
    lines = case.read_text().splitlines()
    for line in str(error.value).splitlines():
        file, row, column = line.split(" ", 1)[0].rsplit(":", 2)
        assert file == "policies/waivers.yaml"
        assert 1 <= int(row) <= len(lines) + 1
        assert int(column) >= 1


def test_a_missing_file_has_no_waivers(tmp_path: Path) -> None:
    assert read(tmp_path / "waivers.yaml") == ()


def test_add_keeps_existing_waivers_and_comments(tmp_path: Path) -> None:
    path = tmp_path / "policies" / "waivers.yaml"
    waivers.add(path, GOOD, environments=ENVIRONMENTS, known=KNOWN, today=TODAY)
    path.write_text("# a comment\n" + path.read_text())
    waivers.add(path, replace(GOOD, id="CKV_AWS_18"), environments=ENVIRONMENTS, known=KNOWN, today=TODAY)
    assert path.read_text().startswith("# a comment\n")
    first, second = read(path)
    assert replace(first, line="") == GOOD
    assert (second.id, second.line.rpartition("/")[2].split(":")[0]) == ("CKV_AWS_18", "waivers.yaml")


def test_add_keeps_the_day_and_the_ticket_of_the_approval(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    approved = replace(GOOD, approved_on=TODAY, ticket="RISK-17")
    assert (
        replace(waivers.add(path, approved, environments=ENVIRONMENTS, known=KNOWN, today=TODAY), line="") == approved
    )
    waivers.add(path, replace(GOOD, id="CKV_AWS_18"), environments=ENVIRONMENTS, known=KNOWN, today=TODAY)
    assert path.read_text().count("ticket") == 1


def test_add_does_not_write_an_invalid_waiver(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    for before in (None, "waivers: []\n"):
        if before is not None:
            path.write_text(before)
        with pytest.raises(InvalidPolicies, match="too broad"):
            waivers.add(path, replace(GOOD, resource="*"), environments=ENVIRONMENTS, known=KNOWN, today=TODAY)
        assert (path.read_text() if path.exists() else None) == before


def test_a_waiver_lasts_180_days_at_most(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    last = replace(GOOD, expires=TODAY + timedelta(days=180))
    assert waivers.add(path, last, environments=ENVIRONMENTS, known=KNOWN, today=TODAY).expires == last.expires
    with pytest.raises(InvalidPolicies, match="more than 180 days ahead"):
        read(path, TODAY - timedelta(days=1))


def test_a_waiver_is_valid_on_its_last_day() -> None:
    assert not waivers.expired(GOOD, GOOD.expires)
    assert waivers.expired(GOOD, GOOD.expires + timedelta(days=1))


@pytest.mark.parametrize(
    "resource, covered",
    [
        ("lake/access/bucket", True),
        ("lake/*/bucket", True),
        ("aws_s3_bucket.lake_access", True),
        ("aws_s3_bucket.*", True),
        ("lake/bronze/bucket", False),
        ("lake", False),
    ],
)
def test_a_waiver_covers_addresses_and_construct_paths(resource: str, covered: bool) -> None:
    waiver = replace(GOOD, resource=resource)
    assert (
        waivers.covers(waiver, ("CKV_AWS_145", "LAKE-2"), "aws_s3_bucket.lake_access", "lake/access/bucket") is covered
    )


def test_a_waiver_of_a_guarantee_covers_its_checks_only() -> None:
    assert waivers.covers(replace(GOOD, id="LAKE-2"), ("CKV_AWS_145", "LAKE-2"), "", GOOD.resource)
    assert not waivers.covers(replace(GOOD, id="LAKE-3"), ("CKV_AWS_145", "LAKE-2"), "", GOOD.resource)


def test_a_waiver_relies_on_controls_that_hold() -> None:
    waiver = replace(GOOD, relies_on=("LAKE-6", "CKV_AWS_18"))
    assert waivers.unmet(waiver, {"LAKE-6": "holds", "CKV_AWS_18": "holds"}) == []
    for status in ("broken", "unproven", "not_required", "excepted"):
        assert waivers.unmet(waiver, {"LAKE-6": status, "CKV_AWS_18": "holds"}) == ["LAKE-6"]
    assert waivers.unmet(waiver, {"LAKE-6": "holds"}) == ["CKV_AWS_18"]


def test_a_waiver_may_rely_on_guarantees_and_on_checks() -> None:
    assert {"DB-2", "aws.database.requires-tls", "WL-7", "CKV_AWS_18", "CKV_K8S_16"} <= KNOWN
    assert not any(id.startswith("gate.") for id in KNOWN)


def test_a_waiver_applies_to_the_stacks_that_it_names() -> None:
    environments = [load(name, project=ROOT, cloud=cloud).environment for name in ENVIRONMENTS for cloud in CLOUDS]
    for waiver in (GOOD, replace(GOOD, environments=(), tiers=("staging", "prod"), expires=None)):
        concerned = [(one.name, one.cloud) for one in environments if waivers.concerns(waiver, one)]
        assert concerned == [("staging", "aws"), ("prod", "aws")]


def test_a_project_adds_to_the_policies_of_the_kit_and_replaces_ratings(tmp_path: Path) -> None:
    """Layers: an id that the project rates has its rating, all others have the kit's."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / severities.FILE).write_text(
        "profiles:\n  dev: {fails_from: low}\n"
        "guarantees:\n  DB-2:\n    severity: low\n    rationale: Ours is a test.\n    remediation: Nothing to do.\n"
    )
    (tmp_path / "environments").mkdir()
    rules = gate.policies(tmp_path)
    assert (rules.severities.of("DB-2").severity, rules.severities.of("DB-1")) == ("low", RATED.of("DB-1"))
    assert rules.severities.fails("low", "dev") and not rules.severities.fails("low", "prod")
    assert {one.id for one in rules.waivers} >= {"CKV_AWS_62", "CKV_AZURE_59", "CKV_GCP_41"}
    assert {one.expires for one in rules.waivers} == {None}
    assert policy_files.checkov_folders(tmp_path) == (ROOT / "policies" / "checkov",)


@pytest.mark.parametrize(
    "change, message",
    [
        (("severity: critical", "severity: deadly"), "'deadly' is not one of 'low', 'medium', 'high' or 'critical'"),
        (("  KEY-2:", "  KEY-99:"), "there is no guarantee KEY-99."),
        (("ids: [CKV_AWS_16,", "ids: [CKV_AWS_17,"), "CKV_AWS_17 is rated twice."),
        (("fails_from: critical", "fails_at: critical"), "is missing."),
        (("    rationale: A stack that does not synthesize cannot be checked.\n", ""), "is missing."),
    ],
)
def test_invalid_severities_are_rejected_with_file_and_line(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    written = (Path(__file__).parents[2] / "policies" / severities.FILE).read_text()
    assert change[0] in written
    path = tmp_path / severities.FILE
    path.write_text(written.replace(*change, 1))
    with pytest.raises(InvalidPolicies) as error:
        severities.load([path], "policies/severity.yaml")
    first = str(error.value).splitlines()[0]
    assert message in str(error.value)
    assert first.startswith("policies/severity.yaml:")


def test_an_unrated_check_counts_as_high() -> None:
    assert RATED.of("CKV_AWS_99999").severity == "high"
