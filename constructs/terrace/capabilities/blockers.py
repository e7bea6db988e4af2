"""What a plan creates and removes, and what would make its apply fail halfway; `terrace.live` reads the latter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Planned:
    """A resource that a plan creates, destroys or replaces: with its planned values, or with those in the state."""

    address: str
    type: str
    values: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Blocker:
    """Why a change would fail, or would take what Terraform did not create with it, and what to do first.

    `restore` is the cloud's id of a deleted resource that has the name and can be restored; empty for all else.
    """

    address: str
    message: str
    remedy: str
    restore: str = ""

    def __str__(self) -> str:
        return f"{self.address} {self.message} ({self.remedy})"


class Blockers(Protocol):
    """Reads the cloud."""

    def __call__(self, removed: Sequence[Planned], created: Sequence[Planned]) -> Sequence[Blocker]:
        """What blocks the removal and the creation of these resources."""

    @property
    def lasting(self) -> frozenset[str]:
        """Types that may exist already after a destroy; a plan adopts those that do."""
