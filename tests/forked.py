"""`terrace` in a process of its own, forked from a server that has imported the commands: no test waits for an import.

The server is started once per worker. Tests of signals, of closed pipes and of what is imported start the command as a
shell does.
"""

import multiprocessing.connection
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path

from terrace.cli.main import main

SECONDS = 300
_LOCK = threading.Lock()
"""Only one thread may ask for exit codes: to start a process asks for those of the others, and each is read once."""


def terrace(*arguments: str, directory: Path, environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run `terrace` to its end. Raises TimeoutExpired."""
    with tempfile.TemporaryDirectory() as printed:
        process = _server().Process(target=_run, args=(arguments, directory, dict(environment), Path(printed)))
        with _LOCK:
            process.start()
        multiprocessing.connection.wait([process.sentinel], SECONDS)
        with _LOCK:
            code = process.exitcode
        if code is None:
            process.kill()
            raise subprocess.TimeoutExpired(arguments, SECONDS)
        out, err = ((Path(printed) / name).read_text(encoding="utf-8") for name in ("out", "err"))
        return subprocess.CompletedProcess(arguments, code, out, err)


@cache
def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.preloaded"])
    return context


def _run(arguments: tuple[str, ...], directory: Path, environment: Mapping[str, str], printed: Path) -> None:
    """In the process: take the directory, the environment and the files for the output, then be `terrace`."""
    os.setsid()
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(printed / name, os.O_WRONLY | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    sys.argv = ["terrace", *arguments]
    main()
