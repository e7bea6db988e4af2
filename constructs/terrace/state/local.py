"""The state home in `.terrace/state` of the project. It keeps no versions of its own: only the state before Terraform's
last write, which Terraform keeps itself.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from terrace.state import Conflict, Lock, Stored, Version, lock_info

_STATE, _BEFORE = ".tfstate", ".backup"


@dataclass(frozen=True)
class LocalHome:
    """A folder. A state is a file in it, where the stack's local backend has it; other objects are in folders."""

    folder: Path

    @property
    def place(self) -> str:
        return str(self.folder)

    def read(self, name: str, *, version: str = "") -> Stored | None:
        if version not in ("", "current", "previous"):
            return None
        path = self._path(name)
        return _stored(path.with_name(path.name + _BEFORE) if version == "previous" else path)

    def write(self, name: str, content: bytes, *, after: str | None = None, new: bool = False) -> str:
        path = self._path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._exclusive():
            found = _stored(path)
            if new and found:
                raise Conflict(f"{name} exists already", where=self.place)
            if after is not None and (found is None or found.tag != after):
                raise Conflict(f"another process has changed {name}", where=self.place)
            # in the same directory, so that the rename is atomic; readable by the user only
            descriptor, temporary = tempfile.mkstemp(prefix=".", dir=path.parent)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
            written = _stored(path)
            assert written
            return written.tag

    def delete(self, name: str) -> None:
        with self._exclusive():
            self._path(name).unlink(missing_ok=True)

    def names(self, prefix: str) -> list[str]:
        if not self.folder.is_dir():
            return []
        files = (path for path in self.folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        found = (self._name(path.relative_to(self.folder)) for path in files if not path.name.endswith(_BEFORE))
        return sorted(name for name in found if name.startswith(prefix))

    def versions(self, name: str) -> list[Version]:
        path = self._path(name)
        places = {"current": path, "previous": path.with_name(path.name + _BEFORE)}
        return [
            Version(id, datetime.fromtimestamp(file.stat().st_mtime, UTC), file.stat().st_size)
            for id, file in places.items()
            if file.is_file()
        ]

    def lock(self, state: str) -> Lock | None:
        path = self._path(state)
        info = path.with_name(f".{path.name}.lock.info")
        if not info.is_file() or not path.is_file():
            return None
        with path.open("r+b") as file:  # the lock ends with Terraform's process; its description may remain
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return lock_info.parsed(info.read_bytes())
        return None

    @contextmanager
    def hold(self, state: str) -> Iterator[Callable[[bytes], object]]:
        path = self._path(state)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = path.with_name(f".{path.name}.lock.info")
        path.touch(mode=0o600)
        with path.open("r+b") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Conflict(f"another process holds the lock of {state}", where=self.place) from None
            info.write_bytes(lock_info.own(state))

            def write(content: bytes) -> None:  # into the file that is locked
                file.seek(0)
                file.truncate()
                file.write(content)
                file.flush()
                os.fsync(file.fileno())

            try:
                yield write
            finally:
                info.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        """A state `dev/aws/foundation.tfstate` is the file dev-aws-foundation.tfstate of the stack's backend."""
        return self.folder / (name.replace("/", "-") if _is_state(name) else name)

    def _name(self, path: Path) -> str:
        if path.parent == Path() and path.suffix == _STATE and path.stem.count("-") >= 2:
            return "/".join(path.stem.rsplit("-", 2)) + _STATE  # an environment's name may contain a hyphen
        return path.as_posix()

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """One write at a time. The lock ends with the process."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _is_state(name: str) -> bool:
    return name.endswith(_STATE) and name.count("/") == 2


def _stored(path: Path) -> Stored | None:
    try:
        with path.open("rb") as file:
            facts, content = os.fstat(file.fileno()), file.read()
    except FileNotFoundError:
        return None
    written = f"{facts.st_mtime_ns}-{facts.st_ino}-".encode()
    return Stored(content, hashlib.sha256(written + content).hexdigest())
