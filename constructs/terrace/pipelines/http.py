"""Requests to the API of a CI system, in JSON."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from terrace.errors import TerraceError

_SECONDS = 30.0
RETRIES = Retry(total=2, backoff_factor=0.5, status_forcelist=(502, 503, 504), raise_on_status=False)
"""A request that never arrived is sent again; after an error of a gateway, only one that may be repeated (urllib3's
`Retry.DEFAULT_ALLOWED_METHODS`: no POST, no PATCH)."""


class Refused(TerraceError):
    """A request that the API did not accept. `status` is that of HTTP."""

    def __init__(self, status: int, message: str, *, where: str, hint: str = "") -> None:
        super().__init__(message, where=where, hint=hint)
        self.status = status


@dataclass(frozen=True)
class Api:
    """The API of a CI system: its name, its address, the headers with the token, and hints by HTTP status."""

    title: str
    address: str
    headers: Mapping[str, str] = field(repr=False)
    hints: Mapping[int, str] = field(default_factory=dict, repr=False)

    def get(self, path: str) -> Any:
        """The response to a GET; None if it does not exist."""
        try:
            return self.send("GET", path)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def send(self, method: str, path: str, body: object = None, *, kind: str = "application/json") -> Any:
        """The response as data; None without a body. Raises Refused; TerraceError if there is no response in JSON."""
        return self._sent(method, path, body, kind).content

    def page(self, path: str) -> "Response":
        """The response to a GET with its headers. Raises as `send`."""
        return self._sent("GET", path, None, "application/json")

    def _sent(self, method: str, path: str, body: object, kind: str) -> "Response":
        address = f"{self.address}{path}"
        where = f"{method} {address}"
        headers = {"User-Agent": "terrace", "Content-Type": kind, **self.headers}
        data = None if body is None else json.dumps(body).encode()
        try:
            response = _session().request(method, address, headers=headers, data=data, timeout=_SECONDS)
            if not response.ok:
                message = f"{self.title} responded {response.status_code}{_reason(response)}"
                hint = self.hints.get(response.status_code, "")
                raise Refused(response.status_code, message, where=where, hint=hint)
            return Response(response.json() if response.content else None, response.headers)
        except (requests.RequestException, ValueError) as error:
            raise TerraceError(f"{self.title} does not respond: {type(error).__name__}", where=where) from error


@dataclass(frozen=True)
class Response:
    """The content of a response, and its headers."""

    content: Any
    headers: Mapping[str, str]


@functools.cache
def _session() -> requests.Session:
    session = requests.Session()
    session.auth = _as_it_is  # so that no entry of ~/.netrc replaces the token
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=RETRIES))
    return session


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _reason(response: requests.Response) -> str:
    """What the API says is wrong; each has a word of its own for it."""
    try:
        said = response.json()
    except ValueError:
        return ""
    words = [said.get(key) for key in ("message", "error")] if isinstance(said, dict) else []
    return next((f": {word}" for word in words if word), "")
