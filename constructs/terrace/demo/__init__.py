"""The demo, the rehearsal without an emulated cloud, and the drift that the demo injects."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from terrace.words import counted

_OTHER_STATUSES = ("prepared", "by_owner", "excepted", "not_required", "waived", "broken", "unproven")


@contextmanager
def timed_step(name: str, on_step: Callable[[str], None], seconds: dict[str, float]) -> Iterator[None]:
    """Report the step `name`, and store its duration in `seconds`."""
    on_step(name)
    started = time.monotonic()
    try:
        yield
    finally:
        seconds[name] = round(time.monotonic() - started, 1)


def guarantee_counts(guarantees: Mapping[str, str]) -> str:
    """Guarantees (id to status) counted by status: "54 guarantees hold, 3 not required"."""
    statuses = list(guarantees.values())
    others = [
        f"{statuses.count(status)} {status.replace('_', ' ')}" for status in _OTHER_STATUSES if status in statuses
    ]
    holds = statuses.count("holds")
    return ", ".join([f"{counted(holds, 'guarantee')} {'holds' if holds == 1 else 'hold'}", *others])
