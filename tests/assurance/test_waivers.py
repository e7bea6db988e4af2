"""Waivers: what a file may not say, with file and line; what one covers; what is written by `add`.

bad_waivers/<case>.yaml is refused with exactly the message beside it. After a change of wording:
TERRACE_WRITE_EXPECTED=1 pytest tests/assurance/test_waivers.py, then read the difference.
"""

import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from terrace.assurance import severities, waivers
from terrace.assurance.gate_result import Waiver
from terrace.assurance.severities import InvalidPolicies

BAD = Path(__file__).parent / "bad_waivers"
CASES = sorted(BAD.glob("*.yaml"))
TODAY = date(2030, 1, 1)
ENVIRONMENTS = ("dev", "staging", "prod")
GOOD = Waiver(
    id="CKV_AWS_145",
    resource="lake/access/bucket",
    environments=("staging", "prod"),
    clouds=("aws",),
    reason="The target of access logs takes this encryption only.",
    owner="data-platform",
    approved_by="security",
    expires=date(2030, 3, 1),
    compensating_control="Only the log service writes there.",
)


def read(path: Path, today: date = TODAY) -> tuple[Waiver, ...]:
    return waivers.load(path, environments=ENVIRONMENTS, today=today, shown="policies/waivers.yaml")


def test_there_are_many_bad_examples() -> None:
    assert len(CASES) >= 20
    assert {case.stem for case in CASES} == {path.stem for path in BAD.glob("*.txt")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_bad_file_is_refused_with_the_expected_message(case: Path) -> None:
    with pytest.raises(InvalidPolicies) as refused:
        read(case)
    message = case.with_suffix(".txt")
    if os.environ.get("TERRACE_WRITE_EXPECTED"):
        message.write_text(f"{refused.value}\n")
    assert f"{refused.value}\n" == message.read_text()
    assert refused.value.exit_code == 1
    lines = case.read_text().splitlines()
    for line in str(refused.value).splitlines():
        file, row, column = line.split(" ", 1)[0].rsplit(":", 2)
        assert file == "policies/waivers.yaml"
        assert 1 <= int(row) <= len(lines) + 1
        assert int(column) >= 1


def test_a_missing_file_has_no_waivers(tmp_path: Path) -> None:
    assert read(tmp_path / "waivers.yaml") == ()


def test_an_added_waiver_is_read_back_and_comments_remain(tmp_path: Path) -> None:
    path = tmp_path / "policies" / "waivers.yaml"
    waivers.add(path, GOOD, environments=ENVIRONMENTS, today=TODAY)
    path.write_text("# a comment\n" + path.read_text())
    waivers.add(path, replace(GOOD, id="CKV_AWS_18"), environments=ENVIRONMENTS, today=TODAY)
    assert path.read_text().startswith("# a comment\n")
    first, second = read(path)
    assert replace(first, line="") == GOOD
    assert (second.id, second.line.rpartition("/")[2].split(":")[0]) == ("CKV_AWS_18", "waivers.yaml")


def test_an_invalid_waiver_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    for before in (None, "waivers: []\n"):
        if before is not None:
            path.write_text(before)
        with pytest.raises(InvalidPolicies, match="too broad"):
            waivers.add(path, replace(GOOD, resource="*"), environments=ENVIRONMENTS, today=TODAY)
        assert (path.read_text() if path.exists() else None) == before


def test_a_waiver_lasts_180_days_at_most(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    last = replace(GOOD, expires=TODAY + timedelta(days=180))
    assert waivers.add(path, last, environments=ENVIRONMENTS, today=TODAY).expires == last.expires
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
def test_a_waiver_matches_an_address_or_a_construct(resource: str, covered: bool) -> None:
    waiver = replace(GOOD, resource=resource)
    assert (
        waivers.covers(waiver, ("CKV_AWS_145", "LAKE-2"), "aws_s3_bucket.lake_access", "lake/access/bucket") is covered
    )


def test_a_waiver_of_a_guarantee_covers_its_checks() -> None:
    assert waivers.covers(replace(GOOD, id="LAKE-2"), ("CKV_AWS_145", "LAKE-2"), "", GOOD.resource)
    assert not waivers.covers(replace(GOOD, id="LAKE-3"), ("CKV_AWS_145", "LAKE-2"), "", GOOD.resource)


def test_a_waiver_applies_only_to_the_stacks_that_it_names() -> None:
    stacks = [(name, cloud) for name in ENVIRONMENTS for cloud in ("aws", "azure")]
    assert [one for one in stacks if waivers.concerns(GOOD, *one)] == [("staging", "aws"), ("prod", "aws")]


@pytest.mark.parametrize(
    "change, message",
    [
        (("severity: critical", "severity: deadly"), "'deadly' is not one of 'low', 'medium', 'high' or 'critical'"),
        (("  KEY-2:", "  KEY-99:"), "there is no guarantee KEY-99."),
        (("ids: [CKV_AWS_16,", "ids: [CKV_AWS_17,"), "CKV_AWS_17 is rated twice."),
        (("fails_from: critical", "fails_at: critical"), "is missing."),
        ((", rationale: A public", ", reason: A public"), "is missing."),
    ],
)
def test_an_invalid_severity_file_is_refused_with_file_and_line(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    written = (Path(__file__).parents[2] / "policies" / severities.FILE).read_text()
    assert change[0] in written
    path = tmp_path / severities.FILE
    path.write_text(written.replace(*change, 1))
    with pytest.raises(InvalidPolicies) as refused:
        severities.load(path, "policies/severity.yaml")
    first = str(refused.value).splitlines()[0]
    assert message in str(refused.value)
    assert first.startswith("policies/severity.yaml:")


def test_an_unrated_check_counts_as_high() -> None:
    rated = severities.load(Path(__file__).parents[2] / "policies" / severities.FILE)
    assert rated.of("CKV_AWS_99999").severity == "high"
