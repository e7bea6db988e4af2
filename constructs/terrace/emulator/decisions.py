"""What the identities of requests were allowed and refused."""

import threading
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Decision:
    """Whether an identity may do an action on a resource, by what, and how often it was decided."""

    identity: str
    action: str
    resource: str
    allowed: bool
    by: str
    count: int = 1


class Decisions:
    """Counts decisions. Thread-safe."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str, bool, str]] = Counter()
        self._lock = threading.Lock()

    def add(self, identity: str, action: str, resource: str, allowed: bool, by: str) -> None:
        with self._lock:
            self._counts[identity, action, resource, allowed, by] += 1

    def listed(self) -> list[Decision]:
        with self._lock:
            return sorted(Decision(*one, count) for one, count in self._counts.items())
