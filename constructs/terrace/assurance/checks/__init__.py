"""Checks of stacks: small pure functions, registered under the cloud, file and name that they have.

`checks/aws/database.py` with a function `requires_tls` is the check `aws.database.requires-tls`. Its guarantee is named
twice, here and in `policies/guarantees/`; a test compares the two.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from terrace.assurance import evaluation
from terrace.assurance import timeout as limit
from terrace.assurance.evaluation import Check, Observation, Outcome, Result
from terrace.assurance.guarantees import GUARANTEES, WORKLOADS, Guarantee
from terrace.assurance.view import Resource, View
from terrace.assurance.workloads_view import Workloads
from terrace.calls import Absent
from terrace.capabilities.cloud import CloudException, facts
from terrace.capabilities.keys import PURPOSES, Purpose
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment


@dataclass(frozen=True)
class Subject:
    """What a check of a stack reads: the stack, its environment and its target."""

    view: View
    environment: Environment
    target: Target

    def __post_init__(self) -> None:
        self.view.knows(facts(self.environment.cloud).existing.places(self.target.existing))

    def all(self, type: str, under: str = "", *, or_none: bool = False) -> list[Resource]:
        """See View.all. Raises Absent if there is none, as a check of nothing proves nothing; `or_none`: where none is
        as good as one that is as expected.
        """
        found = self.view.all(type, under)
        if not found and not or_none:
            raise Absent(f"no {type}" + (f" under {under}" if under else ""))
        return found

    def own(self, kind: str) -> None:
        """Raise NotRequired if what a check reads is existing, so that the stack does not show it."""
        if kind in self.target.existing.kinds:
            raise evaluation.NotRequired(f"the {kind} is existing")

    @property
    def own_keys(self) -> tuple[Purpose, ...]:
        """The purposes whose key the stack makes. Raises NotRequired if every key is an existing one."""
        own = tuple(purpose for purpose in PURPOSES if purpose not in self.target.existing.keys)
        if not own:
            raise evaluation.NotRequired("every key is existing")
        return own

    def one(self, type: str, path: str) -> Resource:
        """See View.one."""
        return self.view.one(type, path)


def of_cloud(cloud: str) -> dict[str, Check]:
    """The checks of a cloud, by id; none for a cloud without a folder here."""
    return evaluation.checks_in(f"{__name__}.{cloud}")


def exceptions(cloud: str) -> dict[str, CloudException]:
    """What a cloud lacks, by guarantee."""
    return {exception.guarantee: exception for exception in facts(cloud).exceptions}


def evaluate(
    subject: Subject, guarantees: Iterable[Guarantee] = GUARANTEES, *, seconds: float = limit.SECONDS
) -> list[Result]:
    """Evaluate every guarantee on a stack, in the table's order. `seconds` limits one check."""
    cloud = subject.environment.cloud
    checks, excepted = of_cloud(cloud), exceptions(cloud)
    return [
        _left_out(subject, guarantee)
        if subject.environment.off_by(guarantee.capability)
        else evaluation.prepared(
            evaluation.by_owner(
                evaluation.result_of(
                    guarantee,
                    [_outcome(checks.get(id), subject, id, seconds) for id in guarantee.clouds.get(cloud, ())],
                    excepted.get(guarantee.id),
                ),
                cloud,
                subject.environment.existing.kinds,
            ),
            cloud,
            "a stack does not show whether it is installed; `terrace verify` asks the cluster",
        )
        for guarantee in guarantees
    ]


def _left_out(subject: Subject, guarantee: Guarantee) -> Result:
    """The result of a guarantee of a capability that the environment leaves out: none of its resources may exist."""
    capability, reason = guarantee.capability, f"{subject.environment.off_by(guarantee.capability)} is off"
    found = [
        Observation(str(resource), "it exists", False, f"no resource, since {reason}")
        for resource in subject.view
        if resource.path.startswith(f"{capability}/")
    ]
    outcomes = [
        Outcome(id, "broken", tuple(found)) if found else Outcome(id, "not_required", reason=reason)
        for id in guarantee.clouds.get(subject.environment.cloud, ())
    ]
    return evaluation.result_of(guarantee, outcomes)


def _outcome(check: Check | None, subject: Subject, id: str, seconds: float) -> Outcome:
    """The outcome of a check, with the types that it read."""
    asked = subject.view.asked
    before = set(asked)
    asked.clear()
    outcome = evaluation.evaluate(check, subject, id=id, seconds=seconds)
    types = tuple(sorted(asked))
    asked |= before
    return replace(outcome, types=types)


def evaluate_workloads(subject: Workloads, *, seconds: float = limit.SECONDS) -> list[Result]:
    """Evaluate every guarantee that a workloads stack proves, in the table's order. `seconds` limits one check."""
    if not subject.modules:
        return [evaluation.Result(one, "not_required", "the environment enables no module") for one in WORKLOADS]
    checks = of_workloads()
    return [
        evaluation.result_of(
            guarantee,
            [evaluation.evaluate(checks.get(id), subject, id=id, seconds=seconds) for id in guarantee.workloads],
        )
        for guarantee in WORKLOADS
    ]


def of_workloads() -> dict[str, Check]:
    """The checks of workloads stacks, by id."""
    return evaluation.checks_in(f"{__name__}.workloads")
