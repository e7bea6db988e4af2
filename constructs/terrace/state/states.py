"""The states in a state home: what they hold, read from Terraform's own file, and the versions to go back to."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from terrace.errors import AnswerIsNo, TerraceError
from terrace.state import Lock, StateHome, Version, state_name

SUFFIX = ".tfstate"


class Locked(AnswerIsNo):
    """A run holds the lock of the state."""


@dataclass(frozen=True)
class Summary:
    """What a state holds. `serial` grows with every change; `lineage` is the same for all versions of a state."""

    serial: int
    lineage: str
    resources: int


@dataclass(frozen=True)
class Kept:
    """A version of a state that can be restored: the state home's own, or a backup. `id` names it."""

    id: str
    written: datetime
    summary: Summary


def summary(content: bytes, *, where: str = "") -> Summary | None:
    """The summary of a state's file; None for an empty one. Raises TerraceError if it is no state."""
    if not content.strip():
        return None
    try:
        state: dict[str, Any] = json.loads(content)
        managed = [entry for entry in state.get("resources", []) if entry.get("mode") == "managed"]
        resources = sum(len(entry.get("instances", [])) for entry in managed)
        return Summary(int(state["serial"]), str(state.get("lineage", "")), resources)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TerraceError("this is no state of Terraform", where=where) from error


def left(home: StateHome) -> list[str]:
    """The names of states that have resources or are locked."""
    found = []
    for name in home.names(""):
        if not name.endswith(SUFFIX) or name.count("/") != 2:
            continue
        stored = home.read(name)
        known = summary(stored.content, where=name) if stored else None
        if (known and known.resources) or home.lock(name):
            found.append(name)
    return found


def versions(home: StateHome, environment: str, cloud: str, layer: str) -> list[Kept]:
    """What a state can be restored to, newest first, without versions of equal content."""
    name = state_name(environment, cloud, layer)
    own = [(version.id, version.written, home.read(name, version=version.id)) for version in home.versions(name)]
    backups = [
        (_backup_id(each), _written(home.versions(each)), home.read(each))
        for each in home.names(_folder(environment, cloud, layer))
    ]
    found: dict[bytes, Kept] = {}
    # the oldest version of equal content is the one that a change made; a backup of it is named by its own id
    for id, written, stored in sorted(own, key=lambda one: one[1]) + backups:
        if stored and written and (known := summary(stored.content, where=name)):
            found.setdefault(stored.content, Kept(id, written, known))
    return sorted(found.values(), key=lambda kept: (kept.written, kept.summary.serial), reverse=True)


def read(home: StateHome, environment: str, cloud: str, layer: str, id: str) -> bytes:
    """The content of a version or a backup. Raises AnswerIsNo if there is none of this id."""
    stored = home.read(state_name(environment, cloud, layer), version=id)
    stored = stored or home.read(f"{_folder(environment, cloud, layer)}{id}{SUFFIX}")
    if stored is None or summary(stored.content, where=id) is None:
        raise AnswerIsNo(
            f"there is no version or backup {id!r} of the {layer} state of {environment} on {cloud}",
            where=home.place,
            hint=f"`terrace state list {environment}` lists them",
        )
    return stored.content


def backup(home: StateHome, environment: str, cloud: str, layer: str) -> str:
    """Keep a copy of a state beside it and return the copy's id; "" if there is no state.

    The id is the serial and the time, so that a second backup of the same state in a second is the same.
    """
    stored = home.read(state_name(environment, cloud, layer))
    known = summary(stored.content, where=home.place) if stored else None
    if stored is None or known is None:
        return ""
    id = f"serial-{known.serial}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    home.write(f"{_folder(environment, cloud, layer)}{id}{SUFFIX}", stored.content)
    return id


def require_unlocked(home: StateHome, environment: str, cloud: str, layer: str) -> None:
    """Raise Locked if a run holds the lock of a state."""
    if lock := home.lock(state_name(environment, cloud, layer)):
        raise Locked(
            f"the {layer} state of {environment} on {cloud} is locked: {described(lock)}",
            where=home.place,
            hint="wait for that run; if it is no longer running, `terrace plan "
            f"{environment} --unlock {lock.id or 'ID'}` releases its lock",
        )


def described(lock: Lock) -> str:
    """A lock in words: the operation, the holder and since when."""
    operation = lock.operation.removeprefix("OperationType").lower() or "a run"
    since = f"{lock.created.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if lock.created else "an unknown time"
    return f"{operation} by {lock.who or 'an unknown holder'}, since {since}"


def next_serial(content: bytes, current: Summary | None) -> bytes:
    """A state as the successor of the current one: Terraform refuses a state whose serial is not higher."""
    state: dict[str, Any] = json.loads(content)
    if current:
        state["serial"] = max(current.serial, int(state["serial"])) + 1
    return json.dumps(state, indent=2).encode()


def _folder(environment: str, cloud: str, layer: str) -> str:
    return f"{environment}/{cloud}/{layer}/backups/"


def _backup_id(name: str) -> str:
    return name.rpartition("/")[2].removesuffix(SUFFIX)


def _written(versions: list[Version]) -> datetime | None:
    return versions[0].written if versions else None
