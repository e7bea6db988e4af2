"""The versions of blobs, in accounts whose blob service has versioning enabled.

Each write, of a blob or of its metadata, makes a version with a new id, the time of the write; a delete leaves the last
one without a current version. Source: Azure Storage, "Blob versioning".
"""

import re
import time
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from terrace.emulator.azure.store import Item, Store

_ID = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")


def is_id(text: str) -> bool:
    """Whether this can be the id of a version."""
    return bool(_ID.fullmatch(text))


def of(store: Store, container: Item) -> dict[str, list[Item]]:
    """The versions of each blob of a container that are not current, oldest first."""
    found: dict[str, list[Item]] = {}
    for item in sorted(store.children(container.id, "versions"), key=lambda item: str(item.body["version"])):
        found.setdefault(str(item.body["blob"]), []).append(item)
    return found


def replaced(store: Store, container: Item, before: Item | None, after: Item) -> Item:
    """`after` with the id of its version, if the account is versioned; what it replaces is kept."""
    keep(store, container, before)
    after.body.pop("version", None)
    if _is_versioned(store, container):
        after.body["version"] = _id(time.time_ns())
    return after


def keep(store: Store, container: Item, item: Item | None) -> None:
    """Keep a version that is replaced or deleted."""
    if item is None or not item.body.get("version"):
        return
    name, version = unquote(item.id.rpartition("/")[2]), item.body["version"]
    path = f"{container.id}/versions/{quote(f'{name}@{version}', safe='')}"
    body = item.body | {"blob": name, "lease": ""}
    store.write(Item(path, item.type, body, managed=True, created=item.created, etag=item.etag))


def _is_versioned(store: Store, container: Item) -> bool:
    service = store.body(container.id.rpartition("/containers/")[0])
    return bool(service.get("properties", {}).get("isVersioningEnabled"))


def _id(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 100:07}Z"
