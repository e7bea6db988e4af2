"""A time limit for checks, in processor time: on a busy machine a check takes longer, but no more processor time."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SECONDS = 15.0
"""The limit of one check in processor time; all checks of a stack together take two or three seconds."""
WALL_CLOCK_FACTOR = 20
"""The wall-clock limit, as a multiple of the limit in processor time: it ends a check that waits."""


class CheckTimeout(BaseException):
    """A check timed out. It is no Exception, so that no `except Exception` of the check swallows it."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise CheckTimeout in the body after `seconds` of the process's time. Only the main thread has a limit."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGPROF:
            raise CheckTimeout(f"it timed out after {seconds:g} s of processor time")
        raise CheckTimeout(f"it timed out after {seconds * WALL_CLOCK_FACTOR:g} s")

    limits = (
        (signal.SIGPROF, signal.ITIMER_PROF, seconds),
        (signal.SIGALRM, signal.ITIMER_REAL, seconds * WALL_CLOCK_FACTOR),
    )
    before = [signal.signal(number, ring) for number, _, _ in limits]
    for _, timer, limit in limits:
        signal.setitimer(timer, limit)
    try:
        yield
    finally:
        for _, timer, _ in limits:
            signal.setitimer(timer, 0)
        for (number, _, _), handler in zip(limits, before, strict=True):
            signal.signal(number, handler)
