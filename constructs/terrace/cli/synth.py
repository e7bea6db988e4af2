"""`terrace synth`: write the stacks, without Terraform, credentials or network."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.cli.options import CLOUDS, cloud_option, json_option
from terrace.errors import UsageError

if TYPE_CHECKING:
    from terrace.project.discovery import Project
    from terrace.project.synthesis import CloudSynthesis


@click.command("synth")
@click.argument("environments", nargs=-1, metavar="[ENV]...")
@cloud_option
@click.option("--all", "every_cloud", is_flag=True, help="On every cloud at once, a process each.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Where to write; default cdktf.out.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    environments: tuple[str, ...],
    cloud: str | None,
    every_cloud: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Write the stacks of the environments named, or of all: cdktf.out/stacks/ENV/cdk.tf.json.

    With --all they go to cdktf.out/CLOUD/ENV/cdk.tf.json, whatever cloud an environment chose, and leave
    cdktf.out/stacks as it is. The same input gives the same bytes, on any machine.
    """
    from terrace.cli.options import project_of
    from terrace.environment import names

    if every_cloud and cloud:
        raise UsageError("--all is every cloud, --cloud one of them", hint="leave one of them out")
    project = project_of(ctx)
    if out:
        project = replace(project, synthesized_to=out.resolve())
    wanted = environments or names(project.root)
    started = time.monotonic()
    if every_cloud:
        made = _on_every_cloud(ctx, project, wanted)
        rows = [(run.cloud, name, *_counted(directory)) for run in made for name, directory in run.stacks.items()]
    else:
        from terrace.project.synthesis import synthesize

        made, written = [], synthesize(project, *wanted, cloud=cloud or "")
        rows = [("", directory.name, *_counted(directory)) for directory in written]
    if as_json:
        click.echo(json.dumps([_data(project, *row) for row in rows]))
    elif every_cloud:
        from terrace.cli.console import table

        shown = [[on, name, resources, project.display(directory)] for on, name, resources, directory in rows]
        click.echo(table(["cloud", "environment", "resources", "directory"], shown))
    else:
        for _, name, resources, directory in rows:
            click.echo(f"{name}: {resources} resources in {project.display(directory)}")
    _refuse_failures(made)
    click.echo(f"{time.monotonic() - started:.1f} s", err=True)


def _on_every_cloud(ctx: click.Context, project: "Project", environments: Sequence[str]) -> "list[CloudSynthesis]":
    from terrace.cli.console import say
    from terrace.cli.options import settings_of
    from terrace.project.synthesis import synthesize_on_clouds

    def tell(made: "CloudSynthesis") -> None:
        if not settings_of(ctx).quiet:
            became = "failed" if made.failure else f"{len(made.stacks)} stacks"
            say(f"{made.cloud}: {became}, {made.seconds:.1f} s")

    return synthesize_on_clouds(project, environments, CLOUDS, on_result=tell)


def _refuse_failures(made: "Sequence[CloudSynthesis]") -> None:
    """What went wrong, each once: a fault of a shared file is every cloud's. Raises SynthesisFailed."""
    from terrace.project.synthesis import SynthesisFailed

    failures = [run.failure for run in made if run.failure]
    if failures:
        told = dict.fromkeys(str(failure) for failure in failures)
        failed = SynthesisFailed("\n".join(told), hint=failures[0].hint)
        failed.exit_code = max(failure.exit_code for failure in failures)
        raise failed


def _counted(directory: Path) -> tuple[int, Path]:
    stack = json.loads((directory / "cdk.tf.json").read_text())
    return sum(len(group) for group in stack["resource"].values()), directory


def _data(project: "Project", cloud: str, environment: str, resources: int, directory: Path) -> dict[str, object]:
    on = {"cloud": cloud} if cloud else {}
    return {**on, "environment": environment, "resources": resources, "directory": project.display(directory)}
