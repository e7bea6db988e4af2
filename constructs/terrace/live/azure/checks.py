"""The deployment that checks read, and functions that several of them use."""

from dataclasses import dataclass
from typing import Any

from terrace.azure import names
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.live.azure.session import Reader


@dataclass(frozen=True)
class Deployment:
    """A live deployment with its environment, its target and a reader."""

    environment: Environment
    target: Target
    reader: Reader

    @property
    def prefix(self) -> str:
        return self.target.prefix

    @property
    def groups(self) -> list[str]:
        """The ids of the resource groups: home, and recovery if it exists."""
        places = (False, True) if self.target.recovery_region else (False,)
        return [names.group_id(self.target, recovery=recovery) for recovery in places]

    @property
    def all_groups(self) -> list[str]:
        """`groups`, and that of the pipelines' identities, in which an apply creates nothing."""
        return [*self.groups, names.pipelines_group_id(self.target)]

    def get(self, id: str) -> dict[str, Any]:
        """See Reader.get."""
        return self.reader.get(id)

    def pages(self, collection: str) -> list[dict[str, Any]]:
        """See Reader.pages."""
        return self.reader.pages(collection)

    def all(self, kind: str, *, recovery: bool = False) -> list[dict[str, Any]]:
        """Every resource of a type in a resource group."""
        return self.pages(f"{names.group_id(self.target, recovery=recovery)}/providers/{kind}")


def opened(environment: Environment, target: Target) -> Deployment:
    """The deployment of a target, read with the shell's credentials. Raises TerraceError for another subscription."""
    reader = Reader.of(target)
    reader.check_account()
    return Deployment(environment, target, reader)


def at(body: Any, path: str, default: Any = None) -> Any:
    """A value of a body's `properties` by its dotted path; `default` when it is absent or null."""
    value: Any = body.get("properties", {}) if isinstance(body, dict) else None
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return default if value is None else value


def named(id: object) -> str:
    """The last part of an id, the resource's name; "none" without an id."""
    return str(id or "none").rstrip("/").rpartition("/")[2]


def same(one: object, other: object) -> bool:
    """Whether two ids are equal; Azure does not preserve their case."""
    return str(one).rstrip("/").lower() == str(other).rstrip("/").lower()
