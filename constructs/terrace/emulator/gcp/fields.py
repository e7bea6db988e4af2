"""Fields that the service fills in according to the schema, and the two kinds of partial update."""

import base64
import datetime
import hashlib
import json
import re
import uuid
from typing import Any

from terrace.emulator.gcp.call import Call, camel, name_of
from terrace.emulator.gcp.documents import Json

_CREATED = ("creationTimestamp", "createTime", "timeCreated", "creationTime")
_UPDATED = ("updateTime", "updated", "lastModifiedTime", "modifyTime")
STAMPS = ("etag", "fingerprint", "labelFingerprint")
_STATES = ("state", "status", "lifecycleState")
_READY = (
    *("ACTIVE", "READY", "RUNNABLE", "RUNNING", "ENABLED", "AVAILABLE", "ESTABLISHED", "SERVING", "IN_USE"),
    *("VERIFIED", "DEPLOYED", "OPEN", "SUCCEEDED", "UP"),
)
SERVICE_FIELDS = frozenset({"id", "name", "selfLink", "kind", "region", "zone", "uid", "uniqueId", *_CREATED, *_STATES})


def now(later: float = 0) -> str:
    """The current time in Google's format."""
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=later)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def number(*seed: object, digits: int = 18) -> str:
    """A stable number for a seed."""
    return str(int(hashlib.sha256(repr(seed).encode()).hexdigest(), 16))[:digits]


def stamp(resource: Json) -> str:
    """A new etag."""
    content = json.dumps([resource, now(), uuid.uuid4().hex], sort_keys=True)
    return base64.b64encode(hashlib.sha256(content.encode()).digest()[:9]).decode()


def fill(call: Call, resource: Json, key: str) -> None:
    """Set times, links, ids, etags and the ready state, if the resource's schema has them."""
    known, name = call.document.properties(call.schema), name_of(key)
    values: dict[str, Any] = {created: now() for created in _CREATED}
    values["selfLink"] = call.url(name)
    values["kind"] = known.get("kind", {}).get("default", f"{call.service}#{call.schema[:1].lower()}{call.schema[1:]}")
    values["uid"] = str(uuid.uuid5(uuid.NAMESPACE_URL, key))
    values["uniqueId"] = number(key, digits=21)
    if known.get("id", {}).get("format") in ("uint64", "int64"):
        values["id"] = number(key)
    for scope in ("region", "zone"):
        if call.service == "compute" and (match := re.match(rf"projects/[^/]+/{scope}s/[^/]+", name)):
            values[scope] = call.url(match[0])
    for state in _STATES:
        if ready := next((word for word in _READY if word in known.get(state, {}).get("enum", ())), None):
            values[state] = ready
    for field, value in values.items():
        if field in known and resource.get(field) in (None, ""):
            resource[field] = value
    resource |= {updated: now() for updated in _UPDATED if updated in known}
    resource |= {each: stamp(resource) for each in STAMPS if each in known}


def merge(old: Json, new: Json) -> None:
    """Apply a JSON merge patch: null removes, lists replace. Source: RFC 7396."""
    for name, value in new.items():
        if value is None:
            old.pop(name, None)
        elif isinstance(value, dict) and isinstance(old.get(name), dict):
            merge(old[name], value)
        else:
            old[name] = value


def mask(old: Json, new: Json, paths: list[str]) -> None:
    """Copy the values at `paths` from `new` to `old`. Source: AIP-161, field masks."""
    for path in paths:
        *above, leaf = (camel(part) for part in path.split("."))
        source: Any = new
        target = old
        for part in above:
            source = (source or {}).get(part)
            target = target.setdefault(part, {})
        if isinstance(source, dict) and source.get(leaf) is not None:
            target[leaf] = source[leaf]
        else:
            target.pop(leaf, None)
