"""Evaluates one stack or a plan of it: the guarantees, checkov's checks, and what could not be checked."""

import importlib.metadata
import json
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from terrace import __version__, distribution
from terrace.assurance import checks, plan_document
from terrace.assurance.evaluation import Outcome, Result
from terrace.assurance.gate_result import Waiver
from terrace.assurance.view import View
from terrace.environment import Loaded, target
from terrace.project import basis
from terrace.project.stack_ids import Layer

if TYPE_CHECKING:
    from terrace.assurance.checkov_run import Run

_TOOLS = ("checkov", "cloudsplaining", "policy_sentry", "cdktn")


@dataclass
class StackEvaluation:
    """What was checked of a stack. `errors` are the gate's own outcomes, each `inconclusive` on the resource that could
    not be checked. `reached` counts the resources that checkov received, `checked` are those with an outcome.
    """

    results: list[Result] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    errors: list[Outcome] = field(default_factory=list)
    checked: set[str] = field(default_factory=set)
    resources_in: int = 0
    reached: int = 0
    view: View | None = None
    tools: dict[str, str] = field(default_factory=dict)
    layer: Layer = "foundation"
    excepted: Mapping[tuple[str, str], Waiver] = field(default_factory=dict)

    def fail(self, kind: str, reason: str, address: str = "") -> None:
        """Add an error: the finding `gate.<kind>`."""
        self.errors.append(failure(kind, reason, address))


def failure(kind: str, reason: str, address: str = "") -> Outcome:
    """The outcome of something that could not be checked."""
    return Outcome(f"gate.{kind}", "unproven", reason=reason, inconclusive=(address,) if address else ())


def evaluate(
    loaded: Loaded,
    stack: str,
    policies: Sequence[Path],
    *,
    plan: Mapping[str, Any] | None = None,
    foundation: str = "",
    offline: bool = False,
    seconds: float,
) -> StackEvaluation:
    """Evaluate a stack, given as JSON text, or a plan of it. Errors in them do not raise; they are in the result.

    A foundation is evaluated with what it rests on; a bootstrap with its `foundation`, given as JSON text.
    """
    evaluation = StackEvaluation(tools=versions(), layer="bootstrap" if foundation else "foundation")
    view = _view(stack, plan, evaluation)
    if view is None:
        return evaluation
    if foundation:
        view = View(basis.with_basis(json.loads(foundation), view.document.get("resource", {})))
    evaluation.resources_in = sum(1 for _ in view)
    evaluation.view = view
    environment = loaded.environment
    subject = checks.Subject(view, environment, target(environment, offline=offline))
    evaluation.results = checks.evaluate(subject, seconds=seconds)
    _run_checkov(view, policies, evaluation, seconds)
    return evaluation


@cache
def _version(tool: str) -> str:
    """The installed version of a tool; empty if it is not installed."""
    try:
        return importlib.metadata.version(tool)
    except importlib.metadata.PackageNotFoundError:
        return ""


def versions() -> dict[str, str]:
    """The installed versions of the tools that check a stack."""
    return {"terrace": __version__} | {name: version for name in _TOOLS if (version := _version(name))}


def _view(stack: str, plan: Mapping[str, Any] | None, evaluation: StackEvaluation) -> View | None:
    """The view of the stack or plan; None, and an error, when there is nothing to check."""
    try:
        document = json.loads(stack)
        view = View(document)
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        evaluation.fail("unreadable-stack", f"the stack cannot be read: {type(error).__name__}: {error}")
        return None
    evaluation.resources_in = sum(len(group) for group in document.get("resource", {}).values())
    if plan is not None:
        try:
            view = _view_of_plan(plan, document, evaluation)
        except (LookupError, AttributeError, TypeError, ValueError) as error:
            evaluation.fail("unreadable-plan", f"the plan cannot be read: {type(error).__name__}: {error}")
            return None
    if not evaluation.resources_in:
        evaluation.fail("empty-stack", "the stack has no resources")
        return None
    return view


def _view_of_plan(plan: Mapping[str, Any], document: Mapping[str, Any], evaluation: StackEvaluation) -> View:
    """The view of a plan. A resource that only the plan or only the stack has is an error, and so are planned values
    that are not those of the change.
    """
    if "unreadable" in plan:
        raise ValueError(plan["unreadable"])
    if plan.get("errored") or plan.get("complete") is False:
        raise ValueError("Terraform did not complete it")
    view = View.of_plan(plan, document)
    planned = list(_addresses(plan["planned_values"]["root_module"]))
    evaluation.resources_in = len(planned)
    stack = {f"{type}.{name}" for type, group in document.get("resource", {}).items() for name in group}
    for address in sorted(set(planned) - stack):
        evaluation.fail("unchecked-resource", "the plan has it, the current stack does not", address)
    for address in sorted(stack - set(planned)):
        evaluation.fail("unchecked-resource", "the stack has it, the plan does not", address)
    for address in plan_document.differing(plan):
        evaluation.fail("unreadable-plan", "its planned values and its change differ: the file was edited", address)
    return view


def _addresses(module: Mapping[str, Any]) -> list[str]:
    """The addresses of the managed resources of a module and its child modules."""
    resources = module.get("resources", [])
    own = [resource["address"] for resource in resources if resource.get("mode", "managed") == "managed"]
    return own + [address for child in module.get("child_modules", []) for address in _addresses(child)]


def _run_checkov(view: View, policies: Sequence[Path], evaluation: StackEvaluation, seconds: float) -> None:
    run: Run | None = None
    with checkov(evaluation):
        from terrace.assurance import checkov_run

        run = checkov_run.run(view, policies, seconds=seconds)
    if run is None:
        return
    record(run, evaluation)
    for address in sorted({resource.address for resource in view} - set(run.addresses)):
        evaluation.fail("unchecked-resource", "checkov did not receive it", address)


@contextmanager
def checkov(evaluation: StackEvaluation) -> Iterator[None]:
    """Import and run checkov in the body. What it raises is an error in the evaluation.

    Importing checkov wraps the standard streams and adds a log handler: both are restored.
    """
    streams, handlers = (sys.stdout, sys.stderr), list(logging.root.handlers)
    try:
        yield
    except ModuleNotFoundError as error:
        evaluation.fail(
            "internal-error", f"{error.name} is not installed; install it: `{distribution.install('assurance')}`"
        )
    except Exception as error:
        evaluation.fail("internal-error", f"checkov did not run: {type(error).__name__}: {error}")
    finally:
        sys.stdout, sys.stderr = streams
        logging.root.handlers[:] = handlers


def record(run: "Run", evaluation: StackEvaluation) -> None:
    """Add the results of a run of checkov to an evaluation."""
    evaluation.outcomes = run.outcomes
    evaluation.errors += run.errors
    evaluation.reached = len(run.addresses)
    for outcome in run.outcomes:
        evaluation.checked.update(outcome.inconclusive, (observation.resource for observation in outcome.observations))
