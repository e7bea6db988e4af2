"""One child process: its output goes to a file that is followed, and interrupts are passed on to it.

A file instead of a pipe: if this process is killed, the child neither blocks nor fails on a broken pipe. It finishes
its work, and the next run can read its output.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from terrace.errors import TerraceError

_POLL_SECONDS = 0.05
_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(TerraceError):
    """The user interrupted the command, and the child has ended. Exit code 130, as shells report an interrupt."""

    exit_code = 130

    def __init__(self, message: str, *, orderly: bool, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.orderly = orderly  # interrupted once only, so the child could finish and save its work


@dataclass(frozen=True)
class Finished:
    """The exit code of a child (negative: the signal that ended it), and how often it was interrupted."""

    code: int
    interrupts: int


def follow(
    command: Sequence[str],
    *,
    directory: Path,
    environment: Mapping[str, str],
    output: Path,
    on_line: Callable[[str], None],
    on_interrupt: Callable[[int], None] = lambda count: None,
    on_start: Callable[[int], None] = lambda pid: None,
) -> Finished:
    """Run `command` and call `on_line` for each line that it writes to standard output or error.

    The child runs in its own session, so a Ctrl-C at the terminal reaches only this process, which passes on each
    interrupt once: Terraform saves its state on the first and stops immediately on the second. `on_interrupt` receives
    the count, `on_start` the child's pid.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("wb") as sink:
        child = subprocess.Popen(
            list(command),
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    interrupts = 0

    def forward(number: int, frame: FrameType | None) -> None:
        nonlocal interrupts
        interrupts += 1
        if child.poll() is None:
            os.kill(child.pid, signal.SIGINT)
        on_interrupt(interrupts)

    with _handling(forward):
        on_start(child.pid)
        with output.open("rb") as source:
            tail = b""
            while True:
                ended = child.poll() is not None  # before reading, so that all output is read
                tail += source.read()
                *lines, tail = tail.split(b"\n")
                for line in lines:
                    on_line(line.decode(errors="replace"))
                if ended:
                    break
                time.sleep(_POLL_SECONDS)
            if tail:
                on_line(tail.decode(errors="replace"))
    return Finished(child.returncode, interrupts)


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Install `handler` for interrupts. Only possible in the main thread; does nothing in any other."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in _FORWARDED}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
