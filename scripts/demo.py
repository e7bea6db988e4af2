"""`terrace demo`: the life of an environment on an emulated cloud, in one command and one table."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scripts.options import cloud_option, mirror_option, project_of, settings_of

if TYPE_CHECKING:
    from terrace.deployment.demo import Evidence
    from terrace.deployment.events import Event
    from terrace.deployment.project import Project


@click.command("demo")
@click.option("--env", "environment", default="dev", show_default=True, help="The environment whose shape is tried.")
@cloud_option
@click.option("--keep", is_flag=True, help="Leave it running, and say how to look at it.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the evidence here.")
@mirror_option
@click.pass_context
def command(
    ctx: click.Context,
    environment: str,
    cloud: str | None,
    keep: bool,
    json_file: Path | None,
    provider_mirror: Path | None,
) -> None:
    """Bring an environment up on an emulated cloud with real Terraform, prove it, and take it down to nothing.

    Validated, synthesized, planned, applied, planned again, verified live, made to drift, repaired, destroyed, listed.
    Never touches a real account, whatever credentials the shell has. A cloud that is not emulated is rehearsed
    instead: planned by its real provider without an account, applied to mocks, its guarantees judged on the plan.
    """
    from terrace import emulator
    from terrace.deployment import demo
    from terrace.environment import load, names
    from terrace.errors import AnswerIsNo

    progress = Progress(quiet=settings_of(ctx).quiet)
    project = project_of(ctx)
    if load(environment, project=project.root, cloud=cloud).environment.cloud not in emulator.clouds():
        _rehearse(progress, project, environment, cloud, keep, json_file, provider_mirror)
        return
    try:
        progress.begin("validate")
        started = time.monotonic()
        for name in names(project.root):
            load(name, project=project.root)
        took = round(time.monotonic() - started, 1)
        evidence = demo.run(
            project,
            environment,
            cloud=cloud or "",
            keep=keep,
            provider_mirror=provider_mirror,
            announce=progress.begin,
            say=progress.say,
            listener=progress.hear,
        )
    finally:
        progress.end()
    evidence.seconds = {"validate": took, **evidence.seconds}
    if json_file:
        json_file.write_text(json.dumps(evidence.as_data(), indent=2) + "\n")
    report(evidence)
    if evidence.failures:
        raise AnswerIsNo("the demo saw what it should not have seen:\n" + "\n".join(evidence.failures))


def _rehearse(
    progress: "Progress",
    project: "Project",
    environment: str,
    cloud: str | None,
    keep: bool,
    json_file: Path | None,
    provider_mirror: Path | None,
) -> None:
    """The demo of a cloud without an emulator."""
    from scripts.rehearsal import report as report_rehearsal
    from terrace.deployment import rehearsal
    from terrace.environment import load, names
    from terrace.errors import AnswerIsNo, UsageError

    if keep:
        raise UsageError("a rehearsal leaves nothing running that could be kept", hint="leave --keep away")
    try:
        progress.begin("validate")
        started = time.monotonic()
        for name in names(project.root):
            load(name, project=project.root, cloud=cloud)
        took = round(time.monotonic() - started, 1)
        evidence = rehearsal.run(
            project,
            environment,
            cloud=cloud or "",
            provider_mirror=provider_mirror,
            announce=progress.begin,
            say=progress.say,
        )
    finally:
        progress.end()
    evidence.seconds = {"validate": took, **evidence.seconds}
    if json_file:
        json_file.write_text(json.dumps(evidence.as_data(), indent=2) + "\n")
    report_rehearsal(evidence)
    if evidence.failures:
        raise AnswerIsNo("the rehearsal saw what it should not have seen:\n" + "\n".join(evidence.failures))


class Progress:
    """A line a step with its time; on a terminal, a line of what Terraform is at below it."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console

        self.console = Console(stderr=True, quiet=quiet)
        self.status = self.console.status("") if self.console.is_terminal else None
        self.step = ""
        self.started = 0.0
        self.done = 0
        self.busy: dict[str, float] = {}

    def begin(self, step: str) -> None:
        """The step before is over; this one begins."""
        self.end()
        self.step, self.started, self.done = step, time.monotonic(), 0
        self.busy.clear()
        if self.status:
            self.status.update(step)
            self.status.start()

    def end(self) -> None:
        """Print the line of the step that is over."""
        if self.status:
            self.status.stop()
        if self.step:
            count = f"  ({self.done} resources)" if self.done else ""
            self.console.print(f"{time.monotonic() - self.started:7.1f} s  {self.step}{count}", highlight=False)
        self.step = ""

    def say(self, sentence: str) -> None:
        """A sentence between the steps."""
        self.console.print(f"           {sentence}", style="dim", highlight=False, soft_wrap=True)

    def hear(self, event: "Event") -> None:
        """Terraform's events: count what is done, show what takes time."""
        from terrace.deployment.events import ResourceEvent

        if not isinstance(event, ResourceEvent) or event.phase != "apply":
            return
        if event.moment in ("complete", "errored"):
            self.busy.pop(event.address, None)
            self.done += event.moment == "complete"
        else:
            self.busy[event.address] = event.seconds
        if self.status:
            longest = max(self.busy.items(), key=lambda entry: entry[1], default=("", 0.0))
            waiting = f"; {longest[0]} since {longest[1]:.0f} s" if longest[0] else ""
            self.status.update(f"{self.step}: {self.done} done, {len(self.busy)} under way{waiting}")


def report(evidence: "Evidence") -> None:
    """The table at the end."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{evidence.environment} on an emulated {evidence.cloud}", title_justify="left")
    table.add_column("step")
    table.add_column("seen")
    table.add_column("seconds", justify="right")
    for step, seen, keys in rows(evidence):
        seconds = sum(evidence.seconds.get(key, 0.0) for key in keys)
        table.add_row(step, seen, f"{seconds:.1f}")
    table.add_section()
    table.add_row("in all", "", f"{sum(evidence.seconds.values()):.1f}")
    console = Console()

    def say(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True)

    console.print(table)
    slow = ", ".join(f"{path} {seconds:.0f} s" for path, seconds in evidence.slowest.items())
    say(f"Most of the time is the provider's own waiting; longest: {slow}")
    for line in kept(evidence):
        say(f"Kept on purpose: {line}")
    for call in evidence.unsupported_calls:
        say(f"The emulator was asked for something it does not know: {call}")
    say("\nAn emulated apply proves that the stack satisfies the provider and hangs together. It does not prove:")
    for gap in evidence.not_emulated:
        say(f"  - {gap['what']}: {gap['reason']}")
    if evidence.still_running:
        say(
            "\nStill running. To look at it:\n"
            f'  eval "$(.venv/bin/terrace emulator env --directory {evidence.still_running})"\n'
            "  aws s3 ls        # or boto3: no endpoint, no flag\n"
            f"To end it:\n  .venv/bin/terrace emulator stop --directory {evidence.still_running}"
        )


def kept(evidence: "Evidence") -> list[str]:
    """What a destroy leaves on purpose, alike things together: `3 secretsmanager secret: deleted, ...`."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for left in evidence.kept:
        alike.setdefault((left["service"], left["type"], left["kept"]), []).append(left["id"])
    return [
        f"{service} {kind} {ids[0]}: {why}" if len(ids) == 1 else f"{len(ids)} x {service} {kind}: {why}"
        for (service, kind, why), ids in alike.items()
    ]


def rows(evidence: "Evidence") -> list[tuple[str, str, tuple[str, ...]]]:
    """(step, what was seen, the keys of its seconds)."""
    noticed = f"{len(evidence.drift_detected)} of {len(evidence.drift_injected)} kinds seen"
    repaired = "all repaired" if evidence.drift_repaired else "not repaired"
    verified: Any = len(evidence.guarantees_verified)
    found = [
        ("validate", "every environment", ("validate",)),
        (
            "synthesize",
            f"{evidence.resources_applied} resources",
            ("start the emulator", "synthesize", "terraform init"),
        ),
        ("plan and apply", f"{evidence.resources_applied} resources applied", ("plan", "apply")),
        ("plan again", f"{evidence.second_plan_changes or 'no'} changes", ("plan again",)),
        ("verify live", f"{verified} guarantees hold", ("verify live",)),
        (
            "drift",
            f"{noticed}, {repaired}",
            ("make it drift", "notice the drift", "repair it", "plan after the repair"),
        ),
    ]
    if not evidence.still_running:
        found.append(("destroy", f"{len(evidence.leftovers)} left", ("destroy", "list what is left")))
    return found
