"""What an emulated cloud must define, and the types that the emulator reports with.

A cloud is a package `terrace.emulator.<cloud>` whose `__init__` defines, without slow imports:

- `HOST_SUFFIXES: tuple[str, ...]`: the host names it serves, with all their subdomains
- `NOT_EMULATED: tuple[NotEmulated, ...]`: what an emulated run does not prove, and why
- `DEFAULT_REGION: str`
- `DEFAULT_ACCOUNT: Mapping[str, str]`: the ids of an account, under the environment's keys (`account_id`); the first
  one is unique
- `EXAMPLE_COMMAND: str`: a command of the cloud's own tools that lists resources
- `SAVES_STATE: bool`: whether a server can save its resources in a folder and load them again
- `FAULTS: frozenset[str]`: the faults that it can inject, by their names in `Faults`
- `environment(emulator) -> dict[str, str]`: the variables that point a child process at the emulator
- `is_foreign(name) -> bool`: whether an inherited variable could point a child process at a real account

and whose module `server` defines `backend(account, region, options) -> Backend`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from terrace.capabilities.cloud import CLOUDS, implementation
from terrace.emulator.decisions import Decision
from terrace.emulator.engines import Database
from terrace.errors import UsageError

Account = Mapping[str, str]
"""The ids of an account, under the environment's keys: `{"account_id": "111122223333"}`."""

Response = tuple[str, list[tuple[str, str]], bytes]
"""Status line, headers and body of an HTTP response."""


@dataclass(frozen=True, order=True)
class Resource:
    """One resource in the emulated cloud."""

    service: str
    type: str
    id: str
    region: str = ""


@dataclass(frozen=True, order=True)
class UnsupportedCall:
    """An API call that the emulator does not implement, and how often it was made."""

    service: str
    operation: str
    count: int = 1


@dataclass(frozen=True)
class NotEmulated:
    """Something that an emulated run omits or does not prove."""

    what: str
    reason: str


@dataclass(frozen=True)
class Faults:
    """The faults to inject. Zero or empty: none.

    `throttle_every`: each n-th request is throttled. `operation_seconds`: how long an operation takes.
    `fail_operation`: the first operation on a resource whose id contains this text fails.
    `iam_delay_seconds`: how long a grant takes to become visible. `token_seconds`: how long an access token is valid.
    """

    throttle_every: int = 0
    operation_seconds: float = 0.0
    fail_operation: str = ""
    iam_delay_seconds: float = 0.0
    token_seconds: float = 0.0


@dataclass(frozen=True)
class Options:
    """Options of a server. `state` is the folder that its resources are saved in; None keeps them in memory only.
    `issuers` is the file of the issuers whose tokens pipelines sign in with (issuers.py); None: none can sign in. With
    `rights`, each request is answered as the rights of its identity say; with `engines`, the cloud's PostgreSQL servers
    run on this machine, by the programs in `postgres` where it has none of its own."""

    state: Path | None = None
    issuers: Path | None = None
    rights: bool = False
    engines: bool = False
    postgres: Path | None = None
    faults: Faults = field(default_factory=Faults)


@dataclass(frozen=True)
class Backend:
    """An emulated control plane: a WSGI application and functions that report on it.

    `throttled` returns the cloud's response to throttling a request (its WSGI environment), or None for a request that
    is never throttled. `close` is called once before the process ends. `databases` are the
    PostgreSQL servers that exist.
    """

    application: Callable[..., Any]
    inventory: Callable[[], list[Resource]]
    unsupported: Callable[[], list[UnsupportedCall]]
    throttled: Callable[[dict[str, Any]], Response | None]
    request_handler: type[Any] | None = None
    close: Callable[[], None] = lambda: None
    databases: Callable[[], list[Database]] = list
    decisions: Callable[[], list[Decision]] = list


def clouds() -> tuple[str, ...]:
    """The clouds that can be emulated."""
    return CLOUDS


def cloud_module(cloud: str) -> Any:
    """The package of a cloud. UsageError for one that cannot be emulated."""
    if cloud not in CLOUDS:
        raise UsageError(f"no emulator for cloud '{cloud}'", hint=f"one of: {', '.join(CLOUDS)}")
    return implementation("terrace.emulator", cloud)


def account_of(cloud: str, settings: object) -> Account:
    """The account's ids from an environment's cloud settings, as `start` takes them."""
    return {name: str(getattr(settings, name)) for name in cloud_module(cloud).DEFAULT_ACCOUNT}


def example_command(cloud: str) -> str:
    """A command of the cloud's own tools that lists emulated resources."""
    command: str = cloud_module(cloud).EXAMPLE_COMMAND
    return command


def not_emulated(cloud: str) -> tuple[NotEmulated, ...]:
    """What an emulated run on `cloud` does not prove, for reports."""
    entries: tuple[NotEmulated, ...] = cloud_module(cloud).NOT_EMULATED
    return entries
