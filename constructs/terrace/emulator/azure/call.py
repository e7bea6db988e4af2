"""A request and a response, as the services of the emulator use them."""

import base64
import json
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

    @property
    def caller(self) -> str:
        """The object id in the token, once `Login.check` has accepted it."""
        claims = self.headers["authorization"].split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["oid"])


@dataclass(frozen=True)
class Response:
    """A response. `body` is sent as JSON, bytes unchanged."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
