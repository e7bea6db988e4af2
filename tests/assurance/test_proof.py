"""Verdicts fail closed: what threw, found nothing or does not exist is never proven."""

from collections.abc import Iterator
from typing import Any

import pytest

from terrace.assurance.checks import Absent, Check, Finding, NotApplicable, Subject
from terrace.assurance.guarantees import BY_ID
from terrace.assurance.proof import Broken, DoesNotApply, Holds, Proof, Unproven, Verdict, judge
from terrace.capabilities.cloud import CloudException

GOOD, BAD = Finding("a/b", "size = 1", True), Finding("a/b", "size = 2", False, "1")
SUBJECT: Any = None
EXCEPTION = CloudException("DB-2", "it has none", "a wall", "its guide")


def check(*steps: Finding | Exception) -> Check:
    def run(_: Subject) -> Iterator[Finding]:
        for step in steps:
            if isinstance(step, Exception):
                raise step
            yield step

    return Check("aws.database.example", "DB-2", run)


@pytest.mark.parametrize(
    ("steps", "verdict"),
    [
        ([GOOD, GOOD], Holds(2)),
        ([GOOD, BAD], Broken((BAD,))),
        ([], Unproven("nothing was there to look at")),
        ([GOOD, ValueError("x")], Unproven("the check failed: ValueError: x")),
        ([BAD, ValueError("x")], Broken((BAD,))),
        ([Absent("no key")], Broken((Finding("the stack", "no key", False),))),
        ([NotApplicable("not here")], DoesNotApply("not here")),
    ],
)
def test_what_a_check_meets_decides_the_verdict(steps: list[Finding | Exception], verdict: Verdict) -> None:
    assert judge(check(*steps), SUBJECT) == verdict


def test_what_holds_keeps_what_was_read() -> None:
    holds = judge(check(GOOD, GOOD), SUBJECT)
    assert isinstance(holds, Holds) and holds.findings == (GOOD, GOOD)


def test_a_check_that_does_not_exist_proves_nothing() -> None:
    assert judge(None, SUBJECT) == Unproven("there is no such check")


@pytest.mark.parametrize(
    ("verdicts", "exception", "status"),
    [
        ([Holds(1), Holds(2)], None, "proven"),
        ([Holds(1), DoesNotApply("x")], None, "proven"),
        ([DoesNotApply("x")], None, "not_asked"),
        ([Holds(1), Unproven("x")], None, "unproven"),
        ([Holds(1), Unproven("x"), Broken((BAD,))], None, "broken"),
        ([], None, "unproven"),
        ([], EXCEPTION, "exception"),
        ([Holds(1)], EXCEPTION, "exception"),
        ([Broken((BAD,))], EXCEPTION, "broken"),
        ([Unproven("x")], EXCEPTION, "unproven"),
    ],
)
def test_the_worst_verdict_is_the_guarantees(
    verdicts: list[Verdict], exception: CloudException | None, status: str
) -> None:
    proof = Proof(BY_ID["DB-2"], tuple((str(number), one) for number, one in enumerate(verdicts)), exception)
    assert proof.status == status
    assert proof.why


def test_what_is_broken_is_told_with_its_resource() -> None:
    assert Proof(BY_ID["DB-2"], (("x", Broken((BAD,))),)).why == "a/b: size = 2, wanted 1"
