"""A limit in time for what we call and did not write."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SECONDS = 15.0
"""What one check may take; all of them together take two or three on a stack."""


class TookTooLong(BaseException):
    """It did not end in time. No Exception, so that nobody on the way swallows it."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TookTooLong in the body when it takes longer. In the main thread only; elsewhere there is no limit."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise TookTooLong(f"it did not end within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
