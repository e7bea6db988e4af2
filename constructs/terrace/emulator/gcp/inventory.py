"""The project's resources, without those that cannot be deleted and those that every project has."""

import re
from collections.abc import Iterator

from terrace.emulator.contract import Resource
from terrace.emulator.gcp import quirks
from terrace.emulator.gcp.call import name_of
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.store import Store


def inventory(store: Store) -> list[Resource]:
    """Every resource of the project by service, type and id, and every grant on a built-in resource."""
    created = [
        _resource(key) for key, body in store.resources() if not is_built_in(key) and not _is_retained(store, key, body)
    ]
    return sorted({*created, *_grants(store)})


def is_built_in(key: str) -> bool:
    """Whether a resource exists without being created."""
    return any(name.fullmatch(key) for name, _ in quirks.BUILT_IN)


def _resource(key: str) -> Resource:
    name = name_of(key)
    parts = name.split("/")
    location = re.search(r"(?:locations|regions|zones)/([^/]+)", name)
    return Resource(key.split("/", 1)[0], parts[-2] if len(parts) > 1 else "", name, location[1] if location else "")


def _grants(store: Store) -> Iterator[Resource]:
    for key, _ in store.resources():
        policy = store.get(f"{key}#policy") if is_built_in(key) else None
        for binding in (policy or {}).get("bindings", ()):
            for member in binding["members"]:
                yield Resource(key.split("/", 1)[0], "iamBindings", f"{name_of(key)} {binding['role']} {member}")


def _is_retained(store: Store, key: str, body: Json) -> bool:
    """Whether Google retains it after a delete: permanently (key rings, keys without a usable version, enabled
    services, locked log buckets) or for some days (pools, custom roles, other log buckets)."""
    if key.startswith("serviceusage/"):
        return body.get("state") == "ENABLED"
    if key.startswith("logging/") and body.get("locked"):
        return True  # until its last entry expires, which never happens here
    if body.get("deleted") or _state(body) in ("DELETED", "DELETE_REQUESTED"):
        return True
    if not key.startswith("cloudkms/"):
        return False
    below = [each for name, each in store.resources() if name == key or name.startswith(f"{key}/")]
    versions = [each for each in below if "/cryptoKeyVersions/" in str(each.get("name"))]
    return all(_state(each) in ("DESTROYED", "DESTROY_SCHEDULED") for each in versions)


def _state(body: Json) -> str:
    return str(body.get("state") or body.get("lifecycleState") or body.get("status") or "")
