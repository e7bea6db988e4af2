"""Removes the objects in the buckets of a deployment, so that a destroy can delete the buckets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from terrace.capabilities.cloud import implementation
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.errors import AnswerIsNo
from terrace.words import counted

_SHOWN = 10  # locked objects that an error names; the others are counted


@dataclass(frozen=True)
class Emptied:
    """What was removed from one bucket."""

    bucket: str
    versions: int
    delete_markers: int


OnRemoved = Callable[[str, int], None]
"""Receives a bucket, and how many versions and delete markers have been removed from it so far."""


def ignore(bucket: str, removed: int) -> None:
    """Ignores the progress."""


def empty_buckets(environment: Environment, target: Target, on_removed: OnRemoved = ignore) -> list[Emptied]:
    """Remove every object, version and delete marker of the deployment's buckets. This cannot be undone.

    Raises AnswerIsNo, before anything is removed, when objects are under a lock that cannot be lifted.
    """
    cloud = implementation("terrace.purge", environment.cloud)
    emptied: list[Emptied] = cloud.empty_buckets(environment, target, on_removed)
    return emptied


def refuse_locked(environment: Environment, locked: Sequence[str], noun: str) -> None:
    """Raise AnswerIsNo if anything is locked; `noun` is the singular of what `locked` names."""
    if locked:
        shown = "\n".join(f"  {text}" for text in locked[:_SHOWN])
        more = f"\n  and {len(locked) - _SHOWN} more" if len(locked) > _SHOWN else ""
        raise AnswerIsNo(
            f"cannot remove {counted(len(locked), f'locked {noun}')}:\n{shown}{more}",
            where=f"environment {environment.name}",
            hint="nothing was removed; wait until the last lock ends, or remove the buckets from the state",
        )
