"""Resource Manager's ids: case-insensitive, with the resource after the last `/providers/`.

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
    """A Resource Manager path. With a `tail` it is not a resource but its owner's collection or action."""

    path: str
    type: str  # Microsoft.Network/virtualNetworks/subnets; with a tail: the owner's
    name: str  # of the resource; with a tail: the owner's
    scope: str  # everything before the last /providers/
    parent: str  # the resource that contains a nested one, or ""
    tail: str = ""

    @property
    def key(self) -> str:
        return self.path.lower()

    @property
    def owner(self) -> str:
        """The path without its tail."""
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
        """The segment after `kind` in the path, or ""."""
        match = re.search(rf"/{kind}/([^/]+)", self.path, re.IGNORECASE)
        return match[1] if match else ""


# Azure's spelling of words that clients spell differently
_WORDS = {word.lower(): word for word in ("subscriptions", "resourceGroups", "providers")}


@lru_cache(maxsize=8192)
def parse(path: str) -> ResourceId:
    """Parse a path; leading and trailing slashes are optional."""
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
    """A GUID that is always the same for the same parts, so that a computed field needs no storage."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "|".join(parts).lower()))


def references(value: Any) -> Iterator[str]:
    """Every resource id in a body. Identities are keys of `userAssignedIdentities`."""
    if isinstance(value, str):
        if _REFERENCE.match(value):
            yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from references(list(inner or ()) if name == "userAssignedIdentities" else inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)
