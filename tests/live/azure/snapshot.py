"""A deployment built once in a process of its own; what is done to it happens in a forked copy and is forgotten."""

import multiprocessing
import os
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from terrace.errors import TerraceError
from tests.live.azure.site import Site


class Snapshot:
    """Runs functions of a module, `function(site, *arguments)`, each against the deployment as it was built."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")  # fresh: no thread of ours
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self.seconds: float = self._answer()

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What `function` returned. A TerraceError as raised; anything else as AssertionError with its traceback."""
        self._connection.send((function, arguments))
        return self._answer()

    def close(self) -> None:
        self._connection.send(None)
        self._process.join(10)

    def _answer(self) -> Any:
        outcome, value = self._connection.recv()
        if outcome == "refused":
            raise value
        assert outcome == "done", value
        return value


def _serve(connection: Connection) -> None:
    from tests.live.azure.built import data, ground, platform

    site, started = Site(), time.monotonic()

    def build() -> float:
        for part in (ground, data, platform):
            part.build(site)
        site.read()
        return time.monotonic() - started

    _send(connection, build)
    while (job := connection.recv()) is not None:
        function, arguments = job
        copy = os.fork()
        if copy == 0:
            _send(connection, lambda: function(site, *arguments))  # noqa: B023  run at once
            os._exit(0)
        os.waitpid(copy, 0)


def _send(connection: Connection, function: Callable[[], Any]) -> None:
    try:
        connection.send(("done", function()))
    except TerraceError as error:
        connection.send(("refused", error))
    except BaseException:
        connection.send(("failed", traceback.format_exc()))
