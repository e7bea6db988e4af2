"""How a demo goes on: a line a step with its time; on a terminal, a line of what Terraform is at below it."""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terrace.deployment.events import Event


class Steps:
    """Hears the steps, sentences and Terraform's events of a demo. Everything goes to standard error."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, quiet=quiet)
        self._status = self._console.status("") if self._console.is_terminal else None
        self._step = ""
        self._started = 0.0
        self._done = 0
        self._busy: dict[str, float] = {}

    def begin(self, step: str) -> None:
        """The step before is over; this one begins."""
        self.end()
        self._step, self._started, self._done = step, time.monotonic(), 0
        self._busy.clear()
        if self._status:
            self._status.update(step)
            self._status.start()

    def end(self) -> None:
        """Print the line of the step that is over."""
        if self._status:
            self._status.stop()
        if self._step:
            count = f"  ({self._done} resources)" if self._done else ""
            self._console.print(f"{time.monotonic() - self._started:7.1f} s  {self._step}{count}", highlight=False)
        self._step = ""

    def say(self, sentence: str) -> None:
        """A sentence between the steps."""
        self._console.print(f"           {sentence}", style="dim", highlight=False, soft_wrap=True)

    def hear(self, event: "Event") -> None:
        """Terraform's events: count what is done, show what takes time."""
        from terrace.deployment.events import ResourceEvent

        if not isinstance(event, ResourceEvent) or event.phase != "apply":
            return
        if event.moment in ("complete", "errored"):
            self._busy.pop(event.address, None)
            self._done += event.moment == "complete"
        else:
            self._busy[event.address] = event.seconds
        if self._status:
            longest = max(self._busy.items(), key=lambda entry: entry[1], default=("", 0.0))
            waiting = f"; {longest[0]} since {longest[1]:.0f} s" if longest[0] else ""
            self._status.update(f"{self._step}: {self._done} done, {len(self._busy)} under way{waiting}")
