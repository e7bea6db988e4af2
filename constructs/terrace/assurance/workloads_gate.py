"""The gate of a workloads stack: its guarantees, on the objects of all releases.

Charts that are at hand are rendered with helm; others are not, and the guarantees' `shown` says what that leaves open.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from terrace.assurance import checks, gate, stack_evaluation
from terrace.assurance import timeout as limit
from terrace.assurance.evaluation import Result, result_of
from terrace.assurance.gate_verdict import Gate, GateVerdict
from terrace.assurance.guarantees import TABLE, WORKLOADS
from terrace.assurance.stack_evaluation import StackEvaluation
from terrace.assurance.workloads_view import Workloads
from terrace.environment import Loaded
from terrace.errors import TerraceError
from terrace.workloads import charts, helm
from terrace.workloads.context import Context
from terrace.workloads.opening import opened
from terrace.workloads.release import Release
from terrace.workloads.releases import releases
from terrace.workloads.rendering import Renderer


def view(context: Context, *, today: date | None = None) -> Workloads:
    """The workloads of an environment, with the charts of TERRACE_CHART_DIR. Raises TerraceError."""
    renderer = Renderer(helm.find(context.root), charts.directory(os.environ))
    rendered = [renderer.render(release, context) for release in releases(context)]
    return Workloads(context, rendered, today or datetime.now(UTC).date())


def results(loaded: Loaded, root: Path, outputs: Path) -> list[Result]:
    """Every guarantee that the workloads of an environment prove; unproven if they do not render."""
    evaluation = evaluate(loaded, root, outputs, checkov=False)
    reason = "; ".join(error.reason for error in evaluation.errors)
    return evaluation.results or [Result(guarantee, "unproven", reason) for guarantee in WORKLOADS]


def evaluate(
    loaded: Loaded,
    root: Path,
    outputs: Path,
    *,
    today: date | None = None,
    seconds: float = limit.SECONDS,
    checkov: bool = True,
) -> StackEvaluation:
    """The evaluation of an environment's workloads. Workloads that do not render are an error in it.

    An environment whose modules install nothing has no workloads to check. `checkov` off: guarantees only.
    """
    evaluation = StackEvaluation(tools=stack_evaluation.versions(), layer="workloads")
    if not any(module.contract.chart for module in loaded.environment.enabled_modules.values()):
        reason = "no enabled module has a chart" if loaded.environment.cluster else "cluster is off"
        evaluation.results = [Result(guarantee, "not_required", reason) for guarantee in WORKLOADS]
        return evaluation
    try:
        workloads = view(opened(loaded.environment, root=root, outputs=outputs), today=today)
    except TerraceError as error:
        evaluation.fail("synthesis-failed", f"the workloads do not render: {error}")
        return evaluation
    except Exception as error:
        evaluation.fail("internal-error", f"the workloads do not render: {type(error).__name__}: {error}")
        return evaluation
    evaluation.resources_in = evaluation.reached = len(workloads.objects)
    evaluation.results = checks.evaluate_workloads(workloads, seconds=seconds)
    if checkov:
        run_checkov(workloads, evaluation, seconds=seconds)
    return evaluation


def run_checkov(workloads: Workloads, evaluation: StackEvaluation, *, seconds: float = limit.SECONDS) -> None:
    """Add what checkov finds in workloads to their evaluation, with the exceptions of modules."""
    with stack_evaluation.checkov(evaluation):
        from terrace.assurance import checkov_kubernetes, module_exceptions

        run = checkov_kubernetes.run(workloads.objects, seconds=seconds)
        stack_evaluation.record(run, evaluation)
        evaluation.excepted = module_exceptions.excepted(workloads, run.failed)


def of_plans(root: Path, outputs: Path, loaded: Loaded) -> Gate:
    """The gate of a workloads stack's plans: of what the releases render to, since a plan has their values only.

    A release of the plan that is not the one that was rendered is an error.
    """

    def evaluated(plan: Mapping[str, Any], stack: str) -> GateVerdict:
        rules = gate.policies(root)
        evaluation = evaluate(loaded, root, outputs, today=rules.today)
        if not evaluation.errors:
            rendered = releases(opened(loaded.environment, root=root, outputs=outputs))
            for address in differing(plan, rendered):
                evaluation.fail("unchecked-resource", "the plan's release is not the one that was rendered", address)
        return gate.gated(gate.result_of(loaded, rules, evaluation, {}, "stack"))

    return evaluated


def differing(plan: Mapping[str, Any], rendered: Iterable[Release]) -> list[str]:
    """The addresses in a plan of the releases that are not among those that were rendered, with their values."""
    expected = {(one.namespace, one.name): json.loads(json.dumps(one.values, default=dict)) for one in rendered}
    found = []
    for entry in plan["planned_values"]["root_module"].get("resources", []):
        planned = entry["values"]
        values = [json.loads(text) for text in planned.get("values") or ()]
        if values != [expected.get((planned.get("namespace"), planned.get("name")))]:
            found.append(entry["address"])
    return found


def combined(foundation: Sequence[Result], workloads: Sequence[Result]) -> list[Result]:
    """The results of an environment's two stacks, in the table's order. A guarantee that both prove has the checks of
    both: the worst decides; without results of the foundation it has none."""
    first = {result.guarantee.id: result for result in foundation}
    second = {result.guarantee.id: result for result in workloads}
    rows = [row for row in TABLE if row.id in first or (row.id in second and not row.clouds)]
    return [_both(first.get(row.id), second.get(row.id)) for row in rows]


def _both(foundation: Result | None, workloads: Result | None) -> Result:
    if foundation is None or workloads is None:
        found = foundation or workloads
        assert found is not None
        return found
    if workloads.outcomes or foundation.status != "holds":
        outcomes = (*foundation.outcomes, *workloads.outcomes)
        both = result_of(foundation.guarantee, outcomes, foundation.exception) if outcomes else foundation
        return foundation if foundation.status in ("prepared", "by_owner") and both.passes else both
    return foundation if workloads.passes else workloads
