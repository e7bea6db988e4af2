"""Resources and soft-deleted resources by lower-case id, optionally saved in a folder."""

import base64
import copy
import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Body = dict[str, Any]


@dataclass
class Item:
    """A resource: its id as first written, and the body as sent; computed values are added when it is read."""

    id: str
    type: str
    body: Body
    managed: bool = False  # created by Azure itself, such as an endpoint's network interface
    created: float = field(default_factory=time.time)
    changed: float = field(default_factory=time.time)
    etag: str = field(default_factory=lambda: str(uuid.uuid4()))
    operation: str = ""  # its latest operation
    visible_from: float = 0.0  # seconds since 1970; hidden until then
    deleted: float = 0.0  # time of the soft delete, in seconds since 1970


class Store:
    """The resources of one account. The caller holds `lock` during changes that belong together."""

    def __init__(self, folder: Path | None, tenant: str, subscription: str) -> None:
        self.tenant, self.subscription = tenant, subscription
        self.lock = threading.RLock()
        self.items: dict[str, Item] = {}
        self.activity: deque[Body] = deque(maxlen=10_000)  # events of the Activity Log, oldest first; not saved
        self.deleted: dict[str, Item] = {}  # soft-deleted: vaults, workspaces, keys, secrets, certificates
        self._file = folder / "azure.json" if folder else None
        self._load()

    def get(self, id: str) -> Item | None:
        return self.items.get(id.rstrip("/").lower())

    def body(self, id: str) -> Body:
        """The body of a resource; empty when it does not exist."""
        item = self.get(id)
        return item.body if item else {}

    def below(self, id: str) -> list[Item]:
        """Everything below an id, at any depth."""
        prefix = id.rstrip("/").lower() + "/"
        return [item for key, item in self.items.items() if key.startswith(prefix)]

    def children(self, id: str, kind: str) -> list[Item]:
        """The members of a collection: /.../virtualNetworks/n, subnets."""
        prefix = f"{id.rstrip('/')}/{kind}/".lower()
        return [i for key, i in self.items.items() if key.startswith(prefix) and "/" not in key[len(prefix) :]]

    def of_type(self, type: str, within: str = "") -> Iterator[Item]:
        """Everything of a type below a scope."""
        prefix = f"{within.rstrip('/')}/".lower()
        return (i for key, i in list(self.items.items()) if i.type.lower() == type.lower() and key.startswith(prefix))

    def named(self, type: str, name: str) -> Item | None:
        """The resource of a type with globally unique names."""
        return next((i for i in self.of_type(type) if i.id.lower().endswith(f"/{name.lower()}")), None)

    def write(self, item: Item) -> None:
        self.items[item.id.lower()] = item

    def remove(self, id: str, *, recoverable: bool = False) -> None:
        """Delete a resource, everything below it and what Azure created for it. `recoverable`: a soft delete."""
        removed, now = [*self.below(id), *filter(None, [self.get(id)])], time.time()
        managed = [i for i in self.items.values() if str(i.body.get("managedBy", "")).lower() == id.lower()]
        for item in removed:
            self.items.pop(item.id.lower(), None)
            if recoverable and "/providers/" not in item.id[len(id) :]:  # extensions (locks, assignments) are deleted
                self.deleted[item.id.lower()] = item
                item.deleted = now
        for item in managed:
            self.remove(item.id)

    def recover(self, id: str) -> None:
        """Restore a resource with everything that was deleted with it, not what was deleted before."""
        when = self.deleted[id.lower()].deleted
        for key in [key for key, item in self.deleted.items() if item.deleted == when]:
            self.items[key] = self.deleted.pop(key)

    def purge(self, id: str) -> None:
        """Delete a soft-deleted resource for good."""
        prefix = id.lower() + "/"
        for key in [key for key in self.deleted if key == id.lower() or key.startswith(prefix)]:
            del self.deleted[key]

    def save(self) -> None:
        """Write all resources, including secrets, to a file that only its owner can read. No folder: do nothing."""
        if self._file is None:
            return
        with self.lock:
            content = {name: [asdict(i) for i in getattr(self, name).values()] for name in ("items", "deleted")}
            text = json.dumps(content, default=lambda data: {"base64": base64.b64encode(data).decode()})
            self._file.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._file.with_suffix(".new")
            temporary.touch(mode=0o600)
            temporary.write_text(text)
            temporary.replace(self._file)

    def _load(self) -> None:
        if self._file is None or not self._file.exists():
            return
        content = json.loads(self._file.read_text(), object_hook=_bytes)
        for name, into in (("items", self.items), ("deleted", self.deleted)):
            into.update({entry["id"].lower(): Item(**entry) for entry in content[name]})


def _bytes(value: Body) -> Any:
    return base64.b64decode(value["base64"]) if list(value) == ["base64"] else value


def merge(below: Any, above: Any) -> Any:
    """JSON merge (RFC 7396): objects merge, of everything else `above` wins, null removes."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return copy.deepcopy(above)
    merged = dict(below)
    for name, value in above.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value
