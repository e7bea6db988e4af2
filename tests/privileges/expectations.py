"""What a module's contract and the data products let its identity do, in words that every cloud's requests are made
from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from terrace.capabilities.spec import Access
from terrace.environment import Environment
from terrace.environment.schema import DataProduct
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


@dataclass(frozen=True)
class Lake:
    """A module's access to the lake and to topics, as its contract and the data products declare it."""

    module: EnabledModule
    products: tuple[DataProduct, ...]
    topics: Mapping[str, Access | None]
    """Topic of managed streams to what the module may do with it; every topic of the environment is asked for."""

    @property
    def folders(self) -> list[str]:
        """The folders to ask for: of products, of names that begin with theirs, of modules, and of nothing."""
        names = [one.name for one in self.products]
        return [*names, *(f"{name}-eu" for name in names), self.module.name, "other"]

    def reads(self, bucket: str, folder: str) -> bool:
        """Whether it may read in a folder; writing includes reading, adding does not."""
        access = self._access(bucket, folder)
        return access is not None and access[0] != "add"

    def writes(self, bucket: str, folder: str) -> bool:
        return self._access(bucket, folder) == ("write", "write")

    def adds(self, bucket: str, folder: str) -> bool:
        """Whether it may make new objects in a folder, and only that."""
        return self._access(bucket, folder) == ("add", "write")

    def uses(self, bucket: str) -> bool:
        """Whether it may read some folder of a bucket."""
        return any(self.reads(bucket, folder) for folder in self.folders)

    def _access(self, bucket: str, folder: str) -> tuple[str, str] | None:
        """What the module needs and what the product gives, if it is both."""
        needed = dict[str, Any](self.module.needs.lake).get(bucket)
        if bucket == "artifacts":
            return (needed, "write") if needed and folder == self.module.name else None
        given = [one.modules.get(self.module.name) for one in self.products if one.name == folder]
        in_layer = any(one.name == folder and bucket in one.layers for one in self.products)
        return (needed, given[0]) if needed and in_layer and given[0] else None


def has_database(module: EnabledModule) -> bool:
    return module.needs.database is not None


def lakes_of(environment: Environment) -> list[Lake]:
    """The modules with an identity in the foundation, with their access to the lake."""
    return [
        Lake(module, environment.data_products, _topics(environment, module))
        for module in environment.foundation_modules.values()
    ]


def _topics(environment: Environment, module: EnabledModule) -> Mapping[str, Access | None]:
    if not environment.streams:
        return {}
    given = environment.topic_access(module)
    return {topic: given.get(topic) for topic in (*environment.all_topics, "other")}


def secrets_of(module: EnabledModule) -> set[str]:
    """The names of a module's secrets below `secrets/`: its own, and those whose value an operator gives."""
    return {module.name, *(f"{module.name}-{purpose}" for purpose in module.given_secrets)}
