"""`terrace gate`: whether stacks or a plan may go to their environments, and what speaks against it."""

from pathlib import Path

import click

from terrace.cli.options import CLOUDS, project_of

OUTPUTS = ("table", "sarif", "json", "junit", "github", "html", "csv")


@click.command("gate")
@click.argument("environments", nargs=-1, metavar="[ENV]...")
@click.option("--cloud", "clouds", type=click.Choice(CLOUDS), multiple=True, help="On this cloud; repeat for more.")
@click.option("--all", "everything", is_flag=True, help="Every environment on every cloud.")
@click.option(
    "--plan",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Judge this plan of ENV, as `terraform show -json` prints it, instead of the stack.",
)
@click.option("--output", type=click.Choice(OUTPUTS), default="table", show_default=True, help="How it is told.")
@click.pass_context
def command(
    ctx: click.Context,
    environments: tuple[str, ...],
    clouds: tuple[str, ...],
    everything: bool,
    plan: Path | None,
    output: str,
) -> None:
    """Judge the environments named, or all, on their own cloud: every guarantee, every check of checkov, our policies.

    The stacks are synthesized apart, without credentials or network. A broken guarantee fails the gate, as does what
    could not be judged; what checkov finds fails it from the severity on that policies/severity.yaml gives the tier,
    unless policies/waivers.yaml accepts it. Exit codes: 0 it passes, 1 it does not, 2 wrong usage, 3 it broke.
    """
    from terrace.assurance import gate
    from terrace.assurance.output import GATE
    from terrace.assurance.parity import CLOUDS as EVERY_CLOUD
    from terrace.assurance.parity import ordered
    from terrace.environment import names
    from terrace.errors import UsageError

    project = project_of(ctx)
    if everything and (environments or clouds or plan):
        raise UsageError("--all is every environment on every cloud", hint="leave the other choices away")
    if plan and len(environments) != 1:
        raise UsageError("a plan is of one environment", hint="terrace gate ENV --plan FILE")
    chosen = list(dict.fromkeys(environments)) or ordered(project.root, names(project.root))
    if not chosen:
        raise UsageError("environments/ holds no environment")
    results = gate.run(project, chosen, EVERY_CLOUD if everything else clouds, plan)
    for notice in dict.fromkeys(notice for result in results for notice in result.notices):
        click.echo(notice, err=True)
    click.echo(GATE[output](results), nl=False)
    if not all(result.passes for result in results):
        ctx.exit(1)
