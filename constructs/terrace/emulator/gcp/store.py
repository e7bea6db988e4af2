"""The resources: bodies by `service/name`, shared by all versions of a service's API.

Data of a resource that is not a resource itself has a key with a suffix: `storage/b/lake#policy`,
`.../versions/1#payload`.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from terrace.emulator.gcp.documents import Json


class Store:
    """Bodies in memory. With `folder`, each change is also a line in `changes.jsonl`, which the next start reads.

    Not thread-safe: the server handles one request at a time.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._bodies: dict[str, Json] = {}
        self._changes: TextIO | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._load(folder / "changes.jsonl")

    def __contains__(self, key: str) -> bool:
        return key in self._bodies

    def get(self, key: str) -> Json | None:
        """A copy of a body."""
        return copy.deepcopy(self._bodies.get(key))

    def put(self, key: str, body: Json) -> None:
        self._bodies[key] = copy.deepcopy(body)
        self._record(key, body)

    def remove(self, key: str) -> None:
        """Delete a resource with everything below it and all its additional data."""
        for removed in [each for each in self._bodies if each == key or each.startswith((f"{key}/", f"{key}#"))]:
            del self._bodies[removed]
            self._record(removed, None)

    def below(self, key: str) -> list[tuple[str, Json]]:
        """The direct children in order; a `-` in `key` matches any name."""
        pattern = key.split("/")
        return [
            (each, copy.deepcopy(body))
            for each, body in sorted(self.resources())
            if len(parts := each.split("/")) == len(pattern) + 1
            and all(word in ("-", part) for word, part in zip(pattern, parts, strict=False))
        ]

    def resources(self) -> Iterator[tuple[str, Json]]:
        """Every resource. Callers must not change the bodies."""
        return ((key, body) for key, body in list(self._bodies.items()) if "#" not in key)

    def data(self, prefix: str) -> list[tuple[str, Json]]:
        """The additional data of resources whose key begins with `prefix`, in order of the key."""
        return [(key, copy.deepcopy(body)) for key, body in sorted(self._bodies.items()) if key.startswith(prefix)]

    def close(self) -> None:
        if self._changes:
            self._changes.close()

    def _load(self, path: Path) -> None:
        """Read the recorded changes and rewrite the file without deleted resources. Ignore an incomplete last line."""
        for line in path.read_text().splitlines() if path.exists() else ():
            try:
                key, body = json.loads(line)
            except ValueError:
                break
            self._bodies[key] = body
        self._bodies = {key: body for key, body in self._bodies.items() if body is not None}
        temporary = path.with_suffix(".new")
        self._changes = temporary.open("w", buffering=1)
        for key, body in self._bodies.items():
            self._record(key, body)
        temporary.replace(path)

    def _record(self, key: str, body: Json | None) -> None:
        if self._changes and not self._changes.closed:
            self._changes.write(json.dumps([key, body]) + "\n")
