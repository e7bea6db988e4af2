"""What is really there: a live deployment read through the cloud's own API, never through Terraform's state.

Callers never ask which cloud they are on; `terrace.live.<cloud>` is imported on first use and exports the functions
below under the same names.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Literal

from terrace.capabilities.cloud import implementation
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment

Status = Literal["holds", "broken", "unknown", "not_applicable"]


@dataclass(frozen=True)
class Result:
    """What was found about one guarantee.

    `evidence` is what was read, resource and value; `reason` says what is wrong, or why nothing could be said.
    Only `holds` and `not_applicable` (the environment does not ask for it) let a deployment pass.
    """

    guarantee: str
    sentence: str
    status: Status
    evidence: str
    resource: str
    capability: str
    reason: str = ""

    @property
    def passes(self) -> bool:
        """Whether it lets a deployment pass; what could not be read does not."""
        return self.status in ("holds", "not_applicable")


@dataclass(frozen=True)
class Obstacle:
    """Something that a destroy meets.

    `blocks`: it will fail until `remedy` is done. `kept`: it survives on purpose. `note`: worth knowing before.
    """

    kind: Literal["blocks", "kept", "note"]
    resource: str
    message: str
    remedy: str = ""


@dataclass(frozen=True, order=True)
class Leftover:
    """Something that still exists. `kept` says why that is intended; empty: it should be gone."""

    service: str
    type: str
    id: str
    region: str
    found_by: str
    kept: str = ""


@dataclass(frozen=True)
class Unlisted:
    """A listing that could not be made, so that nothing can be said about what it would show."""

    service: str
    region: str
    reason: str


@dataclass(frozen=True)
class Inventory:
    """What is left of a deployment; an empty `remaining` counts only when `unlisted` is empty too."""

    remaining: tuple[Leftover, ...]
    kept: tuple[Leftover, ...]
    unlisted: tuple[Unlisted, ...] = ()


@dataclass(frozen=True)
class CredentialStatus:
    """Whether credentials of a cloud are at hand, and where from (`detail`); they are not tried out, and not shown.

    `terrace.live.<cloud>.credentials.look()` answers it; `hint` says how to get some.
    """

    status: Literal["ok", "absent"]
    detail: str
    hint: str = ""


def verify(environment: Environment, target: Target, *, only: Collection[str] = ()) -> list[Result]:
    """Read every guarantee of the table, or those of `only`, in the table's order.

    Raises UsageError for an id that is not in the table, TerraceError when the cloud cannot be asked at all
    (no or expired credentials, another account).
    """
    results: list[Result] = _cloud(environment).verify(environment, target, only=only)
    return results


def preflight(environment: Environment, target: Target) -> list[Obstacle]:
    """What a destroy will meet: what blocks it, what it leaves behind on purpose."""
    obstacles: list[Obstacle] = _cloud(environment).preflight(environment, target)
    return obstacles


def leftovers(environment: Environment, target: Target) -> Inventory:
    """What exists of a deployment, found by its tags and by its names, in both regions."""
    inventory: Inventory = _cloud(environment).leftovers(environment, target)
    return inventory


def readable(cloud: str) -> Sequence[str]:
    """The ids that `verify` can read back on a cloud."""
    ids: Sequence[str] = _module(cloud).GUARANTEES
    return ids


def _cloud(environment: Environment) -> ModuleType:
    return _module(environment.cloud)


def _module(cloud: str) -> ModuleType:
    return implementation("terrace.live", cloud)
