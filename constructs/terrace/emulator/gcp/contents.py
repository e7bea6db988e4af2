"""The bytes of objects, by the key of their generation.

With a folder they are files, which the next start finds again; else they are in memory.
"""

import hashlib
from pathlib import Path


class Contents:
    """Not thread-safe: the server handles one request at a time."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder / "objects" if folder else None
        self._memory: dict[str, bytes] = {}
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)

    def put(self, key: str, content: bytes) -> None:
        if path := self._path(key):
            temporary = path.with_suffix(".new")
            temporary.write_bytes(content)
            temporary.replace(path)
        else:
            self._memory[key] = content

    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """The bytes from `start` up to `end`, which is not included."""
        path = self._path(key)
        if path is None:
            return self._memory.get(key, b"")[start:end]
        if not path.exists():
            return b""
        with path.open("rb") as file:
            file.seek(start)
            return file.read() if end is None else file.read(end - start)

    def remove(self, key: str) -> None:
        if path := self._path(key):
            path.unlink(missing_ok=True)
        self._memory.pop(key, None)

    def _path(self, key: str) -> Path | None:
        return self._folder / hashlib.sha256(key.encode()).hexdigest() if self._folder else None
