"""The time limit of a check: processor time, and a wider limit by the clock for a check that waits."""

import multiprocessing
import os
import signal
import time

import pytest

from terrace.assurance import timeout as limit


def work(seconds: float) -> None:
    """Use processor time."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_a_check_that_uses_too_much_processor_time_is_ended() -> None:
    with pytest.raises(limit.CheckTimeout, match=r"after 0\.2 s of processor time"), limit.within(0.2):
        work(30)


def test_a_check_that_waits_is_not_ended_by_the_processor_limit() -> None:
    """As one that gets no processor on a busy machine."""
    with limit.within(0.1):
        time.sleep(0.5)


def test_a_busy_machine_does_not_end_a_check() -> None:
    """With more processes than processors a check takes longer than its limit by the clock, and still completes."""
    others = [multiprocessing.get_context("spawn").Process(target=work, args=(30,), daemon=True) for _ in range(4)]
    processors = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(processors)})  # inherited: all on one processor
    try:
        for other in others:
            other.start()
        while sum(1 for other in others if other.is_alive()) < len(others):
            time.sleep(0.1)
        time.sleep(2)  # until they have imported this module
        started = time.monotonic()
        with limit.within(1.2):
            work(0.5)
        assert time.monotonic() - started > 1.2
    finally:
        os.sched_setaffinity(0, processors)
        for other in others:
            other.terminate()


def test_a_check_that_uses_no_processor_time_is_ended_too() -> None:
    with pytest.raises(limit.CheckTimeout, match="after 1 s"), limit.within(1 / limit.WALL_CLOCK_FACTOR):
        time.sleep(30)


def test_code_that_catches_every_exception_is_ended() -> None:
    def stubborn() -> None:
        while True:
            try:
                while True:
                    pass
            except Exception:
                continue

    with pytest.raises(limit.CheckTimeout), limit.within(0.2):
        stubborn()


def test_timers_and_handlers_are_restored() -> None:
    numbers = (signal.SIGPROF, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    with limit.within(5):
        assert [signal.getsignal(number) for number in numbers] != before
    assert [signal.getsignal(number) for number in numbers] == before
    assert signal.getitimer(signal.ITIMER_PROF)[0] == signal.getitimer(signal.ITIMER_REAL)[0] == 0
