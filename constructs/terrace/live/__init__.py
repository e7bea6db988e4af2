"""Reads a live deployment through the cloud's own API, never through Terraform's state.

Callers need no branch for a cloud: `terrace.live.<cloud>` is imported on first use and offers `opened`, `preflight` and
`leftovers`; its modules hold the checks.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import ModuleType
from typing import Literal

from terrace.assurance.evaluation import Check, Result, by_owner, checks_in, evaluate, prepared, result_of
from terrace.assurance.guarantees import BY_ID
from terrace.capabilities.cloud import TITLES, facts, implementation
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.errors import TerraceError, UsageError


@dataclass(frozen=True)
class Obstacle:
    """Something that a destroy meets.

    `blocks`: the destroy fails until `remedy` is done. `kept`: it remains on purpose. `note`: worth knowing before.
    """

    kind: Literal["blocks", "retained", "note"]
    resource: str
    message: str
    remedy: str = ""


@dataclass(frozen=True, order=True)
class Leftover:
    """A resource that still exists. `kept` is why that is intended; empty: it should be gone."""

    service: str
    type: str
    id: str
    region: str
    found_by: str
    kept: str = ""


def of_bootstrap(environment: str) -> str:
    """Why what is in the bootstrap stack of an environment is kept."""
    return f"the pipelines' rights outlive the environment; `terrace bootstrap {environment} --destroy` removes them"


@dataclass(frozen=True)
class Unlisted:
    """A listing that failed, so that the resources it would show are unknown."""

    service: str
    region: str
    reason: str


@dataclass(frozen=True)
class Inventory:
    """What remains of a deployment; an empty `remaining` counts only when `unlisted` is empty too."""

    remaining: tuple[Leftover, ...]
    kept: tuple[Leftover, ...]
    unlisted: tuple[Unlisted, ...] = ()


@dataclass(frozen=True)
class ClusterToken:
    """A bearer token for the API server of an environment's cluster. `expires` is in UTC.

    `terrace.live.<cloud>.kube.token()` returns it.
    """

    value: str = field(repr=False)
    expires: datetime


def cluster_token(environment: Environment, target: Target, cluster: str) -> ClusterToken:
    """A token of the caller's cloud identity for the cluster of this name. Raises CredentialsError, UsageError."""
    token: ClusterToken = implementation("terrace.live", environment.cloud, "kube").token(target, cluster)
    return token


def verify(
    environment: Environment,
    target: Target,
    *,
    only: Collection[str] = (),
    installed: Callable[[], Collection[str]] = tuple,
) -> list[Result]:
    """Evaluate every guarantee that can be read, or those of `only`, in the table's order.

    `installed` returns the modules that are in the cluster, and is called if a guarantee depends on one. Raises
    UsageError for an unknown id, TerraceError when the cloud is unreachable for all of them (no or expired credentials,
    another account).
    """
    cloud = environment.cloud
    module = _module(cloud)
    if unknown := sorted(set(only) - set(BY_ID)):
        raise UsageError(
            f"invalid guarantee id {', '.join(map(repr, unknown))}; expected e.g. DB-2",
            hint="`terrace verify ENV` lists all ids",
        )
    deployment = module.opened(environment, target)
    selected = set(only or readable(cloud))
    results = [
        Result(BY_ID[id], "not_required", f"{off} is off")
        if (off := environment.off_by(BY_ID[id].capability))
        else by_owner(evaluate_guarantee(id, cloud, deployment), cloud, environment.existing.kinds)
        for id in BY_ID
        if id in selected
    ]
    if environment.cluster is None or not any(result.guarantee.modules.get(cloud) for result in results):
        return results
    present: Collection[str] = ()
    why = f"not in the cluster; `terrace apply {environment.name}-workloads` installs it"
    try:
        present = installed()
    except TerraceError as error:
        why = f"the cluster was not read: {error}"
    return [prepared(result, cloud, why, present) for result in results]


def evaluate_guarantee(id: str, cloud: str, deployment: object) -> Result:
    """One guarantee on an opened deployment; unproven if no check reads it, excepted if the cloud lacks something of it
    and the rest holds. Raises CredentialsError.
    """
    if checks := _checks(cloud).get(id, ()):
        exception = next((one for one in facts(cloud).exceptions if one.guarantee == id), None)
        return result_of(BY_ID[id], [evaluate(check, deployment) for check in checks], exception)
    return Result(BY_ID[id], "unproven", BY_ID[id].stack_only or f"no check reads it from {TITLES[cloud]}")


def preflight(environment: Environment, target: Target) -> list[Obstacle]:
    """What a destroy will meet: what blocks it, what it leaves on purpose."""
    obstacles: list[Obstacle] = _module(environment.cloud).preflight(environment, target)
    existing = [
        Obstacle("retained", f"existing {kind}", f"a destroy does not touch them: {what}")
        for kind, what in environment.existing.kinds.items()
    ]
    return [*obstacles, *existing]


def leftovers(environment: Environment, target: Target) -> Inventory:
    """What exists of a deployment, found by its tags and by its names, in both regions."""
    inventory: Inventory = _module(environment.cloud).leftovers(environment, target)
    return inventory


def readable(cloud: str) -> Sequence[str]:
    """The guarantees that `verify` can read on a cloud, in the table's order."""
    checks = _checks(cloud)
    return tuple(id for id in BY_ID if id in checks)


def _checks(cloud: str) -> Mapping[str, Sequence[Check]]:
    """The checks of a cloud's modules, by guarantee."""
    by_guarantee: dict[str, list[Check]] = {}
    for check in checks_in(_module(cloud).__name__).values():
        by_guarantee.setdefault(check.guarantee, []).append(check)
    return by_guarantee


def _module(cloud: str) -> ModuleType:
    return implementation("terrace.live", cloud)
