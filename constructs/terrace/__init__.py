"""Terrace: the same data platform on three clouds, from one typed file per environment.

`__all__` is the public API; a name is imported on first use, so that `import terrace` is cheap.
"""

from typing import Any

__version__ = "0.1.0"

_MODULES = {
    "AnswerIsNo": "terrace.errors",
    "Environment": "terrace.environment",
    "Foundation": "terrace.stacks.foundation",
    "InvalidEnvironment": "terrace.errors",
    "Loaded": "terrace.environment",
    "Project": "terrace.project.discovery",
    "Target": "terrace.capabilities.target",
    "TerraceError": "terrace.errors",
    "UsageError": "terrace.errors",
    "Workloads": "terrace.stacks.workloads",
    "load": "terrace.environment",
    "names": "terrace.environment",
    "synthesize": "terrace.project.synthesis",
    "target": "terrace.environment",
}

__all__ = [*_MODULES, "__version__"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_MODULES[name]), name)
