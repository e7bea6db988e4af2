"""Removes what the buckets of a deployment hold, so that a destroy can delete them."""

from dataclasses import dataclass

from terrace.capabilities.cloud import implementation
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment


@dataclass(frozen=True)
class Emptied:
    """What was removed from one bucket."""

    bucket: str
    versions: int
    delete_markers: int


def empty_buckets(environment: Environment, target: Target) -> list[Emptied]:
    """Remove every object, version and delete marker of the deployment's buckets. This cannot be undone.

    Raises AnswerIsNo, before anything is removed, when objects are under a lock that cannot be lifted.
    """
    emptied: list[Emptied] = implementation("terrace.purge", environment.cloud).empty_buckets(environment, target)
    return emptied
