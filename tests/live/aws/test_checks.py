"""A check fails closed, whatever goes wrong while it reads."""

from collections.abc import Iterator

import pytest

from terrace.live.aws import GUARANTEES, checks
from terrace.live.aws.checks import CHECKS, Deployment, Finding, at_least, at_most, equal, includes, judge
from terrace.live.aws.session import Absent, CredentialsError, Reader, Unreadable
from tests.live.aws.site import environment, target


@pytest.fixture
def deployment() -> Deployment:
    where = target(environment())
    return Deployment(environment(), where, Reader(where))


def result_of(monkeypatch: pytest.MonkeyPatch, deployment: Deployment, *steps: Finding | Exception):
    def check(_: Deployment) -> Iterator[Finding]:
        for step in steps:
            if isinstance(step, Exception):
                raise step
            yield step

    monkeypatch.setitem(CHECKS, "DB-1", check)
    return judge("DB-1", deployment)


GOOD, BAD = equal("server", "public", False, False), equal("server", "public", True, False)


@pytest.mark.parametrize(
    ("steps", "status", "reason"),
    [
        ((GOOD,), "holds", ""),
        ((GOOD, BAD), "broken", "server: public = true, wanted false"),
        ((), "unknown", "nothing was there to read"),
        ((Absent("no such server"),), "broken", "missing: no such server"),
        ((GOOD, Unreadable("not allowed", hint="ask")), "unknown", "not allowed (ask)"),
        ((BAD, Unreadable("not allowed")), "broken", "not allowed"),
        ((GOOD, KeyError("Engine")), "unknown", "the check failed: KeyError: 'Engine'"),
        ((checks.NotApplicable("one zone is enough"),), "not_applicable", "one zone is enough"),
    ],
)
def test_what_a_check_meets_decides_the_status(
    monkeypatch: pytest.MonkeyPatch,
    deployment: Deployment,
    steps: tuple[Finding | Exception, ...],
    status: str,
    reason: str,
) -> None:
    result = result_of(monkeypatch, deployment, *steps)
    assert (result.status, result.reason) == (status, reason)
    assert result.passes == (status in ("holds", "not_applicable"))


def test_missing_credentials_end_it_instead_of_58_unknowns(
    monkeypatch: pytest.MonkeyPatch, deployment: Deployment
) -> None:
    with pytest.raises(CredentialsError):
        result_of(monkeypatch, deployment, CredentialsError("no AWS credentials"))


def test_evidence_names_resource_and_value_and_counts_the_rest(
    monkeypatch: pytest.MonkeyPatch, deployment: Deployment
) -> None:
    result = result_of(
        monkeypatch, deployment, *(equal(f"bucket {n}", "versioning", "Enabled", "Enabled") for n in range(6))
    )
    assert result.evidence.startswith("bucket 0: versioning = Enabled; bucket 1: versioning = Enabled")
    assert result.evidence.endswith("and 2 more")
    assert result.resource == "bucket 0, bucket 1, bucket 2, bucket 3 and 2 more"
    assert (result.capability, result.sentence) == ("database", "The database is reachable privately only")


def test_an_unset_value_satisfies_no_bound() -> None:
    assert not at_least("plan", "days", None, 7).good
    assert not at_most("plan", "days", None, 7).good
    assert at_least("plan", "days", 7, 7).good
    assert at_most("plan", "days", 7, 7).good


def test_what_is_missing_is_named() -> None:
    assert str(includes("alerts", "percent", ["50"], ["50", "80"])) == (
        "alerts: percent has [50], lacks [80], wanted all of [50, 80]"
    )


@pytest.mark.parametrize("guarantee", ["DB-99", "DB-1"])
def test_a_check_needs_an_id_of_the_table_that_is_free(guarantee: str) -> None:
    with pytest.raises(ValueError, match=guarantee):
        checks.check(guarantee)(lambda deployment: iter(()))
    assert len(GUARANTEES) == len(CHECKS)
