"""What exists: bodies under `service/name`, the same for every version of a service's interface.

What belongs to a resource without being one hangs on its key: `storage/b/lake#policy`, `.../versions/1#payload`.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from terrace.emulator.gcp.documents import Json


class Store:
    """Holds bodies in memory; with `folder` also a line for each change in `changes.jsonl`, which a next one reads.

    Not safe for several threads: the server takes one request after another.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._bodies: dict[str, Json] = {}
        self._changes: TextIO | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._recall(folder / "changes.jsonl")

    def __contains__(self, key: str) -> bool:
        return key in self._bodies

    def get(self, key: str) -> Json | None:
        """A copy of a body."""
        return copy.deepcopy(self._bodies.get(key))

    def put(self, key: str, body: Json) -> None:
        self._bodies[key] = copy.deepcopy(body)
        self._note(key, body)

    def remove(self, key: str) -> None:
        """Take a resource away, with all that is below it and hangs on it."""
        for found in [each for each in self._bodies if each == key or each.startswith((f"{key}/", f"{key}#"))]:
            del self._bodies[found]
            self._note(found, None)

    def below(self, key: str) -> list[tuple[str, Json]]:
        """The direct children in order; a `-` in `key` stands for any name."""
        wanted = key.split("/")
        return [
            (each, copy.deepcopy(body))
            for each, body in sorted(self.resources())
            if len(parts := each.split("/")) == len(wanted) + 1
            and all(word in ("-", part) for word, part in zip(wanted, parts, strict=False))
        ]

    def resources(self) -> Iterator[tuple[str, Json]]:
        """Every resource, to read and not to change."""
        return ((key, body) for key, body in list(self._bodies.items()) if "#" not in key)

    def close(self) -> None:
        if self._changes:
            self._changes.close()

    def _recall(self, path: Path) -> None:
        """Read what was noted, and note it anew without what is gone; a last line cut short is one never answered."""
        for line in path.read_text().splitlines() if path.exists() else ():
            try:
                key, body = json.loads(line)
            except ValueError:
                break
            if body is None:
                self._bodies.pop(key, None)
            else:
                self._bodies[key] = body
        written = path.with_suffix(".new")
        self._changes = written.open("w", buffering=1)
        for key, body in self._bodies.items():
            self._note(key, body)
        written.replace(path)

    def _note(self, key: str, body: Json | None) -> None:
        if self._changes and not self._changes.closed:
            self._changes.write(json.dumps([key, body]) + "\n")
