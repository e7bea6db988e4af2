"""The ids of an environment's three stacks: its name for the foundation, and its name with a suffix for the others."""

from collections.abc import Collection
from pathlib import Path
from typing import Literal

from terrace.environment import load, names
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


def of_project(root: Path) -> list[str]:
    """The ids of all stacks of a project, without the workloads of environments that have no cluster. Raises what
    loading an environment does."""
    known = names(root)
    without = {stack_id(name, "workloads") for name in known if load(name, project=root).environment.cluster is None}
    return [id for id in every(known) if id not in without]


def parsed(id: str, known: Collection[str]) -> tuple[str, Layer]:
    """The environment and the layer of a stack's id; `known` are the names of the project's environments.

    An id that fits neither is returned as the name of an environment, so that loading it reports the error.
    """
    for layer, suffix in _SUFFIXES.items():
        name = id.removesuffix(suffix)
        if id not in known and name != id and name in known:
            return name, layer
    return id, "foundation"
