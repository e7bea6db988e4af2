"""What a cloud brings to stand behind the proxy, and the shapes in which the emulator reports.

A cloud is a package `terrace.emulator.<cloud>` whose `__init__` holds, without importing anything heavy:

- `HOST_SUFFIXES: tuple[str, ...]`: the host names it answers for, and everything below them
- `NOT_EMULATED: tuple[NotEmulated, ...]`: what an emulated run does not prove, each with its reason
- `DEFAULT_REGION: str`
- `DEFAULT_ACCOUNT: Mapping[str, str]`: what names an account, under the environment's words (`account_id`); the
  first one tells accounts apart
- `FIRST_LOOK: str`: a command that lists something, for who has the cloud's own tools
- `KEEPS_STATE: bool`: whether a server can keep what it holds in a folder and find it there again
- `FAULTS: frozenset[str]`: the faults, by their names in `Faults`, that it can be told to make
- `environment(emulator) -> dict[str, str]`: the variables that lead a child process to it
- `is_foreign(name) -> bool`: whether a variable of the parent could carry a real account into a child process

and whose module `server` has `backend(account, region, options) -> Backend`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from terrace.capabilities.cloud import CLOUDS, implementation
from terrace.errors import UsageError

Account = Mapping[str, str]
"""What names an account, under the environment's words: `{"account_id": "111122223333"}`."""

Answer = tuple[str, list[tuple[str, str]], bytes]
"""Status line, headers and body of an HTTP answer."""


@dataclass(frozen=True, order=True)
class Resource:
    """One thing that exists in the emulated cloud."""

    service: str
    type: str
    id: str
    region: str = ""


@dataclass(frozen=True, order=True)
class UnsupportedCall:
    """A call that was refused because the emulator does not know it, and how often."""

    service: str
    operation: str
    count: int = 1


@dataclass(frozen=True)
class NotEmulated:
    """Something an emulated run leaves out or does not prove."""

    what: str
    reason: str


@dataclass(frozen=True)
class Faults:
    """What goes wrong on purpose, for tests of those who have to live with it. Zero and empty: nothing does.

    `throttle_every`: each n-th request is told to come again later. `operation_seconds`: how long an operation is under
    way. `fail_operation`: the first operation on a resource whose id holds this ends in failure.
    `iam_delay_seconds`: how long a grant takes to be seen. `token_seconds`: how long an access token is good for.
    """

    throttle_every: int = 0
    operation_seconds: float = 0.0
    fail_operation: str = ""
    iam_delay_seconds: float = 0.0
    token_seconds: float = 0.0


@dataclass(frozen=True)
class Options:
    """How a server is to be run: `state` is the folder that keeps what it holds, None: it is forgotten."""

    state: Path | None = None
    faults: Faults = field(default_factory=Faults)


@dataclass(frozen=True)
class Backend:
    """An emulated control plane: a WSGI application and what can be asked about it.

    `throttled` is what the cloud answers a request (its WSGI environment) that came too early, None where it never
    does. `close` is called once before the process ends.
    """

    application: Callable[..., Any]
    inventory: Callable[[], list[Resource]]
    unsupported: Callable[[], list[UnsupportedCall]]
    throttled: Callable[[dict[str, Any]], Answer | None]
    request_handler: type[Any] | None = None
    close: Callable[[], None] = lambda: None


def clouds() -> tuple[str, ...]:
    """The clouds that can be emulated."""
    return CLOUDS


def cloud_module(cloud: str) -> Any:
    """The package of a cloud. UsageError for one that cannot be emulated."""
    if cloud not in CLOUDS:
        raise UsageError(f"no emulator for cloud '{cloud}'", hint=f"one of: {', '.join(CLOUDS)}")
    return implementation("terrace.emulator", cloud)


def account_of(cloud: str, settings: object) -> Account:
    """What names the account of an environment's cloud settings, as `start` takes it."""
    return {name: str(getattr(settings, name)) for name in cloud_module(cloud).DEFAULT_ACCOUNT}


def first_look(cloud: str) -> str:
    """A command of the cloud's own tools that shows something of what was made."""
    shown: str = cloud_module(cloud).FIRST_LOOK
    return shown


def not_emulated(cloud: str) -> tuple[NotEmulated, ...]:
    """What an emulated run on `cloud` does not prove, for a report to print."""
    entries: tuple[NotEmulated, ...] = cloud_module(cloud).NOT_EMULATED
    return entries
