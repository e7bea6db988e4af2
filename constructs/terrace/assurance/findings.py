"""From the evaluation of a stack to the gate's findings: severity, location, rationale, remediation and waivers."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from terrace.assurance import waivers
from terrace.assurance.evaluation import Outcome
from terrace.assurance.gate_result import SEVERITIES, Finding, FindingStatus, Waiver
from terrace.assurance.guarantees import BY_ID, Guarantee
from terrace.assurance.severities import Severities
from terrace.assurance.stack_evaluation import StackEvaluation
from terrace.environment import Loaded
from terrace.project.source_map import environment_line
from terrace.project.stack_ids import stack_id


def findings(
    loaded: Loaded, evaluation: StackEvaluation, severities: Severities, accepted: Sequence[Waiver], today: date | None
) -> tuple[Finding, ...]:
    """The findings about a stack, each waived or not, and those about the waivers. `today` None: no waiver expires."""
    environment = loaded.environment
    concerning = [
        one
        for one in accepted
        if waivers.concerns(one, environment.name, environment.cloud)
        and waivers.of_workloads(one) == (evaluation.layer == "workloads")
    ]
    used: set[Waiver] = set()
    result = []
    for finding in _Findings(loaded, evaluation, severities):
        matching = [
            waiver
            for waiver in concerning
            if finding.status == "broken"
            and waivers.covers(waiver, (finding.id, finding.guarantee), finding.resource, finding.construct)
        ]
        used.update(matching)
        valid = [waiver for waiver in matching if today is None or not waivers.expired(waiver, today)]
        valid += _of_modules(finding, evaluation, severities)
        result.append(replace(finding, status="waived", waiver=valid[0], blocks=False) if valid else finding)
    if evaluation.view is not None or evaluation.layer == "workloads":
        result += _about_waivers(loaded, evaluation, concerning, used, severities, today)
    return tuple(sorted(result, key=_order))


class _Findings:
    """The findings of one evaluation, before waivers."""

    def __init__(self, loaded: Loaded, evaluation: StackEvaluation, severities: Severities) -> None:
        self.loaded = loaded
        self.evaluation = evaluation
        self.severities = severities
        resources = list(evaluation.view or ())
        self.resources = {one.path: one for one in resources if one.path} | {one.address: one for one in resources}

    def __iter__(self) -> Iterator[Finding]:
        for result in self.evaluation.results:
            guarantee = result.guarantee
            if result.status == "unproven" and not result.outcomes:
                yield self._finding(guarantee.id, "unproven", f"{guarantee.sentence}: {result.reason}", "", guarantee)
            for outcome in result.outcomes:
                yield from self._of_check(outcome, guarantee)
        for outcome in self.evaluation.outcomes:
            for observation in outcome.observations:
                if not observation.ok:
                    yield self._finding(outcome.id, "broken", observation.fact, observation.resource)
        for error in self.evaluation.errors:
            for address in error.inconclusive or ("",):
                yield self._finding(error.id, "unproven", error.reason, address)

    def _of_check(self, outcome: Outcome, guarantee: Guarantee) -> Iterator[Finding]:
        if outcome.status == "unproven":
            yield self._finding(outcome.id, "unproven", f"{guarantee.sentence}: {outcome.reason}", "", guarantee)
        for observation in outcome.observations:
            if outcome.status == "broken" and not observation.ok:
                sentence = f"{guarantee.sentence}: {observation}"
                yield self._finding(outcome.id, "broken", sentence, observation.resource, guarantee)

    def _finding(
        self, id: str, status: FindingStatus, sentence: str, observed: str, guarantee: Guarantee | None = None
    ) -> Finding:
        """`observed` is the construct path or address that an observation names."""
        environment = self.loaded.environment
        resource = self.resources.get(observed)
        construct = resource.path if resource else ""
        rating = self.severities.of(guarantee.id if guarantee and id not in self.severities.ratings else id)
        proves = guarantee.id if guarantee else getattr(rating, "guarantee", "")
        capability = construct.partition("/")[0] or (BY_ID[proves].capability if proves in BY_ID else "other")
        return Finding(
            id=id,
            status=status,
            severity=rating.severity,
            sentence=sentence,
            environment=stack_id(environment.name, self.evaluation.layer),
            cloud=environment.cloud,
            guarantee=proves,
            resource=resource.address if resource else "" if guarantee and self.evaluation.view else observed,
            construct=construct,
            line=self._line(rating.setting, construct or capability),
            capability=capability,
            rationale=rating.rationale,
            remediation=rating.remediation,
            blocks=status == "unproven"
            or guarantee is not None
            or self.severities.fails(rating.severity, environment.tier),
        )

    def _line(self, setting: str, construct: str) -> str:
        """The line of the setting if a file sets it, else of the capability's section."""
        if setting and (line := self.loaded.where(setting)):
            return line
        return environment_line(self.loaded, f"{self.loaded.environment.name}/{construct}/") or ""


def _of_modules(finding: Finding, evaluation: StackEvaluation, severities: Severities) -> list[Waiver]:
    """The exceptions of modules from the policies that require the same as a check of checkov."""
    policies = getattr(severities.of(finding.id), "policies", ()) if finding.status == "broken" else ()
    found = [evaluation.excepted.get((policy, finding.resource)) for policy in policies]
    return [replace(one, id=finding.id) for one in found if one]


def _about_waivers(
    loaded: Loaded,
    evaluation: StackEvaluation,
    concerning: Sequence[Waiver],
    used: set[Waiver],
    severities: Severities,
    today: date | None,
) -> Iterator[Finding]:
    """Findings about waivers that have expired or that match no finding."""
    for waiver in concerning:
        expired = today is not None and waivers.expired(waiver, today)
        if not expired and waiver in used:
            continue
        id = "gate.expired-waiver" if expired else "gate.unused-waiver"
        rating = severities.of(id)
        state = f"expired on {waiver.expires}" if expired else "matches no finding"
        yield Finding(
            id=id,
            status="unproven",
            severity=rating.severity,
            sentence=f"the waiver of {waiver.id} on {waiver.resource}, owned by {waiver.owner}, {state}",
            environment=stack_id(loaded.environment.name, evaluation.layer),
            cloud=loaded.environment.cloud,
            line=waiver.line,
            rationale=rating.rationale,
            remediation=rating.remediation,
        )


def _order(finding: Finding) -> tuple[str, int, str, str, str]:
    worst_first = -SEVERITIES.index(finding.severity)
    return finding.capability, worst_first, finding.id, finding.construct, finding.sentence
