"""Requests to an emulated cloud's REST APIs under the clouds' own host names."""

import json
import urllib.error
import urllib.request
from typing import Any

from terrace.emulator import Emulator
from terrace.errors import TerraceError


class RequestRefused(TerraceError):
    """The emulated cloud refused a request."""


def request(emulated: Emulator, method: str, url: str, body: Any = None, *, token: str = "", form: bool = False) -> Any:
    """The body of the answer. `url` is without a scheme. Raises RequestRefused."""
    from urllib.parse import urlencode

    host, _, path = url.partition("/")
    data = None if body is None else urlencode(body).encode() if form else json.dumps(body).encode()
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    headers = {"Host": host, "Authorization": f"Bearer {token}", "Content-Type": kind}
    asked = urllib.request.Request(
        f"http://127.0.0.1:{emulated.backend_port}/{path}", data=data, headers=headers, method=method
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # not through the shell's proxy
    try:
        with opener.open(asked) as answer:
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        raise RequestRefused(f"{method} {url}: {error.code} {text}", where=str(emulated.log)) from None
