"""Drift that is accepted until a date."""

from datetime import date
from pathlib import Path

import pytest

from terrace.assurance import drift_ignores
from terrace.assurance.severities import InvalidPolicies

TODAY = date(2026, 6, 1)
VALID = """ignored:
  - address: aws_x.lake_*
    attributes: [tags.team, rule]
    environments: [dev]
    clouds: [aws]
    reason: another tool of the team sets it
    owner: data-platform
    until: 2026-06-30
"""


def read(root: Path, text: str) -> tuple[drift_ignores.Ignore, ...]:
    (root / "policies").mkdir()
    (root / "policies" / "drift.yaml").write_text(text)
    return drift_ignores.load(root, environments=["dev"], today=TODAY)


@pytest.mark.parametrize(
    ("address", "attributes", "covered"),
    [
        ("aws_x.lake_a", ["tags.team"], True),
        ("aws_x.lake_a", ["tags.team", "rule[0].port"], True),
        ("aws_x.lake_a", ["tags.team", "size"], False),
        ("aws_x.lake_a", ["tags"], False),
        ("aws_x.other", ["tags.team"], False),
        ("aws_x.lake_a", [], False),  # deleted
    ],
)
def test_an_entry_covers_its_attributes_only(
    tmp_path: Path, address: str, attributes: list[str], covered: bool
) -> None:
    (entry,) = read(tmp_path, VALID)
    assert entry.covers(address, attributes) == covered
    assert (entry.concerns("dev", "aws"), entry.concerns("dev", "gcp")) == (True, False)


def test_the_last_day_counts(tmp_path: Path) -> None:
    (entry,) = read(tmp_path, VALID)
    assert not entry.expired(date(2026, 6, 30))
    assert entry.expired(date(2026, 7, 1))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("aws_x.lake_*", "'*'", "policies/drift.yaml:2:14 address: is too broad"),
        (
            "2026-06-30",
            "2027-06-30",
            "policies/drift.yaml:8:12 until: is more than 180 days ahead",
        ),
        ("2026-06-30", "soon", "policies/drift.yaml:8:12 until: is not a date"),
        ("[dev]", "[other]", "policies/drift.yaml:4:20 environments: there is no environment other"),
        ("another tool of the team sets it", "no", "policies/drift.yaml:6:13 reason: is too short"),
        ("    owner: data-platform\n", "", "is missing"),
    ],
)
def test_a_problem_names_its_line(tmp_path: Path, old: str, new: str, problem: str) -> None:
    with pytest.raises(InvalidPolicies) as raised:
        read(tmp_path, VALID.replace(old, new))
    assert problem in str(raised.value)
