"""What every service refuses of labels."""

import re
from collections.abc import Iterator

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses

_KEY = r"[a-z][a-z0-9_-]{0,62}"
_VALUE = r"[a-z0-9_-]{0,63}"


def _labels(resource: Json, call: Call) -> Json:
    """Labels in the sense of billing; a notification channel's `labels` are its settings."""
    fields = ("userLabels", "resourceLabels") if call.service == "monitoring" else ("labels", "resourceLabels")
    found: Json = {}
    nodes = resource.get("config") or {}
    # a node's own labels are Kubernetes'
    for body, names in ((resource, fields), (resource.get("settings") or {}, ("userLabels",)), (nodes, fields[1:])):
        for field in names:
            if isinstance(body, dict) and isinstance(body.get(field), dict):
                found |= body[field]
    return found


@refuses("*", "*")
def labels(resource: Json, call: Call) -> Iterator[str]:
    """Source: Resource Manager documentation, "Labels overview", requirements: 64 of them, in lower case."""
    found = _labels(resource, call)
    if len(found) > 64:
        yield f"A resource can have up to 64 labels, not {len(found)}."
    for key, value in found.items():
        if not re.fullmatch(_KEY, key) or not re.fullmatch(_VALUE, str(value or "")):
            yield f"Invalid label '{key}: {value}': lower-case letters, digits, _ and -, 63 at most."
