"""`terrace drift ENV --repair` of a foundation: show the plan that reverts the drift, ask, and apply it."""

from functools import partial
from pathlib import Path

import click

from terrace.assurance.drift_severity import grader
from terrace.cli.console import confirmed, info, warn, write, write_json
from terrace.cli.drift_find import acceptance
from terrace.cli.drift_text import report_lines
from terrace.cli.options import deployment_of, project_of, state_home_of
from terrace.cli.plan_summary import plan_text
from terrace.cli.progress import Progress
from terrace.deployment import drift_repair
from terrace.deployment.drift_repair import Repair
from terrace.deployment.trail import Trail
from terrace.environment import Loaded
from terrace.words import counted


def repair_foundation(
    ctx: click.Context,
    loaded: Loaded,
    *,
    provider_mirror: Path | None,
    lock_timeout: str,
    unlock: str,
    yes: bool,
    break_glass: str,
    as_json: bool,
) -> int:
    """Revert the drift of a foundation; returns the exit code. Raises what `drift_repair.repair` raises."""
    root = project_of(ctx).root
    with Progress() as progress:
        deployment = deployment_of(
            ctx,
            loaded,
            lock_timeout=lock_timeout,
            provider_mirror=provider_mirror,
            on_message=progress.info,
            on_event=progress.listen,
        )
        trail = Trail(deployment, partial(state_home_of, ctx, loaded), warn)

        def confirm(planned: Repair) -> bool:
            saved = planned.saved
            assert saved is not None
            for line in _lines(planned):
                info(line)
            question = f"Apply this plan to {deployment.stack_id} on {deployment.cloud}?"
            if not confirmed(question, yes=yes):
                return False
            progress.expect_changes(deployment, saved.summary.verbs)
            if break_glass and not (saved.gate and saved.gate.passes):
                trail.break_glass(break_glass, saved.sha256)
            counts: dict[str, int] = saved.summary.as_data()["counts"]
            run.begins(plan=saved.sha256, summary=counts, detail="repair of drift")
            return True

        with trail.run("apply") as run:
            done = drift_repair.repair(
                deployment,
                accept=acceptance(root, loaded),
                confirm=confirm,
                grade=grader(root, loaded),
                unlock=unlock,
                break_glass=break_glass,
            )
    data = done.as_data()
    if as_json:
        environment = {"environment": loaded.environment.name, "cloud": loaded.environment.cloud}
        write_json({**environment, "layer": "foundation", **done.report.as_data(), "repair": data})
    else:
        repaired = f"{counted(len(data['repaired']), 'drifted resource')} repaired"
        name = f"{deployment.stack_id} on {deployment.cloud}"
        write(f"{name}: {repaired if done.saved else 'no drift to repair'}")
    for address, settings in done.left.items():
        warn(
            f"not repaired: {address}, of which the stack also changes {', '.join(settings)}; "
            f"run `terrace plan {deployment.stack_id}` and apply that"
        )
    run.require_recorded()
    return 1 if done.left else 0


def _lines(planned: Repair) -> list[str]:
    """The drift, the plan that reverts it, and what Terraform changes beside it."""
    assert planned.saved is not None
    pending = [address for address in planned.report.pending if address not in {c.address for c in planned.required}]
    lines = [*report_lines(planned.report), "", plan_text(planned.saved.summary)]
    if planned.required:
        lines.append("Terraform also changes what the drifted resources depend on:")
        lines += [f"  {change.verb} {change.address}" for change in planned.required]
    if pending:
        lines.append(f"Other changes of the stack are not applied: {counted(len(pending), 'resource')}")
    return lines
