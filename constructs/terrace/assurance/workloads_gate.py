"""The gate of a workloads stack: its guarantees, on the objects of all releases.

Charts that are at hand are rendered with helm; others are not, and the guarantees' `shown` says what that leaves open.
"""

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from terrace.assurance import checks, stack_evaluation
from terrace.assurance import timeout as limit
from terrace.assurance.evaluation import Result
from terrace.assurance.stack_evaluation import StackEvaluation
from terrace.assurance.workloads_view import Workloads
from terrace.environment import Loaded
from terrace.errors import TerraceError
from terrace.workloads import charts, helm
from terrace.workloads.context import Context
from terrace.workloads.opening import opened
from terrace.workloads.releases import releases
from terrace.workloads.rendering import Renderer


def view(context: Context, *, today: date | None = None) -> Workloads:
    """The workloads of an environment, with the charts of TERRACE_CHART_DIR. Raises TerraceError."""
    renderer = Renderer(helm.find(context.root), charts.directory(os.environ))
    rendered = [renderer.render(release, context) for release in releases(context)]
    return Workloads(context, rendered, today or datetime.now(UTC).date())


def results(loaded: Loaded, root: Path, outputs: Path, *, today: date | None = None) -> list[Result]:
    """Every guarantee that the workloads of an environment prove. Raises TerraceError if they do not render."""
    return checks.evaluate_workloads(view(opened(loaded.environment, root=root, outputs=outputs), today=today))


def evaluate(
    loaded: Loaded, root: Path, outputs: Path, *, today: date | None = None, seconds: float = limit.SECONDS
) -> StackEvaluation:
    """The evaluation of an environment's workloads. Workloads that do not render are an error in it."""
    evaluation = StackEvaluation(tools=stack_evaluation.versions())
    try:
        workloads = view(opened(loaded.environment, root=root, outputs=outputs), today=today)
    except TerraceError as error:
        evaluation.fail("synthesis-failed", f"the workloads do not render: {error}")
        return evaluation
    evaluation.resources_in = evaluation.reached = len(workloads.objects)
    evaluation.results = checks.evaluate_workloads(workloads, seconds=seconds)
    return evaluation


def combined(foundation: list[Result], workloads: list[Result]) -> list[Result]:
    """The results of an environment's two stacks: a guarantee that both prove has the checks of both."""
    from terrace.assurance.evaluation import result_of

    more = {result.guarantee.id: result for result in workloads}
    merged = []
    for result in foundation:
        other = more.pop(result.guarantee.id, None)
        if other is not None and result.outcomes and other.outcomes:
            result = result_of(result.guarantee, [*result.outcomes, *other.outcomes], result.exception)
        elif other is not None and not other.passes:
            result = replace(result, status=other.status, reason=other.reason)
        merged.append(result)
    return merged + list(more.values())
