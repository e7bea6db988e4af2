"""A time limit for checks."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SECONDS = 15.0
"""The limit of one check; all checks of a stack together take two or three seconds."""


class CheckTimeout(BaseException):
    """A check timed out. It is no Exception, so that no `except Exception` of the check swallows it."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise CheckTimeout in the body after `seconds`. Only the main thread has a limit."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise CheckTimeout(f"it timed out after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
