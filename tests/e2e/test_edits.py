"""Most fields of a deployed dev are edited and applied on the emulated cloud.

The table of edits is in tests/edits. What the plan does for each edit is compared with the cloud's table of effects.
"""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
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
from tests.edits import stacks, table
from tests.edits.table import Edit

SWEPT = ("aws",)
"""Clouds whose table of effects is complete. The edits of the others are in the table."""
_INDEX = re.compile(r"\[[^]]*\]")


class WithoutRefresh(Terraform):
    """Plans from the state alone: the empty plan before it has compared the state with the cloud."""

    def _parallelism(self) -> list[str]:
        return [*super()._parallelism(), "-refresh=false"]


@dataclass
class Sweep:
    """A deployed dev whose file changes. `actions` is what the plans did for each edited field; `failures` are
    sentences."""

    cloud: str
    project: Path
    deployment: Deployment
    errors: list[Diagnostic]
    touched: dict[Edit, stacks.Touched] = field(default_factory=dict)
    actions: dict[str, Counter[str]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

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
            self.actions[edit.path] = Counter(actions(summary, self.touched[edit]))
            if not self.actions[edit.path]:
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
    refuse(sweep, [edit for edit in edits if edit.expected == "refused"])
    both_ways = {edit: what for edit, what in sweep.touched.items() if not edit.back}
    largest = max(stacks.groups(both_ways, sweep.valid), key=len)
    sweep.edit(largest)
    report(sweep, len(edits), len(largest))
    assert len(largest) >= 80
    assert sweep.failures == []


def find_touched(sweep: Sweep, edits: Sequence[Edit]) -> None:
    """Find what each edit touches. Those that are said to change no stack must touch nothing, and the others must."""
    before = stacks.resources(sweep.project, sweep.cloud)
    said = without_effect(sweep.cloud)
    for edit in edits:
        if edit.expected == "replaces":
            sweep.actions[edit.path] = Counter(["not applied: it replaces most of the platform"])
        if edit.expected in ("refused", "replaces"):
            continue
        try:
            differences = stacks.touched(before, stacks.resources(sweep.project, sweep.cloud, [edit]))
        except TerraceError as error:
            sweep.fail(f"{edit.path}: {error}")
            continue
        reason = edit.expected or ("said to have no effect" if edit.path in said else "")
        if bool(reason) == bool(differences):
            touches = sorted(f"{address} {name}" for address, name in differences)[:5]
            sweep.fail(f"{edit.path} touches {touches}; expected: {reason or 'a change'}")
        elif reason:
            sweep.actions[edit.path] = Counter([reason])
        else:
            sweep.touched[edit] = differences


def refuse(sweep: Sweep, edits: Sequence[Edit]) -> None:
    """Each edit is refused, before anything changes, with its message."""
    for edit in edits:
        try:
            sweep.plan([edit])
        except TerraceError as error:
            if edit.text not in f"{error} {error.hint}":
                sweep.fail(f"{edit.path}: refused with another message: {error}")
            sweep.actions[edit.path] = Counter(["refused"])
        else:
            sweep.fail(f"{edit.path}: not refused")


def actions(summary: Summary, touched: stacks.Touched) -> Iterator[str]:
    """What a plan does to what an edit touches."""
    of_provider = any(address.startswith("provider.") for address, _ in touched)
    for change in summary.changes:
        names = [name for address, name in touched if address == change.address]
        if change.verb == "change":
            settings = [setting for setting in change.effects if _touches(names, setting)]
            settings += [setting for setting in change.attributes if of_provider and setting.startswith("tags")]
            for effect in {change.effects.get(setting, "none") for setting in settings}:
                yield f"in place: {effect}"
        elif names and change.verb in ("replace", "add", "destroy"):
            yield f"replace: {change.effect}" if change.verb == "replace" else change.verb


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


def report(sweep: Sweep, edits: int, applied: int) -> None:
    """Print what each edit did."""
    sweep.log(f"{edits} edits, {applied} applied, {len(sweep.failures)} failures")
    total: Counter[str] = Counter()
    for path, found in sorted(sweep.actions.items()):
        print(f"{path:60}", ", ".join(f"{action} ({count})" for action, count in sorted(found.items())))
        total.update(found.keys())
    sweep.log(dict(total))
