"""The request log: one line of JSON for each request, without headers, bodies or values that may be secret."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

_MASKED = "***"
# query parameters whose values are a signature or a credential
_SECRET = ("sig", "signature", "token", "credential", "secret", "password", "key")


class Journal:
    """Appends to `path`. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()

    def logged(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap `start_response` so that it also logs the request."""
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
    """A query string with the values of possible secrets masked."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode(
        [(name, _MASKED if any(word in name.lower() for word in _SECRET) else value) for name, value in pairs],
        safe="*",
    )
