"""`terrace ci comment`: what plans would do, as one comment for a pull request."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from terrace.deployment.comment import Subject, Users
    from terrace.deployment.comment.records import PlanRecord


_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("comment")
@click.argument("plans", nargs=-1, type=_FILE, metavar="[PLAN]...")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="Read every plan-*.json, gate-*.json, before-*.json, drift-*.json and parity.json in DIR.",
)
@click.option("--gate", "gates", type=_FILE, multiple=True, metavar="FILE", help="`terrace gate --json` of the change.")
@click.option(
    "--gate-before",
    type=_FILE,
    multiple=True,
    metavar="FILE",
    help="`terrace gate --json` of the branch that the change is for: tells new findings from old ones.",
)
@click.option("--parity", type=_FILE, metavar="FILE", help="`terrace parity --json` of the change.")
@click.option(
    "--drift",
    "drifts",
    type=_FILE,
    multiple=True,
    metavar="FILE",
    help="`terrace drift --json`.",
)
@click.option("--output", type=_FILE, metavar="FILE", help="Write the comment to FILE instead of standard output.")
@click.pass_context
def command(
    ctx: click.Context,
    plans: tuple[Path, ...],
    folder: Path | None,
    gates: tuple[Path, ...],
    gate_before: tuple[Path, ...],
    parity: Path | None,
    drifts: tuple[Path, ...],
    output: Path | None,
) -> None:
    """Write what plans would do as Markdown, for one comment that a pipeline replaces at each run.

    PLAN is a file with what `terrace plan ENV --json` printed, or the record beside a saved plan. Without PLAN: all
    saved plans of the project. The comment's first line is the same in every comment; a pipeline finds it by that.

    An empty file of --folder is the output of a command that broke; the comment says so of a plan.

    The comment is at most 60 kB. What it only counts is named in a second file beside FILE, such as comment-all.md,
    which is written only then.
    """
    from terrace.cli.console import info, write
    from terrace.cli.options import project_of
    from terrace.deployment import comment
    from terrace.deployment.comment import records
    from terrace.errors import UsageError

    failed: list[str] = []
    if folder:

        def named(kind: str) -> tuple[Path, ...]:
            return tuple(path for path in sorted(folder.glob(f"{kind}-*.json")) if path.stat().st_size)

        failed = [path.stem.removeprefix("plan-") for path in folder.glob("plan-*.json") if not path.stat().st_size]
        plans, gates, gate_before, drifts = (
            (*given, *named(kind))
            for given, kind in ((plans, "plan"), (gates, "gate"), (gate_before, "before"), (drifts, "drift"))
        )
        whole = folder / "parity.json"
        parity = parity or (whole if whole.is_file() and whole.stat().st_size else None)
    files = plans or (() if folder else tuple(sorted(project_of(ctx).plans.glob("*.tfplan.json"))))
    if not files and not failed:
        raise UsageError("no saved plan in this project", hint="run `terrace plan ENV`, or name files")
    found = records.plans(files)
    results = [one for path in gates for one in records.read(path, records.GateRecord, "terrace gate --json")]
    former = [one for path in gate_before for one in records.read(path, records.GateRecord, "terrace gate --json")]
    drifted = [one for path in drifts for one in records.read(path, records.DriftRecord, "terrace drift ENV --json")]
    cells = None
    if parity:
        matrix = records.read(parity, records.ParityRecord, "terrace parity --json -")
        cells = [cell for one in matrix for cell in one.cells if cell.status in ("broken", "unproven")]
    subjects = [
        replace(
            subject_of(ctx, plan),
            findings=comment.findings(results, former, plan),
            drift=next((one for one in drifted if one.concerns(plan)), None),
        )
        for plan in found
    ]
    attachment = output.with_name(f"{output.stem}-all{output.suffix}") if output else None
    written = comment.write(subjects, cells, attachment.name if attachment else "", sorted(failed))
    if output is None or attachment is None:
        write(written.text, newline=False)
        return
    output.write_text(written.text, encoding="utf-8")
    if written.attachment:
        attachment.write_text(written.attachment, encoding="utf-8")
    else:
        attachment.unlink(missing_ok=True)
    info(f"wrote {output}" + (f" and {attachment}" if written.attachment else ""))


def subject_of(ctx: click.Context, plan: "PlanRecord") -> "Subject":
    """A plan with what it adds to the monthly cost, the budget, and the modules that use what it changes; without them
    for an environment that is gone."""
    from terrace.cli.options import load, project_of
    from terrace.deployment.comment import Subject
    from terrace.deployment.cost import book, of_plan
    from terrace.environment import target
    from terrace.errors import InvalidEnvironment, UsageError

    subject = Subject(plan, users=_users(ctx, plan))
    try:
        environment = load(ctx, plan.environment, plan.cloud).environment
    except (InvalidEnvironment, UsageError):
        return subject
    prices = book.read(project_of(ctx).root, plan.cloud)
    differences = ((change.billed, change.unpriced) for change in plan.changes)
    found = of_plan(plan.cloud, target(environment).region, differences, prices, environment.cost.sleep)
    return replace(subject, cost=found, budget_usd=environment.cost.budget_usd)


def _users(ctx: click.Context, plan: "PlanRecord") -> "Users | None":
    """The modules that use each capability; None if the project cannot tell, as for an environment that is gone."""
    from terrace.cli.options import workloads_of
    from terrace.errors import TerraceError
    from terrace.workloads.users import users

    try:
        return users(workloads_of(ctx, plan.environment, plan.cloud))
    except TerraceError:
        return None
