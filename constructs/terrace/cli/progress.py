"""How an apply goes on, resource by resource: a live display on a terminal, a line a resource elsewhere."""

import os
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from terrace.deployment.events import Diagnostic, Event, ResourceEvent

if TYPE_CHECKING:
    from rich.live import Live

_DONE = {"create": "created", "update": "changed", "delete": "destroyed", "replace": "replaced", "read": "read"}
_DOING = {"create": "creating", "update": "changing", "delete": "destroying", "replace": "replacing", "read": "reading"}
_SLOW_SECONDS = 30.0
_SHOWN = 8


class Progress:
    """A listener for Terraform's events and for sentences, so that the two do not write over each other.

    Used as a context; `expect` says how many resources are to come. Everything goes to standard error.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._total = 0
        self._done = 0
        self._started = time.monotonic()
        self._at_work: dict[str, tuple[float, str]] = {}
        self._told: dict[str, float] = {}
        self._live: Live | None = None

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *exception: object) -> None:
        self._end_display()

    def expect(self, total: int) -> None:
        """A plan with `total` resources is about to be applied."""
        self._total, self._done, self._started = total, 0, time.monotonic()
        if not self._quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            self._begin_display()

    def say(self, sentence: str) -> None:
        if not self._quiet:
            self._print(sentence)

    def hear(self, event: Event) -> None:
        if isinstance(event, Diagnostic) and event.severity == "warning":
            where = event.address or event.where
            self._print(f"warning: {event.summary}" + (f" ({where})" if where else ""))
        if not isinstance(event, ResourceEvent) or event.phase != "apply":
            return
        if event.moment == "start":
            self._at_work[event.address] = (time.monotonic(), _DOING.get(event.action, event.action))
        elif event.moment in ("complete", "errored"):
            self._at_work.pop(event.address, None)
        if self._quiet:
            return
        seconds = f" ({event.seconds:.0f} s)" if event.seconds >= 1 else ""
        if event.moment == "complete":
            self._done += 1
            self._print(
                f"[{self._done}/{self._total}] {_DONE.get(event.action, event.action)} {event.address}{seconds}"
            )
        elif event.moment == "errored":
            self._print(f"failed: {event.address}{seconds}")
        elif self._live is None and event.seconds - self._told.get(event.address, 0) >= _SLOW_SECONDS:
            self._told[event.address] = event.seconds
            self._print(f"still {_DOING.get(event.action, event.action)} {event.address}{seconds}")

    def _print(self, line: str) -> None:
        if self._live is not None:
            self._live.console.print(line, highlight=False, markup=False, style="dim" if line[0] == "[" else None)
        else:
            click.echo(line, err=True)

    def _begin_display(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._end_display()
        self._live = Live(
            console=Console(stderr=True), get_renderable=self._picture, refresh_per_second=4, transient=True
        )
        self._live.start()

    def _end_display(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _picture(self) -> Any:
        """A bar, and below it what is being worked on, the longest first."""
        from rich.text import Text

        now = time.monotonic()
        filled = round(30 * self._done / self._total) if self._total else 0
        text = Text(f"{'━' * filled}{'╌' * (30 - filled)} {self._done}/{self._total}  {now - self._started:.0f} s")
        at_work = sorted((since, word, address) for address, (since, word) in list(self._at_work.items()))
        for since, word, address in at_work[:_SHOWN]:
            text.append(f"\n  {word} {address} ({now - since:.0f} s)", style="dim")
        if len(at_work) > _SHOWN:
            text.append(f"\n  and {len(at_work) - _SHOWN} more", style="dim")
        return text
