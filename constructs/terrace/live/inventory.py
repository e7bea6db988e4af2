"""The expected inventory of a live deployment (GOV-4): whether the cloud has each resource that has to exist.

A cloud's `inventory.py` has a function for each type of `policies/inventory/<cloud>.yaml`: whether the resource of a
construct path exists, by the name that the kit computes for it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from terrace.assurance.access import inventory
from terrace.assurance.evaluation import Observation
from terrace.calls import Absent
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment

Deployment = TypeVar("Deployment")
Exists = Callable[[Deployment, str], bool]
"""Whether the resource of a construct path exists. May raise Absent if it does not."""


def complete(
    deployment: Deployment, environment: Environment, target: Target, types: Mapping[str, "Exists[Deployment]"]
) -> Iterator[Observation]:
    """An observation for each expected resource. Raises Unreadable."""
    for type, path in inventory.expected(environment, target):
        yield inventory.observation(type, path, exists=_exists(types[type], deployment, path))


def _exists(exists: "Exists[Deployment]", deployment: Deployment, path: str) -> bool:
    try:
        return exists(deployment, path)
    except Absent:
        return False


def last(path: str) -> str:
    """The last part of a construct path."""
    return path.rpartition("/")[2]
