"""`terrace report`: what an auditor reads, requirement by requirement, and what changed since the last one."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.cli.options import CLOUDS, json_option

if TYPE_CHECKING:
    from terrace.assurance.report.model import Report

_NAMED = 6  # guarantees that fail for the same reason and are named; more are counted
_PATH = click.Path(path_type=Path)


@click.command("report")
@click.option(
    "--framework", "frameworks", multiple=True, metavar="NAME", help="soc2, ...; repeat for more. Default: all."
)
@click.option("--env", "environments", multiple=True, metavar="ENV", help="This environment; repeat for more.")
@click.option(
    "--cloud",
    "clouds",
    type=click.Choice([*CLOUDS, "all"]),
    multiple=True,
    help="On this cloud; repeat for more. Default: the environment's own.",
)
@click.option("--out", type=_PATH, metavar="DIR", help="Where the files go.")
@click.option(
    "--live", type=_PATH, multiple=True, metavar="FILE", help="Merge in what `terrace verify ENV --json` printed."
)
@click.option(
    "--plan",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Judge this plan, as `terraform show -json` prints it, instead of the stack.",
)
@click.option("--diff", nargs=2, type=_PATH, metavar="OLD NEW", help="Compare two reports instead of writing one.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    frameworks: tuple[str, ...],
    environments: tuple[str, ...],
    clouds: tuple[str, ...],
    out: Path | None,
    live: tuple[Path, ...],
    plan: Path | None,
    diff: tuple[Path, Path] | None,
    as_json: bool,
) -> None:
    """Run the gate on environments, and write how each requirement of a framework stands: a page for people, OSCAL,
    CSV and JSON.

    It is evidence about configuration before deployment, not an attestation. The same inputs and SOURCE_DATE_EPOCH give
    the same bytes. Exit code 1 when a guarantee is broken or unproven, or the gate does not pass; with --diff, when
    something got worse.
    """
    from terrace.errors import UsageError

    if diff:
        if frameworks or environments or clouds or out or live or plan:
            raise UsageError("--diff compares two reports and takes nothing else", hint="terrace report --diff OLD NEW")
        _compare(ctx, *diff, as_json=as_json)
        return
    if not environments or out is None:
        raise UsageError(
            "a report is of an environment, and goes somewhere", hint="terrace report --env prod --out DIR"
        )

    from terrace import live as reader
    from terrace.assurance.report import build as making
    from terrace.cli.options import project_of

    on = list(CLOUDS) if "all" in clouds else list(dict.fromkeys(clouds))
    chosen = list(dict.fromkeys(environments))
    if plan and len(chosen) * max(len(on), 1) != 1:
        raise UsageError(
            "a plan is of one environment on one cloud", hint="terrace report --env ENV --plan FILE --out DIR"
        )
    report = making.make(project_of(ctx), frameworks, chosen, on, live, plan, readable=reader.readable)
    paths = making.write(report, out)
    if as_json:
        click.echo(
            json.dumps({"passed": report.passes, "files": [str(path) for path in paths], **_counts(report)}, indent=2)
        )
    else:
        click.echo(_text(report, paths))
    if not report.passes:
        ctx.exit(1)


def _compare(ctx: click.Context, old: Path, new: Path, *, as_json: bool) -> None:
    from terrace.assurance.report import difference

    found = difference.difference(difference.read(old), difference.read(new))
    click.echo(json.dumps(found.as_data(), indent=2) if as_json else difference.text(found))
    if found.worse:
        ctx.exit(1)


def _counts(report: "Report") -> dict[str, object]:
    return {
        "frameworks": {
            framework.name: {str(stack): dict(report.counts(framework, stack)) for stack in report.stacks}
            for framework in report.frameworks
        }
    }


def _text(report: "Report", paths: list[Path]) -> str:
    """A line a framework and stack; what is broken, and why; where the files are."""
    from terrace.assurance.report.labels import OUTCOMES as WORDS
    from terrace.assurance.report.labels import STATUSES, limits
    from terrace.assurance.report.model import FAILING, OUTCOMES
    from terrace.cli.console import table

    counts = [
        (framework, stack, report.counts(framework, stack))
        for framework in report.frameworks
        for stack in report.stacks
    ]
    present = [outcome for outcome in OUTCOMES if any(found[outcome] for _, _, found in counts)]
    rows = [[framework.short, stack, *(found[outcome] for outcome in present)] for framework, stack, found in counts]
    parts = [table(["framework", "stack", *(WORDS[outcome].lower() for outcome in present)], rows)]
    failing: dict[tuple[str, str, str], list[str]] = {}
    for one in report.evidence.values():
        if one.status in FAILING:
            failing.setdefault((STATUSES[one.status], str(one.stack), one.reason), []).append(one.guarantee.id)
    said = [
        f"{word}: {', '.join(ids) if len(ids) <= _NAMED else f'{len(ids)} guarantees'} on {stack}: {why}"
        for (word, stack, why), ids in failing.items()
    ]
    said += [
        f"The gate: {finding.id} on {finding.environment}/{finding.cloud}: {finding.sentence}"
        for result in report.results
        for finding in result.blocking
        if not finding.guarantee
    ]
    if said:
        parts.append("\n".join(said))
    parts.append(limits(report)[0])
    parts.append("\n".join(str(path) for path in paths))
    return "\n\n".join(parts)
