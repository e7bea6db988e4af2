"""What a cloud brings to stand behind the proxy, and the shapes in which the emulator reports.

A cloud is a package `terrace.emulator.<cloud>` whose `__init__` holds, without importing anything heavy:

- `HOST_SUFFIXES: tuple[str, ...]`: the host names it answers for, and everything below them
- `NOT_EMULATED: tuple[NotEmulated, ...]`: what an emulated run does not prove, each with its reason
- `DEFAULT_REGION: str`
- `environment(emulator) -> dict[str, str]`: the variables that lead a child process to it
- `is_foreign(name) -> bool`: whether a variable of the parent could carry a real account into a child process

and whose module `server` has `backend(account, region) -> Backend`.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from terrace.errors import UsageError

_CLOUDS = ("aws",)


@dataclass(frozen=True, order=True)
class Resource:
    """One thing that exists in the emulated cloud."""

    service: str
    type: str
    id: str
    region: str = ""


@dataclass(frozen=True, order=True)
class UnsupportedCall:
    """A call that was answered with 400, and how often."""

    service: str
    operation: str
    count: int = 1


@dataclass(frozen=True)
class NotEmulated:
    """Something an emulated run leaves out or does not prove."""

    what: str
    reason: str


@dataclass(frozen=True)
class Backend:
    """An emulated control plane: a WSGI application and what can be asked about it."""

    application: Callable[..., Any]
    inventory: Callable[[], list[Resource]]
    unsupported: Callable[[], list[UnsupportedCall]]
    request_handler: type[Any] | None = None


def clouds() -> tuple[str, ...]:
    """The clouds that can be emulated."""
    return _CLOUDS


def cloud_module(cloud: str) -> Any:
    """The package of a cloud. UsageError for one that cannot be emulated."""
    if cloud not in _CLOUDS:
        raise UsageError(f"no emulator for cloud '{cloud}'", hint=f"one of: {', '.join(_CLOUDS)}")
    return importlib.import_module(f"terrace.emulator.{cloud}")


def not_emulated(cloud: str) -> tuple[NotEmulated, ...]:
    """What an emulated run on `cloud` does not prove, for a report to print."""
    entries: tuple[NotEmulated, ...] = cloud_module(cloud).NOT_EMULATED
    return entries
