"""What blocks the removal of resources that a plan destroys or replaces: read before anything is changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from terrace.capabilities.blockers import Blocker, Planned
from terrace.capabilities.cloud import implementation
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.live.reasons import Reason, blockers_of

Deployment = TypeVar("Deployment")
Check = Callable[[Deployment, Mapping[str, Any], Sequence[Planned]], Iterator[Reason]]
"""Yields what blocks the removal of one resource with these values; the third argument is all that is removed."""


def blockers(
    environment: Environment, target: Target, removed: Sequence[Planned], on_message: Callable[[str], None]
) -> list[Blocker]:
    """What blocks the removal of these resources. A check that cannot read the cloud is a message.

    Raises CredentialsError.
    """
    cloud = implementation("terrace.live", environment.cloud, "removal")
    if not any(one.type in cloud.CHECKS or protection(one.values) for one in removed):
        return []
    return found(cloud.opened(environment, target), cloud.CHECKS, removed, on_message)


def found(
    deployment: Deployment,
    checks: "Mapping[str, Check[Deployment]]",
    removed: Sequence[Planned],
    on_message: Callable[[str], None] = lambda message: None,
) -> list[Blocker]:
    """`blockers` for an opened deployment and the checks of its cloud, by resource type."""
    reasons: list[Blocker] = []
    for one in removed:
        reasons += [Blocker(one.address, *reason) for reason in protection(one.values)]
        if check := checks.get(one.type):
            ask = partial(check, deployment, one.values, removed)
            reasons += blockers_of(one.address, ask, "removed", on_message)
    return reasons


_PROTECTIONS = ("deletion_protection", "deletion_protection_enabled", "enable_deletion_protection")


def protection(values: Mapping[str, Any]) -> list[Reason]:
    """The resource's own protection in the state, which the provider or the cloud enforces."""
    on = [name for name in _PROTECTIONS if values.get(name) is True]
    on += ["deletion_policy"] if values.get("deletion_policy") == "PREVENT" else []
    remedy = "apply a change that turns the protection off first, without removing the resource"
    return [(f"is protected from deletion by {' and '.join(on)}", remedy)] if on else []


def names_in(removed: Sequence[Planned], type: str, key: str) -> set[str]:
    """A value of all removed resources of a type."""
    return {str(one.values[key]) for one in removed if one.type == type and one.values.get(key)}
