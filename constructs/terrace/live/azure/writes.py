"""Writes in the Activity Log. Source: Azure Monitor REST API, "Activity Logs - List"."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from terrace.azure import names
from terrace.calls import Absent
from terrace.capabilities.target import Target
from terrace.live.azure.session import Reader
from terrace.live.writes import SINCE, Identity, Lookup, Write

_LOG = "providers/Microsoft.Insights/eventtypes/management/values"


def lookup(target: Target) -> Lookup:
    """The writes of a resource, from the log of the target's subscription."""
    reader = Reader.of(target)
    since = (datetime.now(UTC) - SINCE).strftime("%Y-%m-%dT%H:%M:%SZ")
    log = f"/subscriptions/{names.settings(target).subscription_id}/{_LOG}"

    def writes(resource: Identity) -> Iterator[Write]:
        id = next((name for name in resource.names if name.startswith("/subscriptions/")), None)
        if id is None:
            raise Absent("the Activity Log has no calls to the data plane, such as to keys and secrets")
        condition = f"eventTimestamp ge '{since}' and resourceUri eq '{id}'"
        for event in reader.pages(f"{log}?$filter={quote(condition)}"):
            operation = _text(event.get("operationName"))
            if operation.endswith(("/write", "/delete", "/action")) and _text(event.get("status")) != "Failed":
                yield Write(_seconds(str(event["eventTimestamp"])), str(event.get("caller") or "unknown"), operation)

    return writes


def _text(value: Any) -> str:
    return str(value.get("value", "")) if isinstance(value, dict) else str(value or "")


def _seconds(moment: str) -> str:
    """A time with up to seven digits of a second, to the second."""
    return f"{moment[:19]}+00:00"
