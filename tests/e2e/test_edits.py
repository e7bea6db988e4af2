"""Most fields of a deployed dev are edited and applied on the emulated cloud.

The table of edits is in tests/edits. What the plan does for each edit is compared with the cloud's table of effects,
and what each edit touches with the record that the page of effects is made from.
"""

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from terrace.capabilities.effects import effect_of_replacement, tables, without_effect
from terrace.deployment import lifecycle
from terrace.deployment.changes import Change, Summary
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Diagnostic, Event
from terrace.deployment.terraform import Terraform
from terrace.emulator import account_of, start
from terrace.environment import load, target
from terrace.errors import TerraceError
from terrace.live.blockers import LiveBlockers
from terrace.project.discovery import Project
from terrace.state.homes import Homes
from tests.e2e.test_demo import require_provider
from tests.edits import record, stacks, table
from tests.edits.table import Edit

SWEPT = ("aws",)
"""Clouds on which the sweep runs."""
_INDEX = re.compile(r"\[[^]]*\]")


class WithoutRefresh(Terraform):
    """Plans from the state alone: the empty plan before it has compared the state with the cloud."""

    def _parallelism(self) -> list[str]:
        return [*super()._parallelism(), "-refresh=false"]


@dataclass
class Sweep:
    """A deployed dev whose file changes. `seen` is what the plans did for each edited field; `failures` and `said` are
    sentences."""

    cloud: str
    project: Path
    deployment: Deployment
    errors: list[Diagnostic]
    touched: dict[Edit, stacks.Touched] = field(default_factory=dict)
    seen: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def log(self, *words: object) -> None:
        print(time.strftime("%H:%M:%S"), self.cloud, *words, flush=True)

    def valid(self, made: Sequence[Edit]) -> bool:
        table.write(self.project, self.cloud, made)
        try:
            load("dev", project=self.project)
        except TerraceError:
            return False
        return True

    def plan(self, made: Sequence[Edit]) -> Summary:
        """The plan with some edits, without a refresh. Raises what refuses it."""
        table.write(self.project, self.cloud, made)
        environment = load("dev", project=self.project).environment
        self.deployment = replace(
            self.deployment,
            blockers=LiveBlockers(environment, lambda message: None),
            homes=Homes(environment, self.deployment.project, variables=self.deployment.variables),
            on_message=self.said.append,
        )
        terraform = self.deployment.terraform(self.deployment.stack())
        saved = lifecycle.plan_synthesized(self.deployment, WithoutRefresh(**vars(terraform)))
        if saved.blockers:
            raise TerraceError("; ".join(map(str, saved.blockers)))
        return saved.summary

    def apply(self, made: Sequence[Edit]) -> Summary:
        """Plan, apply, and require that the next plan is empty."""
        planned = self.plan(made)
        lifecycle.apply(self.deployment, confirm=lambda saved: True)
        second = lifecycle.plan_synthesized(self.deployment, self.deployment.terraform()).summary
        if not second.empty:
            changed = ", ".join(f"{one.address} {one.verb} ({', '.join(one.settings)})" for one in second.changes)
            raise TerraceError(f"the next plan is not empty: {changed}")
        return planned

    def edit(self, group: Sequence[Edit]) -> None:
        """Apply a group of edits, and record what its plan does for each of them."""
        names = ", ".join(edit.path for edit in group)
        self.log(names)
        self.errors.clear()
        try:
            summary = self.apply(group)
        except TerraceError as error:
            details = [f"{one.address}: {one.summary} {one.detail}" for one in self.errors]
            self.fail(f"{names}: {error}", *details)
            return
        for edit in group:
            self.seen[edit.path] = actions(summary, self.touched[edit])
            if not self.seen[edit.path]:
                self.fail(f"{edit.path}: nothing is planned, and nothing says so")
        self.fail(*sorted({line for change in summary.changes for line in unexplained(change)} - {*self.failures}))

    def fail(self, *sentences: str) -> None:
        self.failures += sentences
        if sentences:
            self.log("FAILED", *sentences)


@pytest.fixture
def sweep(cloud: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sweep]:
    require_provider(cloud)
    project = tmp_path / "project"
    table.write(project, cloud)
    loaded = load("dev", project=project).environment
    account = target(loaded)
    running = start(
        cloud,
        tmp_path / "emulator",
        account=account_of(cloud, account.settings),
        region=account.region,
        parent=os.getpid(),
    )
    errors: list[Diagnostic] = []

    def collect(event: Event) -> None:
        if isinstance(event, Diagnostic) and event.severity == "error":
            errors.append(event)

    variables = running.child_environment(os.environ)
    for name in os.environ.keys() - variables.keys():
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    deployment = Deployment(
        Project(project),
        "dev",
        cloud,
        variables=variables,
        on_event=collect,
    )
    try:
        yield Sweep(cloud, project, deployment, errors)
        assert running.unsupported() == []
    finally:
        running.stop()


@pytest.mark.e2e
@pytest.mark.parametrize("cloud", SWEPT)
def test_most_fields_can_be_edited_at_once(sweep: Sweep) -> None:
    """The largest group of edits is applied, the next plan is empty, and the table of effects explains the plan."""
    edits = table.edits(sweep.cloud)
    find_touched(sweep, edits)
    sweep.log(len(sweep.touched), "edits change the foundation; deploying")
    sweep.apply([])
    refuse(sweep, {edit: edit.text for edit in edits if edit.expected == "refused"})
    keep(sweep, [edit for edit in edits if edit.expected == "kept"])
    both_ways = {edit: what for edit, what in sweep.touched.items() if not edit.back}
    largest = max(stacks.groups(both_ways, sweep.valid), key=len)
    sweep.edit(largest)
    sweep.log(len(edits), "edits,", len(largest), "of them applied,", len(sweep.failures), "failures")
    assert len(largest) >= 70
    assert sweep.failures == []


def find_touched(sweep: Sweep, edits: Sequence[Edit]) -> None:
    """Find what each edit touches. Those that are said to change no stack must touch nothing, and the others must."""
    before, pipelines = (stacks.resources(sweep.project, sweep.cloud, bootstrap=one) for one in (False, True))
    said, recorded = without_effect(sweep.cloud), record.read(sweep.cloud)
    for edit in edits:
        if edit.expected in ("refused", "replaces", "kept"):
            continue
        try:
            others = replace(edit, values={path: value for path, value in edit.values.items() if path != edit.path})
            alone = edit.path in said and others.values
            base = stacks.resources(sweep.project, sweep.cloud, [others]) if alone else before
            differences = stacks.touched(base, stacks.resources(sweep.project, sweep.cloud, [edit]))
        except TerraceError as error:
            sweep.fail(f"{edit.path}: {error}")
            continue
        reason = edit.expected or ("said to have no effect" if edit.path in said else "")
        if bool(reason) == bool(differences):
            touches = sorted(f"{address} {name}" for address, name in differences)[:5]
            sweep.fail(f"{edit.path} touches {touches}; expected: {reason or 'a change'}")
        elif not reason:
            sweep.touched[edit] = differences
            if recorded.get(edit.path) != record.summary(differences):
                sweep.fail(f"{edit.path} is not as recorded: python -m tests.edits.record {sweep.cloud}")
        elif edit.expected == "bootstrap" and pipelines == stacks.resources(
            sweep.project, sweep.cloud, [edit], bootstrap=True
        ):
            sweep.fail(f"{edit.path}: the bootstrap stack does not change")


def refuse(sweep: Sweep, messages: Mapping[Edit, str]) -> None:
    """Each edit is refused, before anything changes, with its message."""
    for edit, message in messages.items():
        try:
            sweep.plan([edit])
        except TerraceError as error:
            if message not in f"{error} {error.hint}":
                sweep.fail(f"{edit.path}: refused with another message: {error}")
        else:
            sweep.fail(f"{edit.path}: not refused")


def keep(sweep: Sweep, edits: Sequence[Edit]) -> None:
    """The edits change nothing that is deployed, and the plan says so."""
    sweep.said.clear()
    planned = sweep.plan(edits)
    sweep.fail(*(f"{change.address} {change.verb}, but it is kept" for change in planned.changes))
    for edit in edits:
        if not any(f"`{edit.path}` does not change" in one and edit.text in one for one in sweep.said):
            sweep.fail(f"{edit.path}: no message says that it is kept")


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
            if known := tables().get(change.type, {}).get(reason):
                yield f"the table of effects has {change.type} {reason} in place ({known.effect}), but it is replaced"
