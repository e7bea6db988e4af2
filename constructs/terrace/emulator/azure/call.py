"""A request and a response, as the services of the emulator use them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """A request. `raw` is the body as sent, `body` the parsed JSON."""

    method: str
    host: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""
    body: Any = None


@dataclass(frozen=True)
class Response:
    """A response. `body` is sent as JSON, bytes unchanged."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
