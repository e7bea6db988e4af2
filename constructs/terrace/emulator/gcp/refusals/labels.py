"""Refusals of labels."""

import re
from collections.abc import Iterator

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses

_KEY = r"[a-z][a-z0-9_-]{0,62}"
_VALUE = r"[a-z0-9_-]{0,63}"


def _labels(resource: Json, call: Call) -> Json:
    """The resource's labels; the `labels` of a notification channel are its settings."""
    fields = ("userLabels", "resourceLabels") if call.service == "monitoring" else ("labels", "resourceLabels")
    collected: Json = {}
    nodes = resource.get("config") or {}
    # a node's `labels` are Kubernetes labels
    for body, names in ((resource, fields), (resource.get("settings") or {}, ("userLabels",)), (nodes, fields[1:])):
        for field in names:
            if isinstance(body, dict) and isinstance(body.get(field), dict):
                collected |= body[field]
    return collected


@refuses("*", "*")
def labels(resource: Json, call: Call) -> Iterator[str]:
    """Source: Resource Manager documentation, "Labels overview", requirements: at most 64, in lower case."""
    pairs = _labels(resource, call)
    if len(pairs) > 64:
        yield f"A resource can have up to 64 labels, not {len(pairs)}."
    for key, value in pairs.items():
        if not re.fullmatch(_KEY, key) or not re.fullmatch(_VALUE, str(value or "")):
            yield f"Invalid label '{key}: {value}': lower-case letters, digits, _ and -, 63 at most."
