"""Resource Manager's ids, read the way it reads them: without regard to case, the last `/providers/` decides.

Source: Azure documentation, "Resource providers and types" and "Extend resource types" (extension resources).
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_REFERENCE = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/[^/]+/[^/]+/[^/]+", re.IGNORECASE)


@dataclass(frozen=True)
class ResourceId:
    """A path of Resource Manager. One with a `tail` is no resource: a collection below its owner or an action on it."""

    path: str
    type: str  # Microsoft.Network/virtualNetworks/subnets; of a tail: the owner's
    name: str  # of the resource, of a tail: the owner's
    scope: str  # what an extension or a top-level resource is in: all before the last /providers/
    parent: str  # the resource that a nested one is part of, or ""
    tail: str = ""

    @property
    def key(self) -> str:
        return self.path.lower()

    @property
    def owner(self) -> str:
        """What the tail is below."""
        return self.path.rpartition("/")[0] if self.tail else self.path

    @property
    def subscription(self) -> str:
        return self.segment("subscriptions")

    @property
    def group(self) -> str:
        return self.segment("resourcegroups")

    @property
    def location(self) -> str:
        return self.segment("locations")

    def segment(self, kind: str) -> str:
        """What follows `kind` in the path, or ""."""
        found = re.search(rf"/{kind}/([^/]+)", self.path, re.IGNORECASE)
        return found[1] if found else ""


# spelled in any way by clients, in one by Azure
_WORDS = {word.lower(): word for word in ("subscriptions", "resourceGroups", "providers")}


@lru_cache(maxsize=8192)
def parse(path: str) -> ResourceId:
    """Read a path; it may start and end with or without a slash."""
    segments = [_WORDS.get(segment.lower(), segment) for segment in path.split("/") if segment]
    path = "/" + "/".join(segments)
    lower = [segment.lower() for segment in segments]
    at = len(lower) - 1 - lower[::-1].index("providers") if "providers" in lower else None
    if at is None:  # /subscriptions/S/resourceGroups/G
        scope, namespace, pairs = "", "Microsoft.Resources", segments
    else:
        scope = "/" + "/".join(segments[:at]) if at else ""
        namespace, pairs = "".join(segments[at + 1 : at + 2]), segments[at + 2 :]
    tail = pairs[-1] if len(pairs) % 2 else ""
    if tail:
        pairs = pairs[:-1]
    types = pairs[0::2] if at is not None else pairs[0::2][-1:]
    nested = len(pairs) > 2 and at is not None
    parent = "/" + "/".join(segments[: -3 if tail else -2]) if nested else ""
    return ResourceId(path, "/".join([namespace, *types]), pairs[-1] if pairs else "", scope, parent, tail)


def guid(*parts: str) -> str:
    """The same parts give the same GUID, so a computed field needs no memory and survives a second PUT."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "|".join(parts).lower()))


def references(value: Any) -> Iterator[str]:
    """Every resource id in a body. Identities stand there as keys."""
    if isinstance(value, str):
        if _REFERENCE.match(value):
            yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from references(list(inner or ()) if name == "userAssignedIdentities" else inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)
