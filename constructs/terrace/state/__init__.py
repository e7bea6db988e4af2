"""The state home: the bucket, container or folder where the states of a project are, and objects beside them.

A state is `<env>/<cloud>/<layer>.tfstate`; objects of a stack are below `<env>/<cloud>/<layer>/`. Names are the same in
every home, also where Terraform's backend stores the state under another one. Loads no CDK and, until `home` is called,
no SDK.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from terrace.capabilities.cloud import implementation
from terrace.environment import target
from terrace.environment.schema import Environment
from terrace.errors import AnswerIsNo
from terrace.project.discovery import Project


@dataclass(frozen=True)
class Stored:
    """An object's content, and its tag, which changes when other content is written."""

    content: bytes
    tag: str


@dataclass(frozen=True)
class Version:
    """A version of an object that can be read: its id, when it was written (UTC), and its size in bytes."""

    id: str
    written: datetime
    size: int


@dataclass(frozen=True)
class Lock:
    """The lock on a state, as Terraform wrote it. `created` is None if Terraform recorded no time."""

    id: str
    who: str
    operation: str
    created: datetime | None


class Conflict(AnswerIsNo):
    """Another process wrote the object in between, or a new object exists already."""


class StateHome(Protocol):
    """Reads and writes objects. Each write is atomic: a reader gets the content before or after it.

    Methods raise Absent if the home itself does not exist, Unreadable, and CredentialsError (`terrace.calls`).
    """

    @property
    def place(self) -> str:
        """The home in messages: s3://acme-state-111122223333."""

    def read(self, name: str, *, version: str = "") -> Stored | None:
        """An object, or one of its versions; None if there is none."""

    def write(self, name: str, content: bytes, *, after: str | None = None, new: bool = False) -> str:
        """Write an object and return its tag. Raises Conflict if `new` and it exists, or if its tag is not `after`."""

    def delete(self, name: str) -> None:
        """Delete an object; its versions remain where the home keeps versions. Does nothing if there is none."""

    def names(self, prefix: str) -> list[str]:
        """The names of objects that begin with `prefix`, sorted."""

    def versions(self, name: str) -> list[Version]:
        """The versions of an object, newest first, with the current one."""

    def lock(self, state: str) -> Lock | None:
        """The lock that a run of Terraform holds on a state."""

    def hold(self, state: str) -> AbstractContextManager[Callable[[bytes], object]]:
        """Hold the lock that Terraform takes; the context's value writes the state meanwhile. Raises Conflict if it is
        held."""


def state_name(environment: str, cloud: str, layer: str) -> str:
    """The name of a stack's state; `layer` is foundation or workloads."""
    return f"{environment}/{cloud}/{layer}.tfstate"


def home(
    environment: Environment, *, project: Project, state: str = "", variables: Mapping[str, str] = os.environ
) -> StateHome:
    """The state home of an environment.

    `state` replaces the environment's backend, as TERRACE_STATE does; `variables` hold the credentials.
    """
    if (state or environment.state.backend) == "local":
        from terrace.state.local import LocalHome

        return LocalHome(project.working_directory / "state")
    made: StateHome = implementation("terrace.state", environment.cloud).home(target(environment), variables)
    return made
