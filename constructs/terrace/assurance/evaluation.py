"""Everything that is known of one stack: the guarantees' proofs, checkov's verdicts, and what could not be judged."""

import importlib.metadata
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from terrace.assurance import timeout as limit
from terrace.assurance.checks import Subject
from terrace.assurance.proof import Broken, DoesNotApply, Holds, Proof, Unproven, prove
from terrace.assurance.result import CheckRun
from terrace.assurance.view import View
from terrace.environment import Loaded, target

_TOOLS = ("terrace", "checkov", "cloudsplaining", "policy_sentry", "cdktn")


@dataclass(frozen=True)
class Fact:
    """What a check says of a place, a construct's path or an address. `error`: it could not say."""

    id: str
    place: str
    sentence: str
    guarantee: str = ""
    error: bool = False


@dataclass
class Judged:
    """`errors` are (kind, address, reason). `reached` counts the resources that were handed to the checks, `seen` are
    those of which checkov says something.
    """

    facts: list[Fact] = field(default_factory=list)
    errors: list[tuple[str, str, str]] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    checks: list[CheckRun] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    resources_in: int = 0
    reached: int = 0
    view: View | None = None
    tools: dict[str, str] = field(default_factory=dict)


def evidence(
    loaded: Loaded,
    written: str,
    policies: Sequence[Path],
    *,
    plan: Mapping[str, Any] | None = None,
    offline: bool = False,
    seconds: float,
) -> Judged:
    """Judge a stack, given as JSON text, or a plan of it. Never raises for what is in them."""
    judged = Judged(tools=_versions())
    view = _view(written, plan, judged)
    if view is None:
        return judged
    judged.view = view
    environment = loaded.environment
    subject = Subject(view, environment, target(environment, offline=offline))
    of_guarantees(subject, judged, seconds)
    of_checkov(view, policies, judged, seconds)
    return judged


def _versions() -> dict[str, str]:
    installed = {found.name: found.version for found in importlib.metadata.distributions() if found.name in _TOOLS}
    return {name: installed[name] for name in _TOOLS if name in installed}


def _view(written: str, plan: Mapping[str, Any] | None, judged: Judged) -> View | None:
    """The view, and what of the input is not in it; None when there is nothing to look at."""
    try:
        document = json.loads(written)
        view = View(document)
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        judged.errors.append(("unreadable-stack", "", f"the stack cannot be read: {type(error).__name__}: {error}"))
        return None
    judged.resources_in = sum(len(group) for group in document.get("resource", {}).values())
    if plan is not None:
        try:
            view = _planned(plan, document, judged)
        except (LookupError, AttributeError, TypeError, ValueError) as error:
            judged.errors.append(("unreadable-plan", "", f"the plan cannot be read: {type(error).__name__}: {error}"))
            return None
    if not judged.resources_in:
        judged.errors.append(("empty-stack", "", "there is no resource in it"))
        return None
    return view


def _planned(plan: Mapping[str, Any], document: Mapping[str, Any], judged: Judged) -> View:
    """The view of a plan. What is in the plan and not in the stack, or the other way round, was not looked at."""
    if "unreadable" in plan:
        raise ValueError(plan["unreadable"])
    if plan.get("errored") or plan.get("complete") is False:
        raise ValueError("Terraform did not finish it")
    planned = list(_resources(plan["planned_values"]["root_module"]))
    judged.resources_in = len(planned)
    stack = {f"{type}.{name}" for type, group in document.get("resource", {}).items() for name in group}
    for address in sorted(set(planned) - stack):
        judged.errors.append(("not-looked-at", address, "the plan has it, the stack as it is now has not"))
    for address in sorted(stack - set(planned)):
        judged.errors.append(("not-looked-at", address, "the stack has it, the plan has not"))
    return View.of_plan(plan, document)


def _resources(module: Mapping[str, Any]) -> list[str]:
    """The addresses of the managed resources of a module and of those below it."""
    own = [one["address"] for one in module.get("resources", []) if one.get("mode", "managed") == "managed"]
    return own + [address for child in module.get("child_modules", []) for address in _resources(child)]


def of_guarantees(subject: Subject, judged: Judged, seconds: float = limit.SECONDS) -> None:
    """Prove every guarantee, and note what is broken or unproven."""
    judged.proofs = prove(subject, seconds=seconds)
    for proof in judged.proofs:
        _of_proof(proof, judged)


def _of_proof(proof: Proof, judged: Judged) -> None:
    guarantee = proof.guarantee
    if proof.status == "unproven" and not proof.verdicts:
        said = f"nothing proves it on this cloud: {guarantee.sentence}"
        judged.facts.append(Fact(guarantee.id, "", said, guarantee.id, error=True))
    for id, verdict in proof.verdicts:
        match verdict:
            case Holds(seen=seen, findings=findings):
                judged.checks.append(
                    CheckRun(id, passed=tuple(dict.fromkeys(f.resource for f in findings)), facts=seen)
                )
            case Broken(findings=findings):
                failed = tuple(dict.fromkeys(finding.resource for finding in findings))
                judged.checks.append(CheckRun(id, failed=failed, facts=len(findings)))
                judged.facts += [
                    Fact(id, one.resource, f"{guarantee.sentence}: {one}", guarantee.id) for one in findings
                ]
            case Unproven(reason=reason):
                said = f"{guarantee.sentence}: {reason}"
                judged.facts.append(Fact(id, "", said, guarantee.id, error=True))
            case DoesNotApply():
                judged.checks.append(CheckRun(id))


def of_checkov(view: View, policies: Sequence[Path], judged: Judged, seconds: float = limit.SECONDS) -> None:
    """Run checkov, and note what fails, what it has looked at and what it could not judge."""
    # Seconds of importing, which wraps the standard streams and adds a handler of logs: both are put back.
    streams, handlers = (sys.stdout, sys.stderr), list(logging.root.handlers)
    try:
        from terrace.assurance import checkov_run

        ran = checkov_run.run(view, policies, seconds=seconds)
    except ModuleNotFoundError as error:
        absent = f"{error.name} is not installed: `pip install terrace[assurance]` brings it"
        judged.errors.append(("broken", "", absent))
        return
    except Exception as error:
        judged.errors.append(("broken", "", f"checkov did not run: {type(error).__name__}: {error}"))
        return
    finally:
        sys.stdout, sys.stderr = streams
        logging.root.handlers[:] = handlers
    judged.reached = len(ran.addresses)
    judged.seen = {record.address for record in ran.records}
    runs: dict[str, dict[str, list[str]]] = {}
    for record in ran.records:
        runs.setdefault(record.check, {"passed": [], "failed": [], "unknown": []})[record.result].append(record.address)
        if record.result == "failed":
            judged.facts.append(Fact(record.check, record.address, record.name))
    judged.checks += [
        CheckRun(id, tuple(sorted(by["passed"])), tuple(sorted(by["failed"])), tuple(sorted(by["unknown"])))
        for id, by in sorted(runs.items())
    ]
    for fault in ran.faults:
        said = f"{fault.check}: {fault.reason}" if fault.check else fault.reason
        judged.errors.append((fault.kind, fault.address, said))
    if missing := {one.address for one in view} - set(ran.addresses):
        judged.errors += [("not-looked-at", address, "it did not reach the checks") for address in sorted(missing)]
