"""The expected inventory: the resources that protect an environment (GOV-4).

Checks of a setting read the resources that exist. `policies/inventory/<cloud>.yaml` lists those that have to, by type
and construct path.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from ruamel.yaml import YAML

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation
from terrace.assurance.guarantees import directory
from terrace.capabilities.lake import BUCKETS, REPLICATED
from terrace.capabilities.spec import LAYERS
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment


class Expected(BaseModel):
    """Resources of one type.

    `paths` may contain {module}, {layer}, {bucket} and {copied}: each module of the foundation, each layer, each bucket
    and each bucket that is copied to the recovery region. `when` is a setting of the environment, `owns_account` or
    `protected`, without which the resources are not expected; `unless_existing` a kind of existing resources with which
    they are not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    paths: Annotated[tuple[str, ...], Field(min_length=1)]
    when: str = ""
    unless_existing: str = ""


def complete(stack: Subject) -> Iterator[Observation]:
    """GOV-4: an observation for each expected resource."""
    # not by View.all, which counts a type as read: that a resource exists says nothing about its settings
    existing = {(resource.type, resource.path) for resource in stack.view}
    for type, path in expected(stack.environment, stack.target):
        yield observation(type, path, exists=(type, path) in existing)


def observation(type: str, path: str, *, exists: bool) -> Observation:
    """Whether an expected resource exists."""
    return Observation(path, f"{type} {'exists' if exists else 'does not exist'}", exists, "it exists")


def expected(environment: Environment, target: Target) -> Iterator[tuple[str, str]]:
    """The type and the construct path of each resource that has to exist."""
    values = {
        "module": tuple(environment.foundation_modules),
        "layer": LAYERS,
        "bucket": BUCKETS,
        "copied": REPLICATED,
    }
    for type, rows in _expected(environment.cloud).items():
        for row in rows:
            if row.unless_existing not in target.existing.kinds and _asked(environment, target, row.when):
                yield from ((type, path) for path in _paths(row, values))


@cache
def _expected(cloud: str) -> Mapping[str, tuple[Expected, ...]]:
    rows = YAML(typ="safe").load(directory("inventory") / f"{cloud}.yaml")
    return TypeAdapter(Mapping[str, tuple[Expected, ...]]).validate_python(rows)


def _asked(environment: Environment, target: Target, when: str) -> bool:
    if when == "owns_account":
        return target.settings.owns_account
    if when == "protected":
        return target.protected
    value: Any = environment
    for name in filter(None, when.split(".")):
        value = getattr(value, name)
    return bool(value)


def _paths(row: Expected, values: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for path in row.paths:
        name = next((name for name in values if f"{{{name}}}" in path), "")
        yield from (path.replace(f"{{{name}}}", value) for value in values[name]) if name else (path,)
