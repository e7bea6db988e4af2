"""The comparison of findings with the accepted list, and the page that shows the list."""

import pytest

from tests.conftest import ROOT
from tests.scanners.accepted import Accepted, Finding, Scanner, accepted, compare, table

PAGE = (ROOT / "docs" / "scanners.md").read_text()
SCANNERS: tuple[Scanner, ...] = ("trivy", "prowler")

BUCKET = Finding("s3_bucket_kms_encryption", "arn:aws:s3:::dpf-dev-access", "dev")
REASON = "Amazon S3 cannot deliver access logs otherwise."


def entry(**fields: object) -> Accepted:
    return Accepted.model_validate({"scanner": "prowler", "id": BUCKET.id, "reason": REASON, **fields})


def test_an_accepted_finding_is_no_problem() -> None:
    assert compare([BUCKET], [entry(resources=["arn:aws:s3:::*-access"], environments=["dev"])]) == []
    assert compare([BUCKET], [entry(resources="all", environments=["dev"])]) == []


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        (
            {"resources": ["arn:aws:s3:::*-audit"], "environments": ["dev"]},
            [
                f"not accepted in dev: {BUCKET.id} {BUCKET.resource}",
                f"no longer occurs in dev: {BUCKET.id}",
                f"no longer occurs: {BUCKET.id} arn:aws:s3:::*-audit",
            ],
        ),
        ({"resources": "all"}, [f"no longer occurs in prod: {BUCKET.id}"]),
        (
            {"resources": ["*-access", "*-audit"], "environments": ["dev"]},
            [f"no longer occurs: {BUCKET.id} *-audit"],
        ),
        (
            {"resources": "all", "environments": ["prod"]},
            [
                f"not accepted in dev: {BUCKET.id} {BUCKET.resource}",
                f"no longer occurs in prod: {BUCKET.id}",
                f"no longer occurs: {BUCKET.id} *",
            ],
        ),
    ],
)
def test_an_unknown_finding_and_an_entry_without_one_are_problems(
    fields: dict[str, object], problems: list[str]
) -> None:
    assert compare([BUCKET], [entry(**fields)]) == problems


@pytest.mark.parametrize("scanner", SCANNERS)
def test_the_page_shows_the_list(scanner: Scanner) -> None:
    documented = PAGE.partition(f"<!-- {scanner}: begin -->\n")[2].partition(f"\n<!-- {scanner}: end -->")[0]
    assert documented == table(scanner), "replace it with the output of python -m tests.scanners"


@pytest.mark.parametrize("scanner", SCANNERS)
def test_no_entry_is_repeated(scanner: Scanner) -> None:
    keys = [(one.id, tuple(one.patterns), tuple(one.environments)) for one in accepted(scanner)]
    assert len(keys) == len(set(keys))
