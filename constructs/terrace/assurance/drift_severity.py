"""How serious drift is: which guarantees break, and whose access changes, in the stack with the drifted values.

The checks of the guarantees, checkov's and the access model read the stack twice: as planned, and with the values that
the cloud has now. What only the second evaluation reports is what the drift did, so no list of attributes is kept here.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from terrace.assurance import access, checks, gate, plan_document, policy_files, stack_evaluation
from terrace.assurance.access.model import changes, sentences
from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Result
from terrace.assurance.guarantees import BY_ID, GUARANTEES, Guarantee
from terrace.assurance.severities import Severities
from terrace.assurance.stack_evaluation import StackEvaluation
from terrace.assurance.view import View
from terrace.environment import Loaded, target
from terrace.errors import TerraceError

DriftSeverity = Literal["cosmetic", "availability", "security"]
ORDER: tuple[DriftSeverity, ...] = get_args(DriftSeverity)
_INSTANCE = re.compile(r"\[.*\]$")


@dataclass(frozen=True)
class Grade:
    """`guarantees` are the ids of those that the drift breaks; `reasons` are sentences, each a fact that was read."""

    severity: DriftSeverity
    guarantees: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


Grader = Callable[[Mapping[str, Any], str, Sequence[str]], Mapping[str, Grade]]
"""Grades drifted addresses, from a plan in Terraform's JSON format and its stack as JSON text."""


def worst(found: Iterable[DriftSeverity]) -> DriftSeverity | None:
    """The most serious of them; None if there is none."""
    return max(found, key=ORDER.index, default=None)


def grader(root: Path, loaded: Loaded) -> Grader:
    """The grader of one environment's foundation. Raises InvalidPolicies."""
    rated = gate.rated_by(root)
    policies = policy_files.checkov_folders(root)

    def graded(plan: Mapping[str, Any], stack: str, addresses: Sequence[str]) -> dict[str, Grade]:
        try:
            return _Stacks(loaded, rated, policies, plan, json.loads(stack)).grades(addresses)
        except (LookupError, AttributeError, TypeError, ValueError, TerraceError) as error:
            # A drift that cannot be graded counts as the worst kind.
            reason = f"it cannot be graded: {type(error).__name__}: {error}"
            return {address: Grade("security", reasons=(reason,)) for address in addresses}

    return graded


class _Stacks:
    """The stack as planned, and with drifted resources."""

    def __init__(
        self,
        loaded: Loaded,
        rated: Severities,
        policies: Sequence[Path],
        plan: Mapping[str, Any],
        stack: Mapping[str, Any],
    ) -> None:
        self._environment = loaded.environment
        self._target = target(loaded.environment)
        self._rated = rated
        self._policies = policies
        self._planned = plan_document.document_of(plan, stack)
        self._actual = plan_document.document_before(plan, self._planned)["resource"]
        self._expected = self._subject([])
        self._results = _broken(checks.evaluate(self._expected))

    def grades(self, addresses: Sequence[str]) -> dict[str, Grade]:
        """The grade of each address. Only the guarantees that all drifts together break are evaluated for each."""
        together = self._subject(addresses)
        affected = [BY_ID[id] for id in self._newly_broken(together, GUARANTEES)]
        reached = bool(self._access(together))
        scanned = self._scanned(addresses)
        found = {}
        for address in addresses:
            alone = self._subject([address])
            broken = self._newly_broken(alone, affected)
            kinds: list[DriftSeverity] = [self._kind(id, BY_ID[id]) for id in broken]
            reasons = [f"{id} {fact}" for id, facts in broken.items() for fact in facts]
            ids = list(broken)
            for check, name in scanned.get(address, ()):
                guarantee = BY_ID.get(getattr(self._rated.of(check), "guarantee", ""))
                kinds.append(self._kind(check, guarantee))
                ids += [guarantee.id] if guarantee else []
                reasons.append(f"{check} {name}")
            for line in self._access(alone) if reached else ():
                kinds.append("availability" if line.startswith("- ") else "security")
                reasons.append(f"access {line}")
            if not kinds and self._body(address) is None:
                kinds, reasons = ["availability"], ["the resource is missing"]
            severity = worst(kinds) or "cosmetic"
            reasons = reasons or ["no check of a guarantee and no access depends on it"]
            found[address] = Grade(severity, tuple(dict.fromkeys(ids)), tuple(reasons))
        return found

    def _kind(self, id: str, guarantee: Guarantee | None) -> DriftSeverity:
        """What suffers by a check or a guarantee; what policies/severity.yaml rates as low is cosmetic."""
        if self._rated.of(id).severity == "low":
            return "cosmetic"
        return guarantee.protects if guarantee else "security"

    def _scanned(self, addresses: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
        """The checks of checkov, with their names, that fail on drifted resources and pass on planned ones."""
        planned, drifted = self._failed(addresses, drifted=[]), self._failed(addresses, drifted=addresses)
        found: dict[str, list[tuple[str, str]]] = {}
        for address in addresses:
            plain = _INSTANCE.sub("", address)
            found[address] = [(id, name) for id, at, name in sorted(drifted - planned) if at == plain]
        return found

    def _failed(self, addresses: Sequence[str], *, drifted: Sequence[str]) -> set[tuple[str, str, str]]:
        """Check, address and name of what checkov reports on these resources alone; none without checkov."""
        document = dict(self._subject(drifted).view.document)
        named = {_INSTANCE.sub("", address) for address in addresses}
        document["resource"] = {
            type: {name: body for name, body in group.items() if f"{type}.{name}" in named}
            for type, group in document["resource"].items()
        }
        with stack_evaluation.checkov(StackEvaluation()):
            from terrace.assurance import checkov_run

            outcomes = checkov_run.run(View(document), self._policies).outcomes
            bad = [(outcome.id, one) for outcome in outcomes for one in outcome.observations if not one.ok]
            return {(id, one.resource, one.fact) for id, one in bad}
        return set()

    def _newly_broken(self, subject: Subject, guarantees: Iterable[Guarantee]) -> dict[str, list[str]]:
        """Guarantee to what its checks report of this stack and not of the planned one."""
        found = {}
        for id, facts in _broken(checks.evaluate(subject, guarantees)).items():
            if new := [fact for fact in facts if fact not in self._results.get(id, ())]:
                found[id] = new
        return found

    def _access(self, subject: Subject) -> list[str]:
        """The paths and rights that only one of the stacks has, as `+ ...` and `- ...`."""
        try:
            return sentences(*changes(access.read(self._expected), access.read(subject)))
        except TerraceError as error:
            return [f"cannot be compared: {error}"]

    def _subject(self, drifted: Sequence[str]) -> Subject:
        resources = {type: dict(group) for type, group in self._planned["resource"].items()}
        for address in drifted:
            type, name = _INSTANCE.sub("", address).split(".", 1)
            body = self._body(address)
            if body is None:
                resources.get(type, {}).pop(name, None)
            else:
                resources.setdefault(type, {})[name] = body
        return Subject(View({**self._planned, "resource": resources}), self._environment, self._target)

    def _body(self, address: str) -> dict[str, Any] | None:
        """A resource as it is now; None if it is missing."""
        type, name = _INSTANCE.sub("", address).split(".", 1)
        body: dict[str, Any] | None = self._actual.get(type, {}).get(name)
        return body


def _broken(results: Iterable[Result]) -> dict[str, tuple[str, ...]]:
    """Guarantee to what its checks report against it; also why one could not be evaluated."""
    found = {}
    for result in results:
        facts = [str(one) for one in result.observations if not one.ok]
        facts += [outcome.reason for outcome in result.outcomes if outcome.reason and outcome.status != "not_required"]
        if facts:
            found[result.guarantee.id] = tuple(facts)
    return found
