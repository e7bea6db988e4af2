"""`terrace synth`: write the stacks. It needs no Terraform, credentials or network."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.cli.options import cloud_option, json_option
from terrace.errors import UsageError

if TYPE_CHECKING:
    from terrace.project.discovery import Project
    from terrace.project.synthesis import CloudSynthesis


@click.command("synth")
@click.argument("stacks", nargs=-1, metavar="[STACK]...")
@cloud_option
@click.option("--all", "every_cloud", is_flag=True, help="Synthesize for every cloud at once, each in its own process.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Write to DIR.  [default: cdktf.out]"
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    stacks: tuple[str, ...],
    cloud: str | None,
    every_cloud: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Write stacks, or all of them, to cdktf.out/stacks/STACK/cdk.tf.json.

    STACK is ENV, the foundation of an environment, or ENV-workloads. --all writes to cdktf.out/CLOUD/STACK/cdk.tf.json
    for every cloud, and does not change cdktf.out/stacks. The same input gives the same bytes on any machine.
    """
    from terrace.cli.console import info, table, write, write_json
    from terrace.cli.options import project_of
    from terrace.project.stack_ids import of_project
    from terrace.words import counted

    if every_cloud and cloud:
        raise UsageError("--all and --cloud cannot be combined", hint="omit one of them")
    project = project_of(ctx)
    if out:
        project = replace(project, synthesized_to=out.resolve())
    chosen = stacks or of_project(project.root)
    started = time.monotonic()
    if every_cloud:
        runs = _on_every_cloud(project, chosen)
        rows = [(run.cloud, name, *_counted(directory)) for run in runs for name, directory in run.stacks.items()]
    else:
        from terrace.project.synthesis import synthesize

        runs = []
        directories = synthesize(project, *chosen, cloud=cloud or "")
        rows = [("", directory.name, *_counted(directory)) for directory in directories]
    if as_json:
        write_json([_data(project, *row) for row in rows])
    elif every_cloud:
        cells = [[on, name, resources, project.display(directory)] for on, name, resources, directory in rows]
        write(table(["cloud", "stack", "resources", "directory"], cells))
    else:
        for _, name, resources, directory in rows:
            write(f"{name}: {counted(resources, 'resource')} in {project.display(directory)}")
    _raise_failures(runs)
    info(f"{time.monotonic() - started:.1f} s")


def _on_every_cloud(project: "Project", stacks: Sequence[str]) -> "list[CloudSynthesis]":
    from terrace.cli.console import info
    from terrace.project.synthesis import synthesize_on_clouds
    from terrace.words import counted

    def report(run: "CloudSynthesis") -> None:
        result = "failed" if run.failure else counted(len(run.stacks), "stack")
        info(f"{run.cloud}: {result}, {run.seconds:.1f} s")

    return synthesize_on_clouds(project, stacks, project.clouds, on_result=report)


def _raise_failures(runs: "Sequence[CloudSynthesis]") -> None:
    """Raises SynthesisFailed with each message once, since an error in a shared file fails every cloud."""
    from terrace.project.synthesis import SynthesisFailed

    failures = [run.failure for run in runs if run.failure]
    if failures:
        messages = dict.fromkeys(str(failure) for failure in failures)
        failed = SynthesisFailed("\n".join(messages), hint=failures[0].hint)
        failed.exit_code = max(failure.exit_code for failure in failures)
        raise failed


def _counted(directory: Path) -> tuple[int, Path]:
    stack = json.loads((directory / "cdk.tf.json").read_text())
    return sum(len(group) for group in stack.get("resource", {}).values()), directory


def _data(project: "Project", cloud: str, stack: str, resources: int, directory: Path) -> dict[str, object]:
    on = {"cloud": cloud} if cloud else {}
    return {**on, "stack": stack, "resources": resources, "directory": project.display(directory)}
