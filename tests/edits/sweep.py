"""A deployed dev on an emulated cloud, whose file is edited and applied again and again."""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from terrace import recovery
from terrace.capabilities.blockers import Blocker
from terrace.capabilities.cloud import facts
from terrace.capabilities.effects import effect_of_replacement, tables
from terrace.deployment import lifecycle
from terrace.deployment.changes import Change, Summary
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Diagnostic
from terrace.deployment.plans import SavedPlan
from terrace.deployment.terraform import Terraform
from terrace.environment import load, target
from terrace.errors import TerraceError
from terrace.live.blockers import LiveBlockers
from terrace.project.stack_ids import Layer
from terrace.state.homes import Homes
from tests.edits import stacks, table
from tests.edits.table import Edit

LAYERS: tuple[Layer, ...] = ("bootstrap", "foundation")
_SERVER, _EDITION = "google_sql_database_instance", "settings[0].edition"
"""The provider changes the edition first, reads the server, and then sends the other settings as it read them."""
_LOCKED = "has the lock"
_INDEX = re.compile(r"\[[^]]*\]")


class WithoutRefresh(Terraform):
    """Plans from the state alone: the empty plan before it has compared the state with the cloud."""

    def _parallelism(self) -> list[str]:
        return [*super()._parallelism(), "-refresh=false"]


@dataclass
class Sweep:
    """A deployed dev whose file changes.

    `made` are the edits in its file, `bootstrapped` is its bootstrap stack as applied; `seen` is what the plans did for
    each edited field. `failures` and `said` are sentences.
    """

    cloud: str
    project: Path
    deployment: Deployment
    errors: list[Diagnostic]
    touched: dict[Edit, stacks.Touched] = field(default_factory=dict)
    made: Sequence[Edit] = ()
    bootstrapped: stacks.Resources = field(default_factory=dict)
    seen: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    state_is_current: bool = False

    def log(self, *words: object) -> None:
        print(time.strftime("%H:%M:%S"), self.cloud, *words, flush=True)

    def fail(self, *sentences: str) -> None:
        new = [sentence for sentence in sentences if sentence not in self.failures]
        self.failures += new
        for sentence in new:
            self.log("FAILED", sentence)

    def valid(self, made: Sequence[Edit]) -> bool:
        table.write(self.project, self.cloud, made)
        try:
            load("dev", project=self.project)
        except TerraceError:
            return False
        return True

    def plan(self, made: Sequence[Edit]) -> Summary:
        """The foundation's plan with some edits. Raises what refuses it."""
        saved = self._saved(made, "foundation")
        if saved.blockers:
            raise TerraceError("; ".join(map(str, saved.blockers)))
        return saved.summary

    def _saved(self, made: Sequence[Edit], layer: Layer) -> SavedPlan:
        """The plan with some edits; without a refresh if the last plan was empty."""
        table.write(self.project, self.cloud, made)
        environment = load("dev", project=self.project).environment
        self.deployment = replace(
            self.deployment,
            layer=layer,
            blockers=LiveBlockers(environment, lambda message: None),
            homes=Homes(environment, self.deployment.project, variables=self.deployment.variables),
            on_message=self.said.append,
        )
        terraform = self.deployment.terraform(self.deployment.stack())
        if self.state_is_current:
            terraform = WithoutRefresh(**vars(terraform))
        return lifecycle.plan_synthesized(self.deployment, terraform)

    def _is_locked(self, group: Sequence[Edit]) -> bool:
        if not facts(self.cloud).removed_first:
            return False
        return any(_LOCKED in one.message for one in self._saved(group, "foundation").blockers)

    def _restore(self, deleted: Sequence[Blocker]) -> None:
        """Restore what an earlier apply deleted, as `terrace apply --recover` does."""
        environment = load("dev", project=self.project).environment
        recovery.restore(environment, target(environment), deleted)

    def apply(self, made: Sequence[Edit]) -> Summary:
        """Plan, apply, and require that the next plan is empty: of the bootstrap stack if it changes, and of the
        foundation. What both plans change."""
        self.errors.clear()
        changes: list[Change] = []
        basis = stacks.resources(self.project, self.cloud, made, bootstrap=True)
        for layer in LAYERS if basis != self.bootstrapped else LAYERS[1:]:
            saved = self._saved(made, layer)
            recovers = any(one.restore for one in saved.blockers)
            applied = lifecycle.apply(
                self.deployment, confirm=lambda plan: True, recover=recovers, restore=self._restore
            )
            if not applied:
                continue
            changes += applied.summary.changes
            second = lifecycle.plan_synthesized(self.deployment, self.deployment.terraform()).summary
            if any(one.type == _SERVER and _EDITION in one.settings for one in applied.summary.changes):
                lifecycle.apply(self.deployment, confirm=lambda plan: True)
                second = lifecycle.plan_synthesized(self.deployment, self.deployment.terraform()).summary
            if not second.empty:
                changed = ", ".join(
                    f"{one.address} {one.verb} ({', '.join(one.settings or one.attributes)})" for one in second.changes
                )
                raise TerraceError(f"the next plan is not empty: {changed or 'outputs change'}")
        self.bootstrapped, self.state_is_current = basis, True
        return Summary(tuple(changes))

    def edit(self, group: Sequence[Edit]) -> bool:
        """Change the file from the edits made before to a group of others, apply, and record what the plan does for
        each of these. Whether that succeeded. Where locks of the group before would block it, they are taken back
        first."""
        if group and self._is_locked(group):
            self.edit([])
        names = ", ".join(edit.path for edit in group) or "back to the base"
        self.log(len(group), names)
        before, self.made = self.made, group
        try:
            summary = self.apply(group)
        except TerraceError as error:
            self.state_is_current = False
            details = [f"{one.address}: {one.summary} {one.detail}" for one in self.errors]
            self.fail(f"{names}: {error}", *details)
            return False
        shared = frozenset().union(*(self.touched[edit] for edit in before))
        for edit in group:
            self.seen[edit.path] = actions(summary, self.touched[edit])
            if not self.seen[edit.path] and self.touched[edit] - shared:
                self.fail(f"{edit.path}: nothing is planned, and nothing says so")
        self.fail(*sorted({line for change in summary.changes for line in unexplained(change)}))
        return True


def actions(summary: Summary, touched: stacks.Touched) -> dict[str, list[str]]:
    """What a plan does to what an edit touches: verb to types, each with its setting if that changes in place."""
    of_provider = any(address.startswith("provider.") for address, _ in touched)
    found: dict[str, set[str]] = {}
    for change in summary.changes:
        names = [name for address, name in touched if address == change.address]
        if change.verb == "change":
            settings = [setting for setting in change.settings if _touches(names, setting)]
            settings += [setting for setting in change.attributes if of_provider and setting.startswith("tags")]
            found.setdefault("change", set()).update(f"{change.type} {_without_indices(one)}" for one in settings)
        elif names and change.verb == "replace":
            found.setdefault("make first" if change.created_first else "replace", set()).add(change.type)
        elif names and change.verb in ("add", "destroy"):
            found.setdefault(change.verb, set()).add(change.type)
    return {verb: sorted(types) for verb, types in sorted(found.items()) if types}


def _without_indices(setting: str) -> str:
    return _INDEX.sub("", setting)


def _touches(names: Sequence[str], setting: str) -> bool:
    """Whether a setting of a plan is one of the arguments, above one, or below one."""
    path = f"{_without_indices(setting)}."
    return any(path.startswith(f"{name}.") or f"{name}.".startswith(path) for name in names)


def unexplained(change: Change) -> Iterator[str]:
    """What the table of effects lacks or contradicts."""
    if change.verb == "change":
        for setting, effect in change.effects.items():
            if effect == "unknown":
                yield f"the table of effects lacks {change.type} {_without_indices(setting)}"
    elif change.verb == "replace":
        replaced = effect_of_replacement(change.type, created_first=change.created_first)
        if not change.loses_data and replaced is None:
            yield f"the table of effects lacks the replacement of {change.type} for {', '.join(change.reasons)}"
        for reason in map(_without_indices, change.reasons):
            known = tables().get(change.type, {}).get(reason)
            if known and not change.loses_data:  # a replacement that loses data is shown as such
                yield f"the table of effects has {change.type} {reason} in place ({known.effect}), but it is replaced"
