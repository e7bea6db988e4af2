"""The table of guarantees: the ids and sentences that everything else refers to."""

import re
from collections import Counter

from terrace.assurance.guarantees import BY_ID, GUARANTEES
from tests.conftest import ROOT

# how many rows each family has; a number here changes only together with the table, so that no row goes unnoticed
FAMILIES = {
    "NET": 7, "KEY": 3, "SEC": 3, "K8S": 10, "DB": 10, "CACHE": 3, "LAKE": 7, "OBS": 4, "AUD": 3, "BAK": 3, "COST": 2,
    "GOV": 2, "ID": 1,
}  # fmt: skip


def test_no_row_is_dropped_and_none_is_doubled() -> None:
    assert Counter(row.id.rpartition("-")[0] for row in GUARANTEES) == FAMILIES
    assert len(BY_ID) == len(GUARANTEES)
    for family, count in FAMILIES.items():
        assert [row.id for row in GUARANTEES if row.id.startswith(f"{family}-")] == [
            f"{family}-{number}" for number in range(1, count + 1)
        ]


def test_each_sentence_is_one_sentence_that_fits_a_line() -> None:
    for row in GUARANTEES:
        assert re.fullmatch(r"[A-Z].{20,118}[^.\s]", row.sentence), row


def test_each_capability_is_a_contract_and_a_construct_of_that_name() -> None:
    for row in GUARANTEES:
        for folder in ("capabilities", "aws"):
            assert (ROOT / "constructs" / "terrace" / folder / f"{row.capability}.py").is_file(), row


def test_an_id_stands_on_the_line_that_carries_it_on_aws() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "constructs" / "terrace" / "aws").glob("*.py"))
    unsaid = [row.id for row in GUARANTEES if not re.search(rf"\b{row.id}\b", code)]
    assert unsaid == []
