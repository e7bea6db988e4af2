"""Resources that a plan creates and whose names are taken: by one that is deleted and can be restored, or by one that
the cloud never deletes. Read before anything is changed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from terrace.capabilities.blockers import Blocker, Planned
from terrace.capabilities.cloud import implementation
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.live.reasons import Reason, blockers_of

Deployment = TypeVar("Deployment")
Check = Callable[[Deployment, Mapping[str, Any]], Iterator[Reason]]
"""Yields why a resource with these planned values cannot be created."""


def lasting(cloud: str) -> frozenset[str]:
    """The types that a plan searches for before it creates them, since they may exist after a destroy."""
    types: frozenset[str] = implementation("terrace.live", cloud, "deleted").LASTING
    return types


def blockers(
    environment: Environment, target: Target, created: Sequence[Planned], on_message: Callable[[str], None]
) -> list[Blocker]:
    """What blocks the creation of these resources. A check that cannot read the cloud is a message.

    Raises CredentialsError.
    """
    cloud = implementation("terrace.live", environment.cloud, "deleted")
    if not any(one.type in cloud.CHECKS for one in created):
        return []
    return found(cloud.opened(environment, target), cloud.CHECKS, created, on_message)


def found(
    deployment: Deployment,
    checks: "Mapping[str, Check[Deployment]]",
    created: Sequence[Planned],
    on_message: Callable[[str], None] = lambda message: None,
) -> list[Blocker]:
    """`blockers` for an opened deployment and the checks of its cloud, by resource type."""
    reasons: list[Blocker] = []
    for one in created:
        if check := checks.get(one.type):
            reasons += blockers_of(one.address, partial(check, deployment, one.values), "created", on_message)
    return reasons
