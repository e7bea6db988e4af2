"""`terrace demo`: the life of an environment on an emulated cloud, in one command and one table."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.capabilities.cloud import CLOUDS
from terrace.cli.options import mirror_option, project_of, settings_of

if TYPE_CHECKING:
    from terrace.cli.steps import Steps
    from terrace.demo.rehearsal import Evidence as Rehearsed
    from terrace.demo.run import Evidence
    from terrace.project.discovery import Project


@click.command("demo")
@click.option("--env", "environment", default="dev", show_default=True, help="The environment whose shape is tried.")
@click.option(
    "--cloud",
    type=click.Choice((*CLOUDS, "all")),
    help="Another cloud than the environment's own (TERRACE_CLOUD), or all of them, one after the other.",
)
@click.option("--keep", is_flag=True, help="Leave it running, and say how to look at it.")
@click.option(
    "--offline", is_flag=True, help="Emulate nothing: plan without an account, apply to the provider's mocks."
)
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the evidence here.")
@mirror_option
@click.pass_context
def command(
    ctx: click.Context,
    environment: str,
    cloud: str | None,
    keep: bool,
    offline: bool,
    json_file: Path | None,
    provider_mirror: Path | None,
) -> None:
    """Bring an environment up on an emulated cloud with real Terraform, prove it, and take it down to nothing.

    Validated, synthesized, planned, applied, planned again, verified live, made to drift, repaired, destroyed, listed.
    Never touches a real account, whatever credentials the shell has. Where a cloud's provider can be had from neither
    the registry nor a mirror, its guarantees are judged on the stack alone. With --json and all clouds the file holds
    a list.
    """
    from terrace.cli import demo_report
    from terrace.cli.rehearsal import report as report_rehearsal
    from terrace.cli.steps import Steps
    from terrace.deployment.mirror import NoProviders
    from terrace.errors import AnswerIsNo, UsageError

    if keep and (offline or cloud == "all"):
        raise UsageError("only one emulated cloud can be kept", hint="leave --keep away, or name one --cloud")
    steps = Steps(quiet=settings_of(ctx).quiet)
    project = project_of(ctx)
    lived: list[Evidence] = []
    rehearsed: list[Rehearsed] = []
    for each in CLOUDS if cloud == "all" else (cloud or "",):
        if each and cloud == "all":
            steps.say(each)
        if not offline:
            try:
                lived.append(_live(steps, project, environment, each, keep, provider_mirror))
                continue
            except NoProviders as error:
                steps.say(f"{error}; the stack is judged by itself instead")
        rehearsed.append(_rehearse(steps, project, environment, each, provider_mirror))
    ended: list[Evidence | Rehearsed] = [*lived, *rehearsed]
    if json_file:
        written = [evidence.as_data() for evidence in ended]
        json_file.write_text(json.dumps(written if cloud == "all" else written[0], indent=2) + "\n")
    if lived:
        demo_report.report(lived)
    for evidence in rehearsed:
        report_rehearsal(evidence)
    failures = [
        failure if len(ended) == 1 else f"{evidence.cloud}: {failure}"
        for evidence in ended
        for failure in evidence.failures
    ]
    if failures:
        raise AnswerIsNo("the demo saw what it should not have seen:\n" + "\n".join(failures))


def _live(
    steps: "Steps", project: "Project", environment: str, cloud: str, keep: bool, provider_mirror: Path | None
) -> "Evidence":
    """The whole life on an emulated cloud. Raises NoProviders before anything is applied."""
    from terrace.demo import run as demo

    try:
        took = _validate(steps, project, cloud)
        evidence = demo.run(
            project,
            environment,
            cloud=cloud,
            keep=keep,
            provider_mirror=provider_mirror,
            announce=steps.begin,
            say=steps.say,
            listener=steps.hear,
        )
    finally:
        steps.end()
    evidence.seconds = {"validate": took, **evidence.seconds}
    return evidence


def _rehearse(
    steps: "Steps", project: "Project", environment: str, cloud: str, provider_mirror: Path | None
) -> "Rehearsed":
    """The demo without an emulator."""
    from terrace.demo import rehearsal

    try:
        took = _validate(steps, project, cloud)
        evidence = rehearsal.run(
            project,
            environment,
            cloud=cloud,
            provider_mirror=provider_mirror,
            announce=steps.begin,
            say=steps.say,
        )
    finally:
        steps.end()
    evidence.seconds = {"validate": took, **evidence.seconds}
    return evidence


def _validate(steps: "Steps", project: "Project", cloud: str) -> float:
    """Every environment on the cloud, and the seconds it took."""
    from terrace.environment import load, names

    steps.begin("validate")
    started = time.monotonic()
    for name in names(project.root):
        load(name, project=project.root, cloud=cloud or None)
    return round(time.monotonic() - started, 1)
