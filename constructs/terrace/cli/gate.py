"""`terrace gate`: decide whether stacks or a plan may be applied."""

from pathlib import Path

import click

from terrace.capabilities.cloud import CLOUDS
from terrace.cli.options import project_of

OUTPUTS = ("table", "sarif", "json", "junit", "github", "html", "csv")


@click.command("gate")
@click.argument("environments", nargs=-1, metavar="[ENV]...")
@click.option(
    "--cloud",
    "clouds",
    type=click.Choice(CLOUDS),
    multiple=True,
    help="Use this cloud instead of the environments' own; repeatable.",
)
@click.option("--all", "everything", is_flag=True, help="Check every environment on every cloud.")
@click.option(
    "--plan",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Check this plan of ENV, in the format of `terraform show -json`, instead of the stack.",
)
@click.option(
    "--stack",
    "stacks",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE...",
    help="Check these cdk.tf.json files as stacks of ENV instead of synthesizing.",
)
@click.option("--at", "ref", metavar="REF", help="Check the project as it was at this git ref.")
@click.option("--json", "as_json", is_flag=True, help="The same as --output json.")
@click.option("--output", type=click.Choice(OUTPUTS), default="table", show_default=True, help="Output format.")
@click.option(
    "--save",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write the result as JSON to FILE.",
)
@click.pass_context
def command(
    ctx: click.Context,
    environments: tuple[str, ...],
    clouds: tuple[str, ...],
    everything: bool,
    plan: Path | None,
    stacks: tuple[Path, ...],
    ref: str | None,
    as_json: bool,
    output: str,
    save: Path | None,
) -> None:
    """Check stacks, or the foundations of all environments: every guarantee, checkov, the project's policies.

    A stack is ENV, the foundation, or ENV-workloads, what runs in its cluster.

    The stacks are synthesized without credentials or network. The gate fails when a guarantee is broken or unproven, or
    when checkov reports a finding of at least the severity that policies/severity.yaml sets for the tier, unless
    policies/waivers.yaml accepts the finding. Exit code 1 when the gate fails.

    --stack FILE... checks stacks that others synthesized; --json gives each its exit code.

    With --at, files and policies of the project are those of the git ref, and the library is the installed one.
    """
    import tempfile

    from terrace.assurance import gate
    from terrace.assurance.output import GATE
    from terrace.assurance.parity import ordered
    from terrace.cli.console import warn, wrapped, write
    from terrace.cli.progress import working
    from terrace.environment import names
    from terrace.errors import UsageError
    from terrace.project import revision

    project = project_of(ctx)
    if ref is not None and (plan or stacks):
        raise UsageError("--at cannot be combined with --plan or --stack", hint="omit one of them")
    if ref is not None:
        directory = ctx.with_resource(tempfile.TemporaryDirectory(prefix="terrace-gate-"))
        project = revision.project_at(project, ref, Path(directory))
    if everything and (environments or clouds or plan or stacks):
        raise UsageError("--all cannot be combined with ENV, --cloud, --plan or --stack", hint="omit --all")
    if stacks:
        environments, stacks = environments[:1], (*stacks, *map(Path, environments[1:]))
        _require_files(environments, clouds, plan, stacks)
    if plan and len(environments) != 1:
        raise UsageError("--plan requires exactly one environment", hint="terrace gate ENV --plan FILE")
    chosen = list(dict.fromkeys(environments)) or ordered(project.root, names(project.root))
    if not chosen:
        raise UsageError("no environments in environments/")
    with working(f"evaluating {', '.join(chosen)}"):
        if stacks:
            results = gate.run_files(project, chosen[0], stacks, clouds[0] if clouds else None, plan)
        else:
            results = gate.run(project, chosen, project.clouds if everything else clouds, plan)
    for notice in dict.fromkeys(notice for result in results for notice in result.notices):
        warn(notice)
    if save:
        save.write_text(GATE["json"](results), encoding="utf-8")
    text = GATE["json" if as_json else output](results)
    write(wrapped(text) if output == "table" and not as_json else text, newline=False)
    if not all(result.passes for result in results):
        ctx.exit(1)


def _require_files(
    environments: tuple[str, ...], clouds: tuple[str, ...], plan: Path | None, stacks: tuple[Path, ...]
) -> None:
    """Raise UsageError unless these are stacks of one environment on one cloud."""
    from terrace.errors import UsageError

    hint = "terrace gate ENV --cloud CLOUD --stack FILE..."
    if not environments or len(clouds) > 1:
        raise UsageError("--stack requires exactly one environment and at most one --cloud", hint=hint)
    if plan and len(stacks) > 1:
        raise UsageError("--plan requires exactly one stack", hint="terrace gate ENV --plan FILE --stack FILE")
    if missing := [str(file) for file in stacks if not file.is_file()]:
        raise UsageError(f"no such file: {', '.join(missing)}", hint=hint)
