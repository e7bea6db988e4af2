"""What an edit changes is in the table of effects: read from the stacks, without a plan.

tests/e2e/test_edits.py compares the table with real plans.
"""

from pathlib import Path

import pytest

from terrace.capabilities.effects import CREATED_FIRST, REPLACED, effect_of, tables
from tests.edits import record, stacks, table

CLOUDS = ("aws",)
"""Clouds whose table is complete."""


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_table_of_effects_knows_what_edits_change(tmp_path: Path, cloud: str) -> None:
    made = [edit for edit in table.edits(cloud) if not edit.expected and len(edit.values) == 1]
    assert len(made) > 60
    touched = stacks.touched(stacks.resources(tmp_path, cloud), stacks.resources(tmp_path, cloud, made))
    recorded = {line for lines in record.read(cloud).values() for line in lines}
    assert {*record.summary(touched)} <= recorded, f"python -m tests.edits.record {cloud}, python docs/generate.py"
    replacements = {CREATED_FIRST, REPLACED}
    unknown = {
        f"{type} {name}"
        for type, name in ((address.partition(".")[0], name) for address, name in touched)
        if name and type != "provider" and not effect_of(type, name) and replacements.isdisjoint(tables().get(type, {}))
    }
    assert sorted(unknown) == [], "the table of effects lacks these"
