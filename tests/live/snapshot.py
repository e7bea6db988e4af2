"""A deployment built once in a process of its own; what is done to it happens in a forked copy and is forgotten."""

import multiprocessing
import os
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from typing import Any

from terrace.errors import TerraceError

Opened = Callable[[], AbstractContextManager[Any]]
"""A function of a module that makes the cloud in memory and builds the deployment in it, for as long as it lasts."""


class Snapshot:
    """Runs functions of a module, `function(site, *arguments)`, each against the deployment as it was built.

    Whatever building does to its process (patches of an emulator, credentials), the tests' process stays as it is.
    """

    def __init__(self, opened: Opened) -> None:
        context = multiprocessing.get_context("spawn")  # fresh: no thread and no cloud of ours
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, opened), daemon=True)
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


def _serve(connection: Connection, opened: Opened) -> None:
    started = time.monotonic()
    try:
        with opened() as site:
            _send(connection, lambda: time.monotonic() - started)
            while (job := connection.recv()) is not None:
                function, arguments = job
                copy = os.fork()
                if copy == 0:
                    _send(connection, lambda: function(site, *arguments))  # noqa: B023  run at once
                    os._exit(0)
                os.waitpid(copy, 0)
    except Exception:
        connection.send(("failed", traceback.format_exc()))


def _send(connection: Connection, function: Callable[[], Any]) -> None:
    try:
        connection.send(("done", function()))
    except TerraceError as error:
        connection.send(("refused", error))
    except BaseException:
        connection.send(("failed", traceback.format_exc()))
