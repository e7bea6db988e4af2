"""The ids of an environment's three stacks: its name for the foundation, and its name with a suffix for the others."""

from collections.abc import Collection
from typing import Literal

from terrace.environment.naming import BOOTSTRAP, WORKLOADS

Layer = Literal["bootstrap", "foundation", "workloads"]
LAYERS: tuple[Layer, ...] = ("bootstrap", "foundation", "workloads")
"""In the order in which they are applied."""

_SUFFIXES: dict[Layer, str] = {"bootstrap": BOOTSTRAP, "foundation": "", "workloads": WORKLOADS}


def stack_id(environment: str, layer: Layer) -> str:
    """The id of a stack: dev-bootstrap, dev, dev-workloads."""
    return environment + _SUFFIXES[layer]


def every(environments: Collection[str]) -> list[str]:
    """The ids of all stacks of these environments."""
    return [stack_id(name, layer) for name in environments for layer in LAYERS]


def parsed(id: str, known: Collection[str]) -> tuple[str, Layer]:
    """The environment and the layer of a stack's id; `known` are the names of the project's environments.

    An id that fits neither is returned as the name of an environment, so that loading it reports the error.
    """
    for layer, suffix in _SUFFIXES.items():
        name = id.removesuffix(suffix)
        if id not in known and name != id and name in known:
            return name, layer
    return id, "foundation"
