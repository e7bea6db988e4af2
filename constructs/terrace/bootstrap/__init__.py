"""Makes the state home of a project in a cloud account, through the cloud's API: Terraform has no state before it.

A state home is a list of settings, each of which is read, compared and, if it does not hold, written. So a second run
changes nothing, and a run that ended half-way continues. A stricter setting than Terrace's own is kept.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from terrace.calls import Absent, CredentialsError
from terrace.capabilities.cloud import implementation
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.errors import AnswerIsNo, TerraceError

VERSION_DAYS = 365
"""Days for which a replaced version of a state can be read, at least."""
_PAUSES = (0.3, 1.0, 2.0, 4.0, 8.0)
"""Seconds between attempts: a change takes a while to be visible, and several runs at once refuse each other."""


class Foreign(AnswerIsNo):
    """A resource of this name belongs to another account, subscription or project, or is in another region."""


@dataclass(frozen=True)
class Setting:
    """One setting of a resource. The first setting of a resource is that it exists.

    `read` returns what is found, "" or Absent for nothing; `enough` accepts what is found if it is not `wanted`.
    `write` may be called by several processes at once. Both raise Foreign for a resource of another account.
    """

    resource: str
    name: str
    wanted: str
    read: Callable[[], str]
    write: Callable[[], None]
    enough: Callable[[str], bool] = lambda found: False

    def found(self) -> str:
        """What is found."""
        try:
            return self.read()
        except Absent:
            return ""

    def holds(self, found: str) -> bool:
        """Whether this is as wanted, or stricter."""
        return bool(found) and (found == self.wanted or self.enough(found))


@dataclass(frozen=True)
class Change:
    """A setting that does not hold: what is found ("" for nothing), and what is wanted."""

    resource: str
    setting: str
    found: str
    wanted: str


def plan(environment: Environment, target: Target) -> list[Change]:
    """What `apply` would change, in its order. Raises Foreign, CredentialsError, Unreadable."""
    compared = ((setting, setting.found()) for setting in _settings(environment, target))
    return [
        Change(setting.resource, setting.name, found, setting.wanted)
        for setting, found in compared
        if not setting.holds(found)
    ]


def apply(
    environment: Environment, target: Target, *, on_change: Callable[[Change], None] = lambda change: None
) -> int:
    """Write every setting that does not hold, and return how many were written. Raises as `plan`."""
    changed = 0
    for setting in _settings(environment, target):
        found = setting.found()
        if setting.holds(found):
            continue
        _write(setting)
        on_change(Change(setting.resource, setting.name, found, setting.wanted))
        changed += 1
    return changed


def destroy(environment: Environment, target: Target) -> list[str]:
    """Delete the state home with every version of every object; returns what is retained, each with its reason.

    The caller has made sure that no state is left.
    """
    retained = implementation("terrace.bootstrap", environment.cloud).destroy(environment, target)
    return cast(list[str], retained)


def _settings(environment: Environment, target: Target) -> list[Setting]:
    found = implementation("terrace.bootstrap", environment.cloud).settings(environment, target)
    return cast(list[Setting], found)


def _write(setting: Setting) -> None:
    """Write a setting until it holds. Another process may write it at the same time."""
    error: TerraceError | None = None
    for pause in (*_PAUSES, 0.0):
        try:
            setting.write()
            error = None
        except (Foreign, CredentialsError):
            raise
        except TerraceError as refused:
            error = refused
        if setting.holds(setting.found()):
            return
        time.sleep(pause)
    raise error or TerraceError(
        f"{setting.name} was written as {setting.wanted!r}, but is {setting.found()!r}",
        where=setting.resource,
        hint="run the same command again: the cloud may need some time, and nothing is done twice",
    )
