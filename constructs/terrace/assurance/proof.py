"""Whether a stack keeps the guarantees: each one's checks on its cloud, and one verdict of them all.

It fails closed: a check that throws, that finds nothing to look at or that is not there leaves its guarantee unproven.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from terrace.assurance import timeout as limit
from terrace.assurance.checks import Absent, Check, NotApplicable, Subject, of_cloud
from terrace.assurance.findings import Finding, joined
from terrace.assurance.guarantees import GUARANTEES, Guarantee
from terrace.capabilities.cloud import CloudException, facts


@dataclass(frozen=True)
class Holds:
    """`seen` things were looked at, all as they should be; `findings` are what was read of each."""

    seen: int
    findings: tuple[Finding, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True)
class Broken:
    """What is not as it should be: the resource's construct path, and why."""

    findings: tuple[Finding, ...]

    @property
    def why(self) -> str:
        """In one line."""
        return joined(list(self.findings))


@dataclass(frozen=True)
class DoesNotApply:
    """The environment does not ask for it; `reason` says where it would."""

    reason: str


@dataclass(frozen=True)
class Unproven:
    """Nothing can be said, and why."""

    reason: str


Verdict = Holds | Broken | DoesNotApply | Unproven
Status = Literal["proven", "exception", "not_asked", "broken", "unproven"]


@dataclass(frozen=True)
class Proof:
    """One guarantee on one stack. `exception` is what the cloud truly lacks of it; its checks prove the rest."""

    guarantee: Guarantee
    verdicts: tuple[tuple[str, Verdict], ...]
    exception: CloudException | None = None

    @property
    def status(self) -> Status:
        """The worst of the checks' verdicts; an exception takes the place of what holds, never of what is broken."""
        kinds = {type(verdict) for _, verdict in self.verdicts}
        if Broken in kinds:
            return "broken"
        if Unproven in kinds or not (kinds or self.exception):
            return "unproven"
        if self.exception:
            return "exception"
        return "proven" if Holds in kinds else "not_asked"

    @property
    def why(self) -> str:
        """What is broken or missing, why it is not asked for, or how much was looked at."""
        verdicts = [verdict for _, verdict in self.verdicts]
        if self.status == "broken":
            return joined([finding for one in verdicts if isinstance(one, Broken) for finding in one.findings])
        if self.status == "unproven":
            missing = [f"{id}: {one.reason}" for id, one in self.verdicts if isinstance(one, Unproven)]
            return "; ".join(missing) or "no check on this cloud"
        if self.status == "not_asked":
            return "; ".join(dict.fromkeys(one.reason for one in verdicts if isinstance(one, DoesNotApply)))
        return self.exception.reason if self.exception else counted(self.seen)

    @property
    def seen(self) -> int:
        """How many facts were looked at."""
        return sum(verdict.seen for _, verdict in self.verdicts if isinstance(verdict, Holds))


def prove(
    subject: Subject, guarantees: Iterable[Guarantee] = GUARANTEES, *, seconds: float = limit.SECONDS
) -> list[Proof]:
    """Every guarantee on a stack, in the table's order. `seconds` is what one check may take."""
    cloud = subject.environment.cloud
    checks, lacking = of_cloud(cloud), exceptions(cloud)
    return [
        Proof(
            guarantee,
            tuple((id, judge(checks.get(id), subject, seconds)) for id in guarantee.clouds.get(cloud, ())),
            lacking.get(guarantee.id),
        )
        for guarantee in guarantees
    ]


def judge(check: Check | None, subject: Subject, seconds: float = limit.SECONDS) -> Verdict:
    """One check on a stack. Never raises."""
    if check is None:
        return Unproven("there is no such check")
    findings: list[Finding] = []
    try:
        with limit.within(seconds):
            findings.extend(check.judge(subject))
    except limit.TookTooLong as late:
        return Unproven(f"the check failed: {late}")
    except NotApplicable as reason:
        return DoesNotApply(str(reason))
    except Absent as absent:
        return Broken((*(f for f in findings if not f.good), Finding("the stack", str(absent), False)))
    except Exception as error:
        if any(not finding.good for finding in findings):
            return Broken(tuple(finding for finding in findings if not finding.good))
        return Unproven(f"the check failed: {type(error).__name__}: {error}")
    bad = tuple(finding for finding in findings if not finding.good)
    if bad:
        return Broken(bad)
    return Holds(len(findings), tuple(findings)) if findings else Unproven("nothing was there to look at")


def counted(facts: int) -> str:
    """How many facts were looked at, in words."""
    return f"{facts} fact{'' if facts == 1 else 's'}"


def exceptions(cloud: str) -> dict[str, CloudException]:
    """What a cloud lacks, by guarantee."""
    return {exception.guarantee: exception for exception in facts(cloud).exceptions}
