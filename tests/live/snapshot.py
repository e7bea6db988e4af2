"""A deployment that is loaded once, in a process of its own; each test changes a forked copy."""

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
"""A function of a module that loads the deployment into a cloud in memory, as a context manager."""


class Snapshot:
    """Runs functions of a module, `function(site, *arguments)`, each on an unchanged copy of the deployment.

    Patches of the emulator and credentials stay in the process of the snapshot.
    """

    def __init__(self, opened: Opened) -> None:
        context = multiprocessing.get_context("spawn")  # a new process has no threads and no patches
        self._connection, child = context.Pipe()
        self._process = context.Process(target=_serve, args=(child, opened), daemon=True)
        self._process.start()
        child.close()
        self.seconds: float = self._answer()

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The return value of `function`. Raises its TerraceError, or AssertionError with another error's traceback."""
        self._connection.send((function, arguments))
        return self._answer()

    def close(self) -> None:
        self._connection.send(None)
        self._process.join(10)

    def _answer(self) -> Any:
        outcome, value = self._connection.recv()
        if outcome == "raised":
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
        connection.send(("raised", error))
    except BaseException:
        connection.send(("failed", traceback.format_exc()))
