"""`terrace demo`: run the life of an environment on an emulated cloud."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.capabilities.cloud import CLOUDS
from terrace.cli.options import mirror_option, project_of

if TYPE_CHECKING:
    from terrace.cli.progress import Progress
    from terrace.demo.rehearsal import Evidence as Rehearsed
    from terrace.demo.run import Evidence
    from terrace.project.discovery import Project


@click.command("demo")
@click.option("--env", "environment", default="dev", show_default=True, help="Environment to deploy.")
@click.option(
    "--cloud",
    type=click.Choice((*CLOUDS, "all")),
    help="Use this cloud instead of the environment's own (TERRACE_CLOUD); all: each in turn.",
)
@click.option("--keep", is_flag=True, help="Keep the emulator running, and print how to use it.")
@click.option(
    "--offline", is_flag=True, help="Emulate no cloud: plan without an account, apply to the provider's mocks."
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the evidence to FILE; with --cloud all, as a list.",
)
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
    """Deploy an environment to an emulated cloud with real Terraform, check its guarantees, and destroy it.

    The steps: validate, synthesize, plan, apply, plan again, verify, inject drift, detect and repair it, destroy, list
    leftovers. No step reaches a real account, whatever credentials the shell has. Where a cloud's provider is in
    neither the registry nor a mirror, only the stack's guarantees are evaluated.
    """
    from terrace.cli import demo_report
    from terrace.cli.progress import Progress
    from terrace.deployment.mirror import NoProviders
    from terrace.errors import AnswerIsNo, UsageError

    if keep and (offline or cloud == "all"):
        raise UsageError(
            "--keep requires one emulated cloud", hint="omit --keep, or select one cloud without --offline"
        )
    project = project_of(ctx)
    demos: list[Evidence] = []
    rehearsals: list[Rehearsed] = []
    with Progress() as progress:
        for each in project.clouds if cloud == "all" else (cloud or "",):
            if cloud == "all":
                progress.info(each)
            if not offline:
                try:
                    demos.append(_run(progress, project, environment, each, keep, provider_mirror))
                    continue
                except NoProviders as error:
                    progress.info(f"{error}; evaluating the stack only")
            rehearsals.append(_rehearse(progress, project, environment, each, provider_mirror))
    evidences: list[Evidence | Rehearsed] = [*demos, *rehearsals]
    if json_file:
        written = [evidence.as_data() for evidence in evidences]
        json_file.write_text(json.dumps(written if cloud == "all" else written[0], indent=2) + "\n")
    if demos:
        demo_report.report(demos)
    for evidence in rehearsals:
        demo_report.report_rehearsal(evidence)
    failures = [
        failure if len(evidences) == 1 else f"{evidence.cloud}: {failure}"
        for evidence in evidences
        for failure in evidence.failures
    ]
    if failures:
        raise AnswerIsNo("the demo failed:\n" + "\n".join(failures))


def _run(
    progress: "Progress", project: "Project", environment: str, cloud: str, keep: bool, provider_mirror: Path | None
) -> "Evidence":
    """The demo on an emulated cloud. Raises NoProviders before anything is applied."""
    from terrace.demo import run as demo

    try:
        seconds = _validate(progress, project, cloud)
        evidence = demo.run(
            project,
            environment,
            cloud=cloud,
            keep=keep,
            provider_mirror=provider_mirror,
            on_step=progress.begin,
            on_message=progress.info,
            on_event=progress.listen,
        )
    finally:
        progress.end()
    evidence.seconds = {"validate": seconds, **evidence.seconds}
    return evidence


def _rehearse(
    progress: "Progress", project: "Project", environment: str, cloud: str, provider_mirror: Path | None
) -> "Rehearsed":
    """The demo without an emulated cloud."""
    from terrace.demo import rehearsal

    try:
        seconds = _validate(progress, project, cloud)
        evidence = rehearsal.run(
            project,
            environment,
            cloud=cloud,
            provider_mirror=provider_mirror,
            on_step=progress.begin,
            on_message=progress.info,
        )
    finally:
        progress.end()
    evidence.seconds = {"validate": seconds, **evidence.seconds}
    return evidence


def _validate(progress: "Progress", project: "Project", cloud: str) -> float:
    """Validate every environment on the cloud; returns the seconds."""
    from terrace.environment import load, names

    progress.begin("validate")
    started = time.monotonic()
    for name in names(project.root):
        load(name, project=project.root, cloud=cloud or None)
    return round(time.monotonic() - started, 1)
