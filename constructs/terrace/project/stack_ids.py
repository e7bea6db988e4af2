"""The ids of an environment's two stacks: its name for the foundation, and its name with a suffix for the workloads."""

from collections.abc import Collection
from typing import Literal

from terrace.environment.naming import WORKLOADS

Layer = Literal["foundation", "workloads"]
LAYERS: tuple[Layer, ...] = ("foundation", "workloads")


def stack_id(environment: str, layer: Layer) -> str:
    """The id of a stack: dev, dev-workloads."""
    return environment + (WORKLOADS if layer == "workloads" else "")


def every(environments: Collection[str]) -> list[str]:
    """The ids of all stacks of these environments."""
    return [stack_id(name, layer) for name in environments for layer in LAYERS]


def parsed(id: str, known: Collection[str]) -> tuple[str, Layer]:
    """The environment and the layer of a stack's id; `known` are the names of the project's environments.

    An id that fits neither is returned as the name of an environment, so that loading it reports the error.
    """
    name = id.removesuffix(WORKLOADS)
    if id not in known and name != id and name in known:
        return name, "workloads"
    return id, "foundation"
