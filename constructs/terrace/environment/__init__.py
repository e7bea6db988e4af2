"""The environment model: what is wanted, in cloud-neutral words, with the line that says so. No CDK, no network.

loaded = load("dev")
loaded.environment.database.size, loaded.where("database.size")
target(loaded.environment).zones
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from terrace.environment.loading import Loaded, load, names
    from terrace.environment.placement import target
    from terrace.environment.schema import Environment

__all__ = ["Environment", "Loaded", "load", "names", "target"]

_HOMES = {"Environment": "schema", "Loaded": "loading", "load": "loading", "names": "loading", "target": "placement"}


def __getattr__(name: str) -> Any:
    """Import on first use: naming this package costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
