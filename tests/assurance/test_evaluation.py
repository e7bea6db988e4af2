"""Evaluation fails closed: a check that raises, observes nothing or does not exist proves nothing."""

from collections.abc import Iterator
from typing import Any

import pytest

from terrace.assurance import evaluation
from terrace.assurance.evaluation import (
    Check,
    NotRequired,
    Observation,
    Outcome,
    at_least,
    at_most,
    by_owner,
    evaluate,
    includes,
    prepared,
    result_of,
)
from terrace.assurance.guarantees import BY_ID
from terrace.calls import Absent, CredentialsError, Unreadable
from terrace.capabilities.cloud import CloudException

ID = "aws.database.example"
GOOD, BAD = Observation("a/b", "size = 1", True), Observation("a/b", "size = 2", False, "1")
SUBJECT: Any = None
EXCEPTION = CloudException("DB-2", "it has none", "a wall", "its guide")


def check(*steps: Observation | Exception) -> Check:
    def run(_: Any) -> Iterator[Observation]:
        for step in steps:
            if isinstance(step, Exception):
                raise step
            yield step

    return Check(ID, "DB-2", run)


@pytest.mark.parametrize(
    ("steps", "outcome"),
    [
        ([GOOD, GOOD], Outcome(ID, "holds", (GOOD, GOOD))),
        ([GOOD, BAD], Outcome(ID, "broken", (GOOD, BAD))),
        ([], Outcome(ID, "unproven", reason="the check found nothing to read")),
        ([GOOD, ValueError("x")], Outcome(ID, "unproven", (GOOD,), "the check failed: ValueError: x")),
        ([BAD, ValueError("x")], Outcome(ID, "broken", (BAD,), "the check failed: ValueError: x")),
        ([Absent("no key")], Outcome(ID, "broken", (Observation("", "missing: no key", False),))),
        ([GOOD, Unreadable("not allowed", hint="ask")], Outcome(ID, "unproven", (GOOD,), "not allowed (ask)")),
        ([NotRequired("not here")], Outcome(ID, "not_required", reason="not here")),
    ],
)
def test_the_outcome_of_a_check(steps: list[Observation | Exception], outcome: Outcome) -> None:
    assert evaluate(check(*steps), SUBJECT) == outcome


def test_a_check_that_times_out_is_unproven() -> None:
    def endless(_: Any) -> Iterator[Observation]:
        while True:
            yield from ()

    outcome = evaluate(Check(ID, "DB-2", endless), SUBJECT, seconds=0.1)
    assert (outcome.status, outcome.reason) == (
        "unproven",
        "the check failed: it timed out after 0.1 s of processor time",
    )


def test_credentials_errors_are_raised() -> None:
    with pytest.raises(CredentialsError):
        evaluate(check(CredentialsError("no credentials")), SUBJECT)


def test_a_check_that_does_not_exist_is_unproven() -> None:
    assert evaluate(None, SUBJECT, id=ID) == Outcome(ID, "unproven", reason="the check does not exist")


HOLDS, BROKEN = Outcome("a", "holds", (GOOD, GOOD)), Outcome("b", "broken", (GOOD, BAD))
UNPROVEN, NOT_REQUIRED = Outcome("c", "unproven", reason="x"), Outcome("d", "not_required", reason="y")


@pytest.mark.parametrize(
    ("outcomes", "exception", "status", "reason"),
    [
        ([HOLDS, HOLDS], None, "holds", "4 observations"),
        ([HOLDS, NOT_REQUIRED], None, "holds", "2 observations"),
        ([NOT_REQUIRED], None, "not_required", "y"),
        ([HOLDS, UNPROVEN], None, "unproven", "x"),
        ([HOLDS, UNPROVEN, BROKEN], None, "broken", "a/b: size = 2, expected 1"),
        ([Outcome("b", "broken", (BAD,), "not allowed")], None, "broken", "a/b: size = 2, expected 1; not allowed"),
        ([], None, "unproven", "no check on this cloud"),
        ([], EXCEPTION, "excepted", "it has none"),
        ([HOLDS], EXCEPTION, "excepted", "it has none"),
        ([BROKEN], EXCEPTION, "broken", "a/b: size = 2, expected 1"),
        ([UNPROVEN], EXCEPTION, "unproven", "x"),
    ],
)
def test_the_worst_outcome_is_the_status_of_the_guarantee(
    outcomes: list[Outcome], exception: CloudException | None, status: str, reason: str
) -> None:
    result = result_of(BY_ID["DB-2"], outcomes, exception)
    assert (result.status, result.reason) == (status, reason)
    assert result.passes == (status not in ("broken", "unproven"))


@pytest.mark.parametrize(
    ("outcome", "installed", "status"),
    [
        (HOLDS, (), "prepared"),
        (HOLDS, ("cluster-autoscaler",), "holds"),
        (BROKEN, (), "broken"),
        (UNPROVEN, (), "unproven"),
        (NOT_REQUIRED, (), "not_required"),
    ],
)
def test_what_depends_on_a_module_is_prepared_until_it_is_installed(
    outcome: Outcome, installed: tuple[str, ...], status: str
) -> None:
    result = result_of(BY_ID["K8S-6"], [outcome])
    assert prepared(result, "aws", "not asked", installed).status == status
    assert prepared(result, "gcp", "not asked") == result  # GKE scales pools itself


def test_an_exception_whose_compensation_is_a_module_is_prepared_and_names_it() -> None:
    result = prepared(result_of(BY_ID["K8S-10"], [HOLDS], EXCEPTION), "azure", "not asked")
    assert (result.status, result.reason, result.passes) == ("prepared", "needs the module kyverno: not asked", True)
    assert result.exception == EXCEPTION


def test_evidence_lists_four_observations_and_counts_the_rest() -> None:
    found = tuple(Observation(f"bucket {n}", "versioning = Enabled", True) for n in range(6))
    result = result_of(BY_ID["DB-2"], [Outcome(ID, "holds", found)])
    assert result.evidence.startswith("bucket 0: versioning = Enabled; bucket 1: versioning = Enabled")
    assert result.evidence.endswith("and 2 more")
    assert result.resource == "bucket 0, bucket 1, bucket 2, bucket 3 and 2 more"


def test_an_unset_value_satisfies_no_bound() -> None:
    assert not at_least("plan", "days", None, 7).ok
    assert not at_most("plan", "days", None, 7).ok
    assert at_least("plan", "days", 7, 7).ok
    assert at_most("plan", "days", 7, 7).ok


def test_missing_values_are_named() -> None:
    assert str(includes("alerts", "percent", ["50"], ["50", "80"])) == (
        "alerts: percent has [50], lacks [80], expected all of [50, 80]"
    )


def test_a_check_needs_a_known_guarantee_and_a_free_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "_CHECKS", {})

    def example(_: Any) -> Iterator[Observation]:
        yield GOOD

    with pytest.raises(ValueError, match="there is no guarantee DB-99"):
        evaluation.check("DB-99")(example)
    evaluation.check("DB-1")(example)
    with pytest.raises(ValueError, match="already registered"):
        evaluation.check("DB-2")(example)


def test_checks_are_named_after_their_file_and_function() -> None:
    assert "aws.database.requires-tls" in evaluation.checks_in("terrace.assurance.checks.aws")
    assert "live.aws.database.tls-required" in evaluation.checks_in("terrace.live.aws")
    assert evaluation.checks_in("terrace.assurance.checks.oracle") == {}


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome("a", "holds", (Observation("key", "rotated", True),)), "by_owner"),
        (Outcome("a", "not_required", reason="every key is existing"), "by_owner"),
        (Outcome("a", "broken", (Observation("key", "not rotated", False),)), "broken"),
        (Outcome("a", "unproven", reason="not read"), "unproven"),
    ],
)
def test_what_stands_on_existing_resources_is_by_the_owner_and_never_hides_a_break(
    outcome: Outcome, status: str
) -> None:
    result = by_owner(result_of(BY_ID["KEY-1"], [outcome]), "aws", {"keys": "lake"})
    assert (result.status, result.passes) == (status, status == "by_owner")
    assert by_owner(result_of(BY_ID["DB-2"], [outcome]), "aws", {"keys": "lake"}).status == outcome.status
    watched = result_of(BY_ID["AUD-2"], [outcome])  # depends on the cluster on Azure
    assert by_owner(watched, "azure", {"cluster": "data"}).status == status
    assert by_owner(watched, "aws", {"cluster": "data"}).status == outcome.status
