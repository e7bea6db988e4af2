"""The marker of a run, which exists while Terraform works, and what it shows about a killed run.

The marker names both processes and Terraform's log files, so the next run can see whether the previous one is still
running, was killed, and which resources it had begun to create.
"""

import contextlib
import getpass
import json
import os
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from terrace.deployment.errors import Lock
from terrace.deployment.events import ResourceEvent, parse
from terrace.errors import TerraceError

_PROVIDER_SECONDS = 10.0


class StillRunning(TerraceError):
    """Another run for the same deployment is active on this machine."""


@dataclass(frozen=True)
class Process:
    """A process, identified by pid and start time (seconds since the epoch), because pids are reused."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "Process":
        import psutil

        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return cls(pid, 0.0)

    @property
    def alive(self) -> bool:
        import psutil

        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1
            return bool(same and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False


@dataclass(frozen=True)
class Run:
    """A run: its command, its start (UTC, ISO 8601), its processes, and Terraform's log files, oldest first."""

    command: str
    started: str
    terrace: Process
    terraform: Process | None = None
    logs: tuple[str, ...] = field(default_factory=tuple)

    def __str__(self) -> str:
        return f"`terrace {self.command}` of {self.started} (process {self.terrace.pid})"


def read_marker(marker: Path) -> Run | None:
    """The run that the marker describes; None if there is no marker or it is not readable."""
    try:
        record = json.loads(marker.read_text())
        terraform = record.get("terraform")
        return Run(
            command=str(record["command"]),
            started=str(record["started"]),
            terrace=Process(**record["terrace"]),
            terraform=Process(**terraform) if terraform else None,
            logs=tuple(record.get("logs", ())),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_marker(marker: Path, run: Run) -> None:
    marker.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = marker.with_suffix(f".{run.terrace.pid}")
    scratch.write_text(json.dumps(asdict(run), indent=2) + "\n")
    scratch.replace(marker)


def killed_run(marker: Path) -> Run | None:
    """The previous run, if it was killed. Raises StillRunning if it, or the Terraform it started, is alive.

    A killed Terraform leaves its provider processes behind, and they may still complete a creation. They are ended
    here, so that no further resource appears afterwards.
    """
    run = read_marker(marker)
    if run is None:
        return None
    if run.terraform is not None and run.terraform.alive:
        state = "is still running" if run.terrace.alive else "was killed, but the Terraform it started is still running"
        raise StillRunning(
            f"{run} {state} (Terraform is process {run.terraform.pid})",
            hint=f"wait until it has ended, or stop it with `kill -INT {run.terraform.pid}`: it saves its state first",
        )
    if run.terrace.alive and run.terrace.pid != os.getpid():
        raise StillRunning(f"{run} is still running", hint="wait until it has ended")
    if run.terraform is not None:
        _end_providers(run.terraform)
    return run


def _end_providers(terraform: Process) -> None:
    """End the provider processes of a Terraform that is gone: they are still in the session that it led."""
    import psutil

    orphans = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
            later = process.create_time() >= terraform.started - 1
            if os.getsid(process.pid) == terraform.pid and later and "provider" in process.name():
                process.terminate()
                orphans.append(process)
    for process in psutil.wait_procs(orphans, timeout=_PROVIDER_SECONDS)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def begun_creations(logs: Sequence[str]) -> set[str]:
    """Addresses whose creation began in these logs and did not fail.

    Completed creations are included: Terraform may have been killed before it saved its state.
    """
    addresses = set()
    for log in logs:
        try:
            lines = Path(log).read_text(errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            event = parse(line)
            if not isinstance(event, ResourceEvent) or event.phase != "apply":
                continue
            if event.moment == "start" and event.action in ("create", "replace"):
                addresses.add(event.address)
            elif event.moment == "errored":
                addresses.discard(event.address)
    return addresses


def left_lock(run: Run, lock: Lock) -> bool:
    """Whether the killed `run` left this lock: same user and machine, taken after the run started."""
    if lock.who != f"{getpass.getuser()}@{socket.gethostname()}":
        return False
    try:
        taken = datetime.fromisoformat(lock.created[:19].replace(" ", "T")).replace(tzinfo=UTC)
        started = datetime.fromisoformat(run.started)
    except ValueError:
        return False
    return started - timedelta(seconds=2) <= taken <= started + timedelta(hours=12)
