"""Fields that the service fills in, told from the schema, and the two ways to change some and leave others."""

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
_WELL = (
    *("ACTIVE", "READY", "RUNNABLE", "RUNNING", "ENABLED", "AVAILABLE", "ESTABLISHED", "SERVING", "IN_USE"),
    *("VERIFIED", "DEPLOYED", "OPEN", "SUCCEEDED", "UP"),
)
KEPT = frozenset({"id", "name", "selfLink", "kind", "region", "zone", "uid", "uniqueId", *_CREATED, *_STATES})


def now(later: float = 0) -> str:
    """The time as Google writes it."""
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=later)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def number(*seed: object, digits: int = 18) -> str:
    """A number that is always the same for the same seed."""
    return str(int(hashlib.sha256(repr(seed).encode()).hexdigest(), 16))[:digits]


def stamp(resource: Json) -> str:
    """A new etag."""
    content = json.dumps([resource, now(), uuid.uuid4().hex], sort_keys=True)
    return base64.b64encode(hashlib.sha256(content.encode()).digest()[:9]).decode()


def fill(call: Call, resource: Json, key: str) -> None:
    """Times, links, numbers, etags and the happiest state, as far as the resource's schema has them."""
    known, name = call.document.properties(call.schema), name_of(key)
    values: dict[str, Any] = {created: now() for created in _CREATED}
    values["selfLink"] = call.url(name)
    values["kind"] = known.get("kind", {}).get("default", f"{call.service}#{call.schema[:1].lower()}{call.schema[1:]}")
    values["uid"] = str(uuid.uuid5(uuid.NAMESPACE_URL, key))
    values["uniqueId"] = number(key, digits=21)
    if known.get("id", {}).get("format") in ("uint64", "int64"):
        values["id"] = number(key)
    for place in ("region", "zone"):
        if call.service == "compute" and (found := re.match(rf"projects/[^/]+/{place}s/[^/]+", name)):
            values[place] = call.url(found[0])
    for state in _STATES:
        if well := next((word for word in _WELL if word in known.get(state, {}).get("enum", ())), None):
            values[state] = well
    for field, value in values.items():
        if field in known and resource.get(field) in (None, ""):
            resource[field] = value
    resource |= {updated: now() for updated in _UPDATED if updated in known}
    resource |= {each: stamp(resource) for each in STAMPS if each in known}


def merge(old: Json, new: Json) -> None:
    """Change `old` by a JSON merge patch: null removes, lists replace. Source: RFC 7396."""
    for name, value in new.items():
        if value is None:
            old.pop(name, None)
        elif isinstance(value, dict) and isinstance(old.get(name), dict):
            merge(old[name], value)
        else:
            old[name] = value


def mask(old: Json, new: Json, paths: list[str]) -> None:
    """Change `old` at the paths alone to what `new` holds there. Source: AIP-161, field masks."""
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
