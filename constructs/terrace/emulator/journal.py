"""A line of JSON for each request that the emulated cloud answered: no header, no body, no value that may be secret."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

_MASKED = "***"
# names of query parameters whose values sign a request or stand for a credential
_SECRET = ("sig", "signature", "token", "credential", "secret", "password", "key")


class Journal:
    """Writes to `path`; safe for many threads."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()

    def noted(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Callable[..., Any]:
        """`start_response`, which also writes the request's line when the answer begins."""
        started = time.monotonic()

        def respond(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            self._write(
                at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                method=environ.get("REQUEST_METHOD", ""),
                host=environ.get("HTTP_HOST", ""),
                path=environ.get("PATH_INFO", ""),
                query=masked(str(environ.get("QUERY_STRING", ""))),
                status=int(status.split()[0]),
                milliseconds=round((time.monotonic() - started) * 1000),
            )
            return start_response(status, headers, *more)

        return respond

    def _write(self, **facts: Any) -> None:
        line = json.dumps(facts)
        with self._lock:
            self._file.write(line + "\n")


def masked(query: str) -> str:
    """A query string without the values of what may be a secret."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode(
        [(name, _MASKED if any(word in name.lower() for word in _SECRET) else value) for name, value in pairs],
        safe="*",
    )
