"""The marker of a run, which exists while Terraform works, and what it shows about a killed run.

The marker names both processes and Terraform's log files, so the next run can see whether the previous one is still
running, was killed, and which resources it had begun to create. It is a local file; `marks.py` keeps the same beside a
remote state, for a next run on another machine.
"""

import contextlib
import getpass
import json
import os
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from terrace.deployment.errors import Lock
from terrace.deployment.events import ResourceEvent, parse
from terrace.errors import AnswerIsNo
from terrace.words import ago

_PROVIDER_SECONDS = 10.0


class StillRunning(AnswerIsNo):
    """Another run for the same deployment is active."""


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
    """A run: its command, its start (UTC, ISO 8601), its processes, and Terraform's log files, oldest first.

    `who` is the user and the host, as Terraform writes them into a lock, and `address` that of the CI run. `creates`
    are the resources that it was to create, `begun` those that it has begun with, as far as they are known without the
    logs. `interrupted`: it ended in order, but left creations unfinished. `seen` is its last sign of life (UTC).
    """

    command: str
    started: str
    terrace: Process
    terraform: Process | None = None
    logs: tuple[str, ...] = ()
    who: str = ""
    address: str = ""
    creates: tuple[str, ...] = ()
    begun: tuple[str, ...] = ()
    interrupted: bool = False
    seen: str = ""

    def __str__(self) -> str:
        process = f"process {self.terrace.pid}"
        place = process if self.who in ("", this_user()) else f"{process} of {self.who}"
        started = f"{self.started}{self._age()}"
        return f"`terrace {self.command}` of {started} ({place}{f', {self.address}' if self.address else ''})"

    def _age(self) -> str:
        """ ", 3 minutes ago", or nothing for a time that cannot be read."""
        try:
            return f", {ago(datetime.now(UTC) - datetime.fromisoformat(self.started))}"
        except (ValueError, TypeError):
            return ""

    @property
    def end(self) -> str:
        return "was interrupted" if self.interrupted else "was killed"


def read_marker(marker: Path) -> Run | None:
    """The run that the marker describes; None if there is no marker or it is not readable."""
    try:
        return parsed(marker.read_bytes())
    except OSError:
        return None


def parsed(content: bytes) -> Run | None:
    """The inverse of `written`; None if the content is not readable."""
    try:
        record = json.loads(content)
        terraform = record.pop("terraform", None)
        lists: dict[str, Any] = {name: tuple(record.pop(name, ())) for name in ("logs", "creates", "begun")}
        started, terrace = str(record.pop("started")), Process(**record.pop("terrace"))
        run = Run(str(record.pop("command")), started, terrace, Process(**terraform) if terraform else None)
        return replace(run, **lists, **{name: value for name, value in record.items() if hasattr(run, name)})
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def written(run: Run) -> bytes:
    """A run as JSON."""
    return json.dumps(asdict(run), indent=2).encode() + b"\n"


def write_marker(marker: Path, run: Run) -> None:
    marker.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = marker.with_suffix(f".{run.terrace.pid}")
    scratch.write_bytes(written(run))
    scratch.replace(marker)


def killed_run(marker: Path) -> Run | None:
    """The previous run, if it was killed. Raises StillRunning if it, or the Terraform it started, is alive.

    A killed Terraform leaves its provider processes behind, and they may still complete a creation. They are ended
    here, so that no further resource appears afterwards.
    """
    run = read_marker(marker)
    if run is not None:
        require_ended(run)
    return run


def require_ended(run: Run) -> None:
    """Raise StillRunning if a run on this machine, or its Terraform, is alive; end the providers that it left."""
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


def begun(run: Run) -> set[str]:
    """Addresses whose creation the run began, from its logs if they are on this machine and from its marker."""
    return {*run.begun, *begun_creations(run.logs, failed=run.interrupted)}


def to_search(run: Run) -> set[str]:
    """Addresses that the run may have created: without its logs, a creation that began at the end may be missing in its
    marker, and all that it was to create are searched for."""
    readable = all(Path(log).is_file() for log in run.logs)
    return begun(run) if readable and run.logs else {*begun(run), *run.creates}


def begun_creations(logs: Sequence[str], *, failed: bool = False) -> set[str]:
    """Addresses whose creation began in these logs and did not fail; with `failed` also those that did, because an
    interrupt fails what is being created.

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
            elif event.moment == "errored" and not failed:
                addresses.discard(event.address)
    return addresses


def this_user() -> str:
    """The user and the host, as Terraform writes them into a lock."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def left_lock(run: Run, lock: Lock) -> bool:
    """Whether the killed `run` left this lock: same user and machine, taken after the run started.

    A run on another machine may have left a Terraform that is still running, unless it was a CI run, which ends with
    all its processes.
    """
    if lock.who != (run.who or this_user()) or (lock.who != this_user() and not run.address):
        return False
    try:
        taken = datetime.fromisoformat(lock.created[:19].replace(" ", "T")).replace(tzinfo=UTC)
        started = datetime.fromisoformat(run.started)
    except ValueError:
        return False
    return started - timedelta(seconds=2) <= taken <= started + timedelta(hours=12)
