"""CloudTrail's event history: the writes that the server has processed. Source: CloudTrail, "Record contents"."""

import contextlib
import io
import json
import re
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

_READS = re.compile("Get|List|Describe|Head|Lookup|Search|Select|Test|Simulate|BatchGet|Assume|Query|Scan")
_GLOBAL = {"iam": "us-east-1", "route53": "us-east-1", "budgets": "us-east-1"}
_LARGEST = 256 * 1024  # bytes of a body that is read for the names in it


@dataclass(frozen=True)
class Event:
    """A write. `named` are the values of its parameters: a lookup by resource finds it by any of them."""

    service: str
    operation: str
    region: str
    key: str
    named: frozenset[str]
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def concerns(self, region: str, resources: list[str]) -> bool:
        return self.region == region and all(one in self.named for one in resources)

    def as_data(self, account: str) -> dict[str, Any]:
        """An entry of LookupEvents."""
        actor = _actor(account, self.key, self.region)
        source = f"{self.service}.amazonaws.com"
        return {
            "EventId": self.id,
            "EventName": self.operation,
            "ReadOnly": "false",
            "EventTime": self.at.timestamp(),
            "EventSource": source,
            "Username": actor.rpartition("/")[2],
            "CloudTrailEvent": json.dumps(
                {"eventSource": source, "eventName": self.operation, "userIdentity": {"arn": actor}}
            ),
        }


EVENTS: deque[Event] = deque(maxlen=10_000)
"""Oldest first; of this process."""


def values(environ: dict[str, Any]) -> frozenset[str]:
    """The values in a request: in its path, and in its body, which is put back."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = b""
    if 0 < length <= _LARGEST:
        body = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = io.BytesIO(body)
    path = unquote(str(environ.get("PATH_INFO", ""))).strip("/")
    found = {*path.split("/"), str(environ.get("HTTP_HOST", "")).split(".")[0]}
    text = body.decode("utf-8", "replace")
    if text.startswith(("{", "[")):
        with contextlib.suppress(ValueError):
            found |= set(_strings(json.loads(text)))
    else:
        found |= {value for values in parse_qs(text).values() for value in values}
    found |= {f"arn:{one}" for part in path.split("/arn:")[1:] for one in (part, part.rpartition("/")[0])}
    return frozenset(found - {""})


def record(service: str, operation: str, environ: dict[str, Any], named: frozenset[str]) -> None:
    """Record a successful call, if it is a write."""
    if _READS.match(operation):
        return
    scope = str(environ.get("HTTP_AUTHORIZATION", "")).partition("Credential=")[2].partition(",")[0].split("/")
    if len(scope) == 5:
        EVENTS.append(Event(service, operation, _GLOBAL.get(service, scope[2]), scope[0], named))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for below in value.values() if isinstance(value, dict) else value:
            yield from _strings(below)
    elif isinstance(value, str):
        yield value


def _actor(account: str, key: str, region: str) -> str:
    """The ARN of the caller, as GetCallerIdentity returns it."""
    from moto.sts.models import sts_backends
    from moto.utilities.utils import get_partition

    _, arn, _ = sts_backends[account][get_partition(region)].get_caller_identity(key, region)
    return str(arn)
