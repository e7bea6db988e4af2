"""Terraform's progress on standard error: a live display on a terminal, lines elsewhere."""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from terrace.cli.console import info, logs_json, quiet, warn
from terrace.cli.redaction import redacted
from terrace.deployment.events import Diagnostic, Event, ResourceEvent
from terrace.deployment.terraform import OnEvent, ignore
from terrace.words import counted

if TYPE_CHECKING:
    from rich.live import Live

    from terrace.deployment.deployment import Deployment
    from terrace.deployment.estimate import Estimate

_DONE = {"create": "created", "update": "changed", "delete": "destroyed", "replace": "replaced", "read": "read"}
_ACTIVE = {
    "create": "creating", "update": "changing", "delete": "destroying", "replace": "replacing", "read": "reading",
}  # fmt: skip
_SLOW_SECONDS = 30.0  # without a live display, report a resource again after so long
_MOST_ACTIVE = 8  # resources in the live display


@contextmanager
def working(sentence: str) -> Iterator[OnEvent]:
    """Show what the command does and for how long, on a terminal, until the block ends.

    The function that the block gets shows an event of Terraform behind the sentence.
    """
    if not _is_live():
        yield ignore
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(sentence, total=None)

        def show(event: Event) -> None:
            if isinstance(event, ResourceEvent) and event.moment == "start":
                bars.update(task, description=f"{sentence}: {_ACTIVE.get(event.action, 'reading')} {event.address}")

        yield show


def _is_live() -> bool:
    """Whether standard error is a terminal on which a display can be drawn over."""
    return not (quiet() or logs_json() or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb")


class Progress:
    """Prints sentences and Terraform's events without letting them overwrite the live display. A context manager.

    Either `expect` a number of resources, each of which gets a line; or `begin` named steps, each of which gets a line
    with its seconds when it ends.
    """

    def __init__(self) -> None:
        self._quiet = quiet()
        self._live: Live | None = None
        self._bars: Any = None  # a rich.progress.Progress with one task
        self._resources: Any = None  # another one, with a task for each active resource
        self._active: dict[str, Any] = {}  # address to task
        self._reported: dict[str, float] = {}  # address to the seconds of its last line
        self._step = ""
        self._started = 0.0
        self._done = 0
        self._total: int | None = None
        self._estimate: Estimate | None = None

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()

    def expect(self, total: int, rest: "Estimate | None" = None) -> None:
        """Start counting up to `total` resources; `rest` estimates the remaining time."""
        self._start("", total)
        self._estimate = rest
        if self._live is None and (text := str(self._estimate or "")):
            self._print(text)
        self._show_estimate()

    def expect_changes(self, deployment: "Deployment", verbs: Mapping[str, str]) -> None:
        """Start counting up to these changes, verbs by address, with an estimate of the time that they take."""
        from terrace.deployment import estimate

        self.expect(len(verbs), estimate.of(deployment, verbs))

    def _show_estimate(self) -> None:
        if self._live is not None and self._estimate is not None:
            self._bars.update(0, description=str(self._estimate))

    def begin(self, step: str) -> None:
        """End the step before, and start this one."""
        self.end()
        self._start(step, None)

    def end(self) -> None:
        """Remove the live display; print the line of the step that ended."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        if self._step:
            resources = f"  ({counted(self._done, 'resource')})" if self._done else ""
            step, self._step = self._step, ""
            self._print(f"{time.monotonic() - self._started:7.1f} s  {step}{resources}")

    def info(self, sentence: str) -> None:
        """Print a sentence, below the steps indented."""
        self._print(f"           {sentence}" if self._step else sentence, style="dim" if self._step else "")

    def listen(self, event: Event) -> None:
        """Show an event of Terraform."""
        if isinstance(event, Diagnostic) and event.severity == "warning" and not self._step:
            where = event.address or event.where
            self._print(f"warning: {event.summary}" + (f" ({where})" if where else ""), important=True)
        if not isinstance(event, ResourceEvent) or event.phase != "apply":
            return
        if event.moment in ("complete", "errored"):
            self._done += event.moment == "complete"
            self._deactivate(event.address)
        else:
            self._activate(event)
        if self._estimate is not None:
            self._estimate.see(event)
        if self._bars is not None:
            self._bars.update(0, completed=self._done)
            self._show_estimate()
        if not self._step:
            self._print_resource(event)

    def _print_resource(self, event: ResourceEvent) -> None:
        seconds = f" ({event.seconds:.0f} s)" if event.seconds >= 1 else ""
        if event.moment == "complete":
            done = _DONE.get(event.action, event.action)
            self._print(f"[{self._done}/{self._total or '?'}] {done} {event.address}{seconds}", style="dim")
        elif event.moment == "errored":
            self._print(f"failed: {event.address}{seconds}")
        elif self._live is None and event.seconds - self._reported.get(event.address, 0) >= _SLOW_SECONDS:
            self._reported[event.address] = event.seconds
            self._print(f"still {_ACTIVE.get(event.action, event.action)} {event.address}{seconds}")

    def _print(self, line: str, *, style: str = "", important: bool = False) -> None:
        if self._quiet and not important:
            return
        if self._live is not None:
            self._live.console.print(redacted(line), highlight=False, markup=False, soft_wrap=True, style=style)
        else:
            (warn if important else info)(line)

    def _start(self, step: str, total: int | None) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        self._step, self._total, self._done, self._started = step, total, 0, time.monotonic()
        self._estimate = None
        self._active.clear()
        if not _is_live():
            return
        from rich.console import Console, Group
        from rich.live import Live
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        self._bars = Bars(TextColumn("{task.description}"), BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars.add_task(step, total=total)
        self._resources = Bars(TextColumn("  {task.description}", style="dim"), TimeElapsedColumn())
        display = Group(self._bars, self._resources)
        self._live = Live(display, console=Console(stderr=True), refresh_per_second=4, transient=True)
        self._live.start()

    def _activate(self, event: ResourceEvent) -> None:
        if self._live is not None and event.address not in self._active:
            visible = len(self._active) < _MOST_ACTIVE
            text = f"{_ACTIVE.get(event.action, event.action)} {event.address}"
            self._active[event.address] = self._resources.add_task(text, total=None, visible=visible)

    def _deactivate(self, address: str) -> None:
        task = self._active.pop(address, None)
        if task is not None:
            self._resources.remove_task(task)
            for waiting in list(self._active.values())[:_MOST_ACTIVE]:
                self._resources.update(waiting, visible=True)
