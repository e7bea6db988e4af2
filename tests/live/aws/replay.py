"""Replays the recorded requests of an apply into moto.

Ids that moto generates appear in later requests. They come out the same because each request seeds the generators with
its own number, while recording and while replaying.
"""

import random
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import unquote

Application = Callable[..., Iterable[bytes]]


class Request(NamedTuple):
    """One recorded request. `target` is path and query as they were sent."""

    method: str
    host: str
    target: str
    headers: dict[str, str]
    body: str
    status: int


def replay(requests: Iterable[list[Any]], application: Application) -> None:
    """Send the requests to the emulator's application. Raises AssertionError at the first different status."""
    for number, entry in enumerate(requests):
        request = Request(*entry)
        statuses: list[str] = []
        with deterministic(number):
            body = b"".join(application(_environ(request), lambda status, *_: statuses.append(status)))  # noqa: B023
        assert statuses[0].startswith(str(request.status)), (
            f"request {number}, {request.method} {request.host}{request.target}, returned {statuses[0]} instead of "
            f"{request.status}: {body[:500]!r}; record again: python -m tests.live.record aws"
        )


@contextmanager
def deterministic(number: int) -> Iterator[None]:
    """Generate the same ids for the same number."""
    from moto.moto_api._internal import mock_random

    generator, genuine = random.Random(number), uuid.uuid4
    mock_random.seed(number)
    random.seed(number)
    uuid.uuid4 = lambda: uuid.UUID(int=generator.getrandbits(128), version=4)
    try:
        yield
    finally:
        uuid.uuid4 = genuine


def _environ(request: Request) -> dict[str, Any]:
    """A WSGI environment as werkzeug's server builds it."""
    path, _, query = request.target.partition("?")
    body = request.body.encode()
    return {
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()},
        "REQUEST_METHOD": request.method,
        "REQUEST_URI": request.target,
        "RAW_URI": request.target,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path).encode().decode("latin-1"),
        "QUERY_STRING": query,
        "HTTP_HOST": request.host,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": request.host,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "https",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": BytesIO(),
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
