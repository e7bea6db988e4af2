"""From the evaluation of a stack to the gate's findings: severity, location, rationale, remediation and waivers."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from terrace.assurance import waivers
from terrace.assurance.evaluation import SHOWN, Outcome
from terrace.assurance.gate_result import SEVERITIES, Finding, FindingStatus, Waiver
from terrace.assurance.guarantees import BY_ID, Guarantee
from terrace.assurance.severities import Severities
from terrace.assurance.stack_evaluation import StackEvaluation
from terrace.environment import Loaded
from terrace.project.source_map import environment_line
from terrace.project.stack_ids import stack_id

_TYPE = re.compile(r"\b(?:aws|azurerm|azuread|google)_[a-z0-9_]+")
_UNWANTED = re.compile(r": \[([^\]]*)\], expected none")
_PATH = re.compile(r"\b(?:at|under|of) ([\w.-]+(?:/[\w.-]+)+)")


def findings(
    loaded: Loaded, evaluation: StackEvaluation, severities: Severities, accepted: Sequence[Waiver], today: date | None
) -> tuple[Finding, ...]:
    """The findings about a stack, each waived or not, and those about the waivers. `today` None: no waiver expires.

    What several checks report about one resource under one guarantee or rating is one finding.
    """
    environment = loaded.environment
    concerning = [
        one
        for one in accepted
        if waivers.concerns(one, environment) and waivers.of_workloads(one) == (evaluation.layer == "workloads")
    ]
    used: set[Waiver] = set()
    statuses = _statuses(evaluation)
    found = []
    for finding in _Findings(loaded, evaluation, severities):
        matching = [
            waiver
            for waiver in concerning
            if finding.status == "broken"
            and waivers.covers(waiver, (finding.id, finding.guarantee), finding.resource, finding.construct)
        ]
        used.update(matching)
        current = [waiver for waiver in matching if today is None or not waivers.expired(waiver, today)]
        valid = [waiver for waiver in current if not waivers.unmet(waiver, statuses)]
        valid += _of_modules(finding, evaluation, severities)
        if valid:
            finding = replace(finding, status="waived", waiver=valid[0], blocks=False)
        found.append((finding, "" if valid or not current else _without_control(current[0], statuses)))
    result = _grouped(found, evaluation, severities)
    if evaluation.view is not None or evaluation.layer == "workloads":
        result += _about_waivers(loaded, evaluation, concerning, used, severities, today)
    return tuple(sorted(result, key=_order))


def _statuses(evaluation: StackEvaluation) -> dict[str, str]:
    """The status of each guarantee and check, by id."""
    own = [outcome for result in evaluation.results for outcome in result.outcomes]
    of_checks = {outcome.id: str(outcome.status) for outcome in (*own, *evaluation.outcomes)}
    return of_checks | {result.guarantee.id: str(result.status) for result in evaluation.results}


def _without_control(waiver: Waiver, statuses: Mapping[str, str]) -> str:
    controls = [f"{id} is {statuses.get(id, 'not evaluated')}" for id in waivers.unmet(waiver, statuses)]
    return f"the waiver at {waiver.line} does not count, as it relies on controls of which {' and '.join(controls)}"


def _grouped(
    found: Iterable[tuple[Finding, str]], evaluation: StackEvaluation, severities: Severities
) -> list[Finding]:
    """One finding for one fault: what one resource lacks of one guarantee, or of one rating of checkov's checks.

    `found` has each finding with a note about its waiver.
    """
    groups: dict[tuple[str, ...], list[tuple[Finding, str]]] = {}
    for finding, note in found:
        subject = finding.guarantee or severities.subject(finding.id)
        # what is not checked has a reason of its own, and waivers are shown one by one
        unproven = (finding.id, finding.sentence) if finding.status == "unproven" else ()
        waiver = finding.waiver.line if finding.waiver else ""
        key = (finding.status, finding.resource, finding.construct, subject, waiver, *unproven)
        groups.setdefault(key, []).append((finding, note))
    own = {outcome.id for result in evaluation.results for outcome in result.outcomes}
    result = []
    for group in groups.values():
        members = [finding for finding, _ in group]
        one = _one([finding for finding in members if finding.id in own], members)
        notes = dict.fromkeys(note for _, note in group if note)
        result.append(replace(one, sentence="; ".join([one.sentence, *notes])))
    return result


def _one(own: Sequence[Finding], group: Sequence[Finding]) -> Finding:
    """The finding of a group. `own` are those of a guarantee's checks, which are more specific than checkov's."""
    first = min(own or group, key=lambda finding: (-SEVERITIES.index(finding.severity), finding.id))
    sentence = first.sentence
    if own:
        start = f"{BY_ID[first.guarantee].sentence}: "
        facts = list(dict.fromkeys(finding.sentence.removeprefix(start) for finding in own))
        more = f"; and {len(facts) - SHOWN} more" if len(facts) > SHOWN else ""
        sentence = f"{start}{'; '.join(facts[:SHOWN])}{more}"
    return replace(
        first,
        sentence=sentence,
        severity=max((finding.severity for finding in group), key=SEVERITIES.index),
        blocks=any(finding.blocks for finding in group),
        also=tuple(sorted({finding.id for finding in group} - {first.id})),
    )


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
            sentence = f"{guarantee.sentence}: {outcome.reason}"
            yield self._finding(outcome.id, "unproven", sentence, "", guarantee, outcome.types)
        for observation in outcome.observations:
            if outcome.status == "broken" and not observation.ok:
                sentence = f"{guarantee.sentence}: {observation}"
                yield self._finding(outcome.id, "broken", sentence, observation.resource, guarantee, outcome.types)

    def _finding(
        self,
        id: str,
        status: FindingStatus,
        sentence: str,
        observed: str,
        guarantee: Guarantee | None = None,
        types: Sequence[str] = (),
    ) -> Finding:
        """`observed` is the construct path or address that an observation names, `types` are what a check read."""
        environment = self.loaded.environment
        rating = self.severities.of(guarantee.id if guarantee and id not in self.severities.ratings else id)
        proves = guarantee.id if guarantee else getattr(rating, "guarantee", "")
        of_guarantee = BY_ID[proves].capability if proves in BY_ID else "other"
        resource, construct = self._place(observed, sentence, types, of_guarantee)
        capability = construct.partition("/")[0] if construct in self.resources else of_guarantee
        return Finding(
            id=id,
            status=status,
            severity=rating.severity,
            sentence=sentence,
            environment=stack_id(environment.name, self.evaluation.layer),
            cloud=environment.cloud,
            guarantee=proves,
            resource=resource,
            construct=construct,
            line=self._line(rating.setting, construct if construct in self.resources else of_guarantee),
            capability=capability,
            rationale=rating.rationale,
            remediation=rating.remediation,
            blocks=status == "unproven"
            or guarantee is not None
            or self.severities.fails(rating.severity, environment.tier),
        )

    def _place(self, observed: str, sentence: str, types: Sequence[str], capability: str) -> tuple[str, str]:
        """The address and the construct path of what was observed.

        Of what is missing: its type, or else what the check read, and the path or capability where it should be.
        """
        if one := self.resources.get(observed) or self.resources.get(observed.partition(" ")[0]):
            return one.address, one.path or one.address
        unwanted = _UNWANTED.search(sentence)
        if found := [self.resources[name] for name in _names(unwanted) if name in self.resources]:
            return ", ".join(one.address for one in found[:SHOWN]), ", ".join(str(one) for one in found[:SHOWN])
        if self.evaluation.layer == "workloads":
            return observed, observed.rpartition(" ")[2]
        if observed.startswith("module."):  # of a plan; the stack has no modules
            return observed, observed
        named = _TYPE.search(observed) or _TYPE.search(sentence)
        more = f" and {len(types) - SHOWN} more types" if len(types) > SHOWN else ""
        resource = named[0] if named else ", ".join(types[:SHOWN]) + more
        path = _PATH.search(sentence)
        if observed and not _TYPE.match(observed):
            return resource or observed, observed
        stack = stack_id(self.loaded.environment.name, self.evaluation.layer)
        return observed or resource or stack, path[1] if path else capability if capability != "other" else stack

    def _line(self, setting: str, construct: str) -> str:
        """The line of the setting if a file sets it, else of the capability's section."""
        if setting and (line := self.loaded.where(setting)):
            return line
        return environment_line(self.loaded, f"{self.loaded.environment.name}/{construct}/") or ""


def _names(unwanted: re.Match[str] | None) -> list[str]:
    """The resources that an observation lists although there should be none."""
    return unwanted[1].split(", ") if unwanted else []


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
    """Findings about waivers of the project that have expired or that match no finding."""
    groups: dict[tuple[str, str], list[Waiver]] = {}
    for waiver in concerning:
        expired = today is not None and waivers.expired(waiver, today)
        if expired or (waiver not in used and waiver.expires):
            groups.setdefault((waiver.line, "expired" if expired else "unused"), []).append(waiver)
    for (line, state), group in groups.items():
        id, first = f"gate.{state}-waiver", group[0]
        rating = severities.of(id)
        reason = f"expired on {first.until}" if state == "expired" else "matches no finding"
        ids = ", ".join(one.id for one in group)
        yield Finding(
            id=id,
            status="unproven",
            severity=rating.severity,
            sentence=f"the waiver of {ids} on {first.resource}, owned by {first.owner}, {reason}",
            environment=stack_id(loaded.environment.name, evaluation.layer),
            cloud=loaded.environment.cloud,
            resource=first.resource,
            construct=first.resource,
            line=line,
            rationale=rating.rationale,
            remediation=rating.remediation,
        )


def _order(finding: Finding) -> tuple[str, int, str, str, str]:
    worst_first = -SEVERITIES.index(finding.severity)
    return finding.capability, worst_first, finding.id, finding.construct, finding.sentence
