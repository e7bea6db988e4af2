"""Where the states of an environment may be: the home that its files name, and the ones that it may have named before.

What can be known: this machine remembers the home of its last run (Terraform's own record in `.terrace`). Another
machine, such as a runner, looks at the computed bucket and at its own folder. A bucket that the environment named
before, and that no machine at hand remembers, is not found; `terrace state migrate --from` names it. Without
credentials, only the folder is searched.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from terrace.capabilities.cloud import implementation
from terrace.environment import target
from terrace.environment.schema import Environment
from terrace.project.discovery import Project
from terrace.state import StateHome, home, states
from terrace.state.moves import moved_to

LOCAL, COMPUTED = "local", "computed"
"""A home is named by its bucket, or by one of these words: the project's folder, the bucket of the computed name."""
_BUCKET = {"s3": "bucket", "azurerm": "storage_account_name", "gcs": "bucket"}


@dataclass(frozen=True)
class Homes:
    """The homes of one environment. `state` replaces its backend, as TERRACE_STATE does."""

    environment: Environment
    project: Project
    state: str = ""
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def named(self) -> StateHome:
        """The home that the environment's files name."""
        return home(self.environment, project=self.project, state=self.state, variables=self.variables)

    def at(self, name: str) -> StateHome:
        """A home by its bucket, or by LOCAL or COMPUTED."""
        return home(self._moved(name), project=self.project, variables=self.variables)

    def backend(self, name: str, layer: str) -> dict[str, Any]:
        """Terraform's backend block of a state in a home; `name` is "" for the home that the environment names."""
        environment = self._moved(name or self.state or self.environment.state.backend)
        if environment.state.backend == "local":
            file = f"{environment.name}-{environment.cloud}-{layer}.tfstate"
            return {"local": {"path": str(self.project.working_directory / "state" / file)}}
        module = implementation("terrace", environment.cloud, "state")
        kind, arguments = module.remote_state(environment, target(environment), layer)
        return {kind: arguments}

    def resources(self, state: str) -> int:
        """How many resources of a state the named home holds. Raises Unreadable, CredentialsError."""
        found = _resources(self.named, state)
        return found.resources if found else 0

    def elsewhere(self, state: str, last: str) -> tuple[str, StateHome, states.Summary] | None:
        """Another home that holds resources of a state: its name, the home, and what it holds.

        `last` is the home that this machine remembers; "" if it has none. A state that was moved to the named home
        does not count. Raises Unreadable, CredentialsError.
        """
        named = self.named
        if last:
            candidates = [last]
        elif _resources(named, state):
            return None
        else:
            look = implementation("terrace.calls", self.environment.cloud).look
            candidates = [LOCAL, COMPUTED] if look().status == "ok" else [LOCAL]
        for name in candidates:
            other = self.at(name)
            found = _resources(other, state) if other.place != named.place else None
            if found and moved_to(other, state) != named.place:
                return name, other, found
        return None

    def _moved(self, name: str) -> Environment:
        """The environment with another home."""
        if name == "remote":
            return self._with(backend="remote", bucket=self.environment.state.bucket)
        if name == LOCAL:
            return self._with(backend="local", bucket=None)
        return self._with(backend="remote", bucket=None if name == COMPUTED else name)

    def _with(self, **state: Any) -> Environment:
        return self.environment.model_copy(update={"state": self.environment.state.model_copy(update=state)})


def last_home(data_directory: Path) -> str:
    """The home that Terraform's record in a data directory (TF_DATA_DIR) names, as in `Homes.at`; "" if there is none.

    Terraform writes the record when it initializes a backend.
    """
    try:
        record = json.loads((data_directory / "terraform.tfstate").read_text(encoding="utf-8"))["backend"]
        kind, arguments = record["type"], record["config"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return LOCAL if kind == "local" else str(arguments.get(_BUCKET.get(kind, ""), ""))


def _resources(home: StateHome, state: str) -> states.Summary | None:
    """What a home holds of a state; None for no resources, and for a home that does not exist."""
    from terrace.calls import Absent

    try:
        stored = home.read(state)
    except Absent:
        return None
    found = states.summary(stored.content, where=home.place) if stored else None
    return found if found and found.resources else None
