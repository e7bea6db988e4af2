"""What a killed run left behind, and how the next one takes it up.

Terraform saves its state after each resource, so a kill loses at most what was being created at that moment: it exists
in the cloud and in no state. A run leaves a marker while it works and keeps Terraform's own log, so the next run knows
that the previous one died and which creations it had begun. Their names are computed, so each can be looked up and
adopted: an import block is added to the stack for one plan, and the plan shows the adoption before anything is
applied.
"""

import contextlib
import getpass
import json
import os
import shutil
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from terrace.deployment.errors import Lock
from terrace.deployment.events import Diagnostic, ResourceEvent, parse
from terrace.errors import TerraceError

IMPORTS_FILE = "terrace-adopted.tf.json"
_PROVIDER_SECONDS = 10.0
_TAGS = ("tags_all", "effective_labels", "tags", "labels", "resource_labels", "user_labels")
"""Where providers keep a resource's tags; the first two hold those of the provider's defaults too."""


class StillRunning(TerraceError):
    """A run for the same deployment is at work on this machine."""


@dataclass(frozen=True)
class Process:
    """A process that cannot be mistaken for a later one with the same pid. `started` is seconds since the epoch."""

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
    """The marker of a run: who runs it, since when (UTC, ISO 8601), and Terraform's log files, oldest first."""

    command: str
    started: str
    terrace: Process
    terraform: Process | None = None
    logs: tuple[str, ...] = field(default_factory=tuple)

    def __str__(self) -> str:
        return f"`terrace {self.command}` of {self.started} (process {self.terrace.pid})"


def read_marker(marker: Path) -> Run | None:
    """The run that the marker tells of; None when there is none, or when it says nothing that makes sense."""
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


def died(marker: Path) -> Run | None:
    """The previous run, if it died. Raises StillRunning if it, or the Terraform it started, is alive.

    A killed Terraform leaves its providers behind, and a creation they have under way may still come about: they are
    ended first, so that what exists afterwards is all there will be.
    """
    run = read_marker(marker)
    if run is None:
        return None
    if run.terraform is not None and run.terraform.alive:
        owner = "is at work" if run.terrace.alive else "died, but the Terraform it started is still at work"
        raise StillRunning(
            f"{run} {owner} (Terraform is process {run.terraform.pid})",
            hint=f"wait until it has ended; `kill -INT {run.terraform.pid}` stops it in good order",
        )
    if run.terrace.alive and run.terrace.pid != os.getpid():
        raise StillRunning(f"{run} is at work", hint="wait until it has ended")
    if run.terraform is not None:
        _end_providers(run.terraform)
    return run


def _end_providers(terraform: Process) -> None:
    """End the providers of a Terraform that is gone. It led a session of its own, which they still belong to."""
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


def mend_state(state: Path) -> str:
    """Put a whole local state in place of one that a kill cut short, and say so; empty when nothing was wrong.

    Terraform writes a local state in place: killed at that moment, it leaves an empty or a torn file. Its backup is the
    state before that run; what the run created since is then found by its log. The torn file is kept beside it.
    """
    if not state.exists() or _is_state(state):
        return ""
    torn = state.with_name(f"{state.name}.torn-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    state.replace(torn)
    backup = state.with_name(f"{state.name}.backup")
    if _is_state(backup):
        shutil.copyfile(backup, state)
        return f"the state was torn while it was written (kept as {torn.name}); took the one from before that run"
    return f"the state was torn while it was written (kept as {torn.name}), and there is none from before"


def _is_state(path: Path) -> bool:
    try:
        return "lineage" in json.loads(path.read_text())
    except (OSError, ValueError, TypeError):
        return False


def begun(logs: Sequence[str]) -> set[str]:
    """Addresses whose creation was begun in these logs. Also those that were completed: the state may not have been
    saved.
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


def is_ours(lock: Lock, run: Run) -> bool:
    """Whether the dead `run` provably left this lock: same user and machine, taken after it started."""
    if lock.who != f"{getpass.getuser()}@{socket.gethostname()}":
        return False
    try:
        taken = datetime.fromisoformat(lock.created[:19].replace(" ", "T")).replace(tzinfo=UTC)
        started = datetime.fromisoformat(run.started)
    except ValueError:
        return False
    return started - timedelta(seconds=2) <= taken <= started + timedelta(hours=12)


@dataclass(frozen=True)
class Candidate:
    """A resource that the plan wants to create and that may exist. `values` are those known at plan time.

    `region` and `account` (subscription, project) are those of its provider, where that names them.
    """

    address: str
    type: str
    values: Mapping[str, Any]
    region: str = ""
    account: str = ""


class Finder(Protocol):
    """What a cloud brings (`terrace.live.<cloud>.adopt.find`): the import ids of candidates that exist, or may exist.

    A candidate with a name of its own gets the id that its name gives, whether it exists or not. One without is
    looked up by its tags, and left out when the cloud does not know it.
    """

    def __call__(
        self, candidates: Sequence[Candidate], *, environment: str, variables: Mapping[str, str]
    ) -> dict[str, str]: ...


def candidates(plan: Mapping[str, Any], addresses: set[str] | None = None) -> list[Candidate]:
    """What `plan` (JSON plan format) would create, limited to `addresses` when given."""
    configuration = plan.get("configuration", {})
    providers = {
        key: {
            name: str(value.get("constant_value", ""))
            for name, value in provider.get("expressions", {}).items()
            if isinstance(value, dict)
        }
        for key, provider in configuration.get("provider_config", {}).items()
    }
    provider_of = {
        resource["address"]: resource.get("provider_config_key", "")
        for resource in configuration.get("root_module", {}).get("resources", [])
    }
    found = []
    for record in plan.get("resource_changes", []):
        address = record["address"]
        if record.get("mode") != "managed" or record["change"]["actions"] != ["create"]:
            continue
        if addresses is None or address in addresses:
            place = providers.get(provider_of.get(address.partition("[")[0], ""), {})
            account = place.get("subscription_id") or place.get("project") or ""
            values = record["change"].get("after") or {}
            found.append(Candidate(address, record["type"], values, place.get("region", ""), account))
    return found


def write_imports(stack: Path, imports: Mapping[str, str]) -> None:
    """Put import blocks beside the synthesized stack, or take them away when `imports` is empty."""
    path = stack / IMPORTS_FILE
    if imports:
        blocks = [{"to": address, "id": identity} for address, identity in sorted(imports.items())]
        path.write_text(json.dumps({"import": blocks}, indent=2) + "\n")
    else:
        path.unlink(missing_ok=True)


def absent(imports: Mapping[str, str], diagnostics: Sequence[Diagnostic]) -> set[str]:
    """Which imports failed a plan: what they name does not exist (or cannot be read), so it will be created instead."""
    failed = set()
    for diagnostic in diagnostics:
        if diagnostic.severity != "error":
            continue
        text = f"{diagnostic.summary}\n{diagnostic.detail}"
        failed |= {address for address in imports if diagnostic.address == address or f'"{address}"' in text}
    return failed


def foreign(plan: Mapping[str, Any], environment: str, *, begun: set[str], untaggable: bool) -> dict[str, str]:
    """Imported resources that are not provably this deployment's, and why.

    Proof is the deployment's tags. For what bears no tags at all, it is that the dead run had begun to create it
    (some services tag in a second call). `untaggable` lets types pass that cannot bear tags.
    """
    refused = {}
    for record in plan.get("resource_changes", []):
        address, change = record["address"], record["change"]
        if not change.get("importing"):
            continue
        before = change.get("before") or {}
        carried = [before.get(name) or {} for name in _TAGS if name in before]
        taggable = bool(carried)
        tags: Mapping[str, str] = max(carried, key=lambda found: ("managed-by" in found, bool(found)), default={})
        if tags.get("managed-by") == "terrace" and tags.get("environment") == environment:
            continue
        if not tags and (address in begun or (untaggable and not taggable)):
            continue
        told = ", ".join(f"{name}={tags[name]}" for name in ("managed-by", "environment") if name in tags)
        refused[address] = f"its tags do not say that it is ours ({told or 'no such tags'})"
    return refused
