"""`terrace dr plan`: what a loss of the region leaves, how much data it loses, and how to recover."""

from pathlib import Path

import click

from terrace.cli.options import cloud_option, environment_argument, json_option, load, project_of, state_home_of


@click.command("plan")
@environment_argument
@cloud_option
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write the plan as Markdown."
)
@json_option
@click.pass_context
def command(ctx: click.Context, environment: str, cloud: str | None, output: Path | None, as_json: bool) -> None:
    """Compute the recovery of ENV from the loss of its region: copies, objectives, and a runbook.

    The copies are those of the synthesized stack. A time is declared by the stack, documented by the cloud, or measured
    (`terrace evidence record ENV restore`); what is unknown is named. Exit code 1 when the environment's backup.rpo or
    backup.rto is not met; an unknown time is no such answer.
    """
    import json

    from terrace.assurance import evidence, recovery
    from terrace.assurance.checks import Subject
    from terrace.assurance.recovery import runbook
    from terrace.assurance.view import View
    from terrace.cli.console import info, warn, write, write_json
    from terrace.environment import target
    from terrace.errors import TerraceError
    from terrace.project.synthesis import synthesize

    loaded = load(ctx, environment, cloud)
    described, project = loaded.environment, project_of(ctx)
    (directory,) = synthesize(project, described.name, cloud=described.cloud)
    view = View(json.loads((directory / "cdk.tf.json").read_text(encoding="utf-8")))
    try:
        home = state_home_of(ctx, loaded)
        records = evidence.Chain(home, described.name, described.cloud).read().records
    except TerraceError as error:
        warn(f"measured times are not known: {error.message}")
        records = ()
    found = recovery.plan(Subject(view, described, target(described)), records)
    if output:
        output.write_text(runbook.markdown(found), encoding="utf-8")
        info(f"written: {output}")
    if as_json:
        write_json(found.as_data())
    elif not output:
        write(runbook.markdown(found), newline=False)
    if "not_met" in (found.rpo_status, found.rto_status):
        ctx.exit(1)
