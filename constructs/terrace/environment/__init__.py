"""The environment model: what a deployment needs, in cloud-neutral words. Loads no CDK and needs no network.

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

_MODULES = {"Environment": "schema", "Loaded": "loading", "load": "loading", "names": "loading", "target": "placement"}


def __getattr__(name: str) -> Any:
    """Import on first use, so that `import terrace.environment` is cheap."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
