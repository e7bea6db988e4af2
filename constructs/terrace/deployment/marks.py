"""The mark of a run in progress, for the next run on this machine or on any other.

It is a file in the project and, if the state is remote, an object beside the state: a runner that was killed is gone
with its files. While the run works, the object is written again as creations begin and as a sign of life.
"""

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from terrace.deployment import runs
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Event, ResourceEvent
from terrace.deployment.runs import Process, Run, StillRunning
from terrace.errors import TerraceError
from terrace.state import Conflict, Stored

SILENT_SECONDS = 120
"""A run on another machine without a sign of life for so long has ended."""
_BEAT_SECONDS = 15
_PAUSE_SECONDS = 1.0  # between two writes while many creations begin


def unfinished(deployment: Deployment) -> Run | None:
    """The run before this one, if it was killed or interrupted. Raises StillRunning if it is alive."""
    local, remote = runs.killed_run(deployment.marker), _read(deployment)
    run = runs.parsed(remote.content) if remote else None
    if run is None or (local and (local.started, local.terrace) == (run.started, run.terrace)):
        return local
    ended, reported = deployment.run_status(run.address) if run.address else (False, "")
    try:
        if run.who == runs.this_user():
            runs.require_ended(run)
        if not ended and not run.interrupted and _silent_for(run) < SILENT_SECONDS:
            raise StillRunning(
                f"{run} is still running: its last sign of life was {_silent_for(run):.0f} seconds ago",
                hint=f"wait until it has ended; a run that was killed counts as ended after {SILENT_SECONDS} seconds, "
                "and with GITHUB_TOKEN as soon as GitHub reports so",
            )
    except StillRunning as running:
        running.message += f"; {reported}" if reported else ""
        raise
    return replace(run, logs=local.logs, begun=tuple({*run.begun, *runs.begun(local)})) if local else run


def silence(deployment: Deployment, run: Run) -> str:
    """What is known about the life of a run that has not ended its work."""
    silent = f": no sign of life for {_silent_for(run) / 60:.0f} minutes" if run.seen else ""
    _, reported = deployment.run_status(run.address) if run.address else (False, "")
    return f"{run.end}{silent}" + (f"; {reported}" if reported else "")


def remove(deployment: Deployment) -> None:
    """Remove the mark: nothing of the last run is left to recover."""
    deployment.marker.unlink(missing_ok=True)
    if deployment.home is not None and _read(deployment) is not None:
        deployment.home.delete(_name(deployment))


class Mark:
    """The mark of this run, as a context: it exists from the beginning until `remove`.

    Raises StillRunning if another run has begun at the same time.
    """

    def __init__(self, deployment: Deployment, run: Run) -> None:
        self._deployment = deployment
        self._run = run
        self._open: set[str] = set()
        self._tag: str | None = None
        self._changed, self._ended = threading.Event(), threading.Event()
        self._writer = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> "Mark":
        if (home := self._deployment.home) is not None:
            found = _read(self._deployment)
            try:
                self._tag = home.write(
                    _name(self._deployment),
                    self._content(),
                    after=found.tag if found else None,
                    new=found is None,
                )
            except Conflict:
                raise StillRunning(
                    f"another run for {self._deployment.stack_id} has begun", hint="wait until it has ended"
                ) from None
            self._writer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._writer.is_alive():
            self._ended.set()
            self._changed.set()
            self._writer.join()

    @property
    def unfinished(self) -> set[str]:
        """Creations that have begun and not completed."""
        return set(self._open)

    def start(self, pid: int, log: Path) -> None:
        """Terraform runs, as process `pid` and with this log."""
        self._run = replace(self._run, terraform=Process.of(pid), logs=(*self._run.logs, str(log)))
        runs.write_marker(self._deployment.marker, self._run)
        self._changed.set()

    def listen(self, event: Event) -> None:
        """Follow Terraform's events, and pass them on."""
        if isinstance(event, ResourceEvent) and event.phase == "apply" and event.action in ("create", "replace"):
            if event.moment == "start":
                self._open.add(event.address)
                self._run = replace(self._run, begun=(*self._run.begun, event.address))
                self._changed.set()
            elif event.moment == "complete":
                self._open.discard(event.address)
        self._deployment.on_event(event)

    def interrupt(self) -> None:
        """The run ends by an interrupt."""
        self._run = replace(self._run, interrupted=True)
        runs.write_marker(self._deployment.marker, self._run)
        self._changed.set()

    def remove(self) -> None:
        """Nothing of this run is left to recover."""
        self.__exit__(None, None, None)
        self._deployment.marker.unlink(missing_ok=True)
        if self._deployment.home is not None and self._tag is not None:
            self._deployment.home.delete(_name(self._deployment))

    def _keep(self) -> None:
        """Write the mark whenever it changes, and as a sign of life, until the run ends or another one takes over."""
        while not self._ended.is_set():
            self._changed.wait(_BEAT_SECONDS)
            self._changed.clear()
            self._write()
            self._ended.wait(_PAUSE_SECONDS)
        if self._changed.is_set():
            self._write()

    def _write(self) -> None:
        home = self._deployment.home
        assert home is not None
        try:
            if self._tag is not None:
                self._tag = home.write(_name(self._deployment), self._content(), after=self._tag)
        except Conflict:
            self._tag = None
        except TerraceError:
            pass  # the next sign of life may succeed; Terraform reports if the state cannot be written either

    def _content(self) -> bytes:
        return runs.written(replace(self._run, seen=datetime.now(UTC).isoformat(timespec="seconds")))


def _read(deployment: Deployment) -> Stored | None:
    return deployment.home.read(_name(deployment)) if deployment.home is not None else None


def _name(deployment: Deployment) -> str:
    return f"{deployment.environment}/{deployment.cloud}/{deployment.layer}/run.json"


def _silent_for(run: Run) -> float:
    """Seconds since the last sign of life."""
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(run.seen)).total_seconds()
    except ValueError:
        return float("inf")
