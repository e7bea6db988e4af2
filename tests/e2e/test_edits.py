"""Each field of a deployed dev is edited and applied on the emulated cloud, and changed back.

The table of edits is in tests/edits. What the plan does for each edit is compared with the cloud's table of effects,
and what each edit touches with the record that the page of effects is made from.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from terrace.capabilities.effects import without_effect
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Diagnostic, Event
from terrace.emulator import account_of, start
from terrace.environment import load, target
from terrace.errors import TerraceError
from terrace.project.discovery import Project
from tests.e2e.test_demo import require_provider
from tests.edits import record, stacks, table
from tests.edits.sweep import Sweep
from tests.edits.table import Edit

APPLIED = {"aws": 110, "azure": 100, "gcp": 96}
"""The clouds on which the sweep runs, and how many edits it applies at least."""
_LOSES = "loses "


@pytest.fixture
def sweep(cloud: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sweep]:
    require_provider(cloud)
    project = tmp_path / "project"
    table.write(project, cloud)
    account = target(load("dev", project=project).environment)
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
    deployment = Deployment(Project(project), "dev", cloud, variables=variables, on_event=collect)
    try:
        yield Sweep(cloud, project, deployment, errors)
        assert running.unsupported() == []
    finally:
        running.stop()


@pytest.mark.e2e
@pytest.mark.parametrize("cloud", APPLIED)
def test_every_field_can_be_edited_and_changed_back(sweep: Sweep) -> None:
    """Groups of edits are applied one after the other, each taking the last one back, and the next plan is empty; the
    table of effects explains each plan. Edits that are one-way are applied last, and not taken back."""
    edits = table.edits(sweep.cloud)
    find_touched(sweep, edits)
    both_ways, last = groups(sweep, one_way=False), groups(sweep, one_way=True)
    applied = [edit for group in (*both_ways, *last) for edit in group]
    sweep.log(len(edits), "edits,", len(applied), "to apply in", len(both_ways), "groups, then", len(last), "one-way")
    assert sweep.edit([])
    refuse(sweep, edits)
    keep(sweep, [edit for edit in edits if edit.expected == "kept"])
    for group in (*both_ways, []):
        sweep.edit(group)
    for number, group in enumerate(last):
        if sweep.edit([edit for earlier in last[: number + 1] for edit in earlier]):
            refuse_back(sweep, group)
    report(sweep, edits)
    assert sweep.failures == []
    assert sorted(edit.path for edit in applied if edit.path not in sweep.seen) == []
    assert len(applied) >= APPLIED[sweep.cloud]


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
        elif edit.expected == "bootstrap":
            identities = stacks.resources(sweep.project, sweep.cloud, [edit], bootstrap=True)
            sweep.touched[edit] = stacks.touched(pipelines, identities)
            if not sweep.touched[edit]:
                sweep.fail(f"{edit.path}: the bootstrap stack does not change")


def groups(sweep: Sweep, *, one_way: bool) -> list[list[Edit]]:
    """The edits that change a stack, in groups that can be made at once: those that cannot be changed back, or the
    others."""
    return stacks.groups(
        {edit: what for edit, what in sweep.touched.items() if bool(edit.back) == one_way}, sweep.valid
    )


def refuse(sweep: Sweep, edits: Sequence[Edit]) -> None:
    """Each edit that is to be refused is, before anything changes, with its message."""
    for edit in edits:
        if edit.expected == "refused":
            _refused(sweep, edit, [edit], edit.text)


def refuse_back(sweep: Sweep, group: Sequence[Edit]) -> None:
    """Each edit that is one-way is refused on its way back, with its message, or the plan shows what would be lost."""
    made = sweep.made
    for edit in group:
        others = [other for other in made if not edit.values.keys() & other.values.keys()]
        if not edit.back.startswith(_LOSES):
            _refused(sweep, edit, others, edit.back)
        elif edit.back.removeprefix(_LOSES) not in {change.type for change in sweep.plan(others).losses}:
            sweep.fail(f"{edit.path}: changed back, the plan does not say that it {edit.back}")


def _refused(sweep: Sweep, edit: Edit, made: Sequence[Edit], message: str) -> None:
    sweep.errors.clear()
    try:
        sweep.plan(made)
    except TerraceError as error:
        if message not in " ".join((str(error), error.hint, *(one.summary for one in sweep.errors))):
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


def report(sweep: Sweep, edits: Sequence[Edit]) -> None:
    """Print what each edit did, and how many there were."""
    for path, what in sorted(sweep.seen.items()):
        sweep.log(path, what)
    verbs = Counter(verb for what in sweep.seen.values() for verb in what)
    expected = Counter(edit.expected or "applied" for edit in edits)
    sweep.log(len(edits), "fields:", dict(expected), dict(verbs), len(sweep.failures), "failures")
