"""What a module's contract lets its identity do, in words that every cloud's requests are made from."""

from dataclasses import dataclass
from typing import Any

from terrace.environment import Environment
from terrace.modules.enabled import EnabledModule

LAYERS = ("bronze", "silver", "gold", "platinum", "artifacts")


@dataclass(frozen=True)
class Case:
    """A request of a module's identity: whether the contract allows it, and whether the cloud does."""

    module: str
    request: str
    declared: bool
    allowed: bool

    @property
    def finding(self) -> str | None:
        if self.declared == self.allowed:
            return None
        return f"{self.module}: {self.request} is {'denied' if self.declared else 'allowed'}"


def findings(cases: list[Case]) -> list[str]:
    """The requests that the cloud answers differently from the contract."""
    return [case.finding for case in cases if case.finding]


def reads(module: EnabledModule, bucket: str) -> bool:
    """Whether the module declares access to a layer; writing includes reading."""
    return bucket in dict[str, Any](module.needs.lake)


def writes(module: EnabledModule, bucket: str) -> bool:
    return dict[str, Any](module.needs.lake).get(bucket) == "write"


def has_database(module: EnabledModule) -> bool:
    return module.needs.database is not None


def modules_of(environment: Environment) -> list[EnabledModule]:
    """The modules with an identity in the foundation."""
    return list(environment.foundation_modules.values())


def secrets_of(module: EnabledModule) -> set[str]:
    """The names of a module's secrets below `secrets/`: its own, and those whose value an operator gives."""
    return {module.name, *(f"{module.name}-{purpose}" for purpose in module.given_secrets)}
