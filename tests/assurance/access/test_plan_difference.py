"""What a plan of an existing deployment changes of who reaches or may do what."""

import json
from dataclasses import replace
from typing import Any

import pytest

from terrace.assurance import access, gate
from terrace.assurance.access.model import changes
from terrace.assurance.checks import Subject
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS, implementation
from terrace.environment import target
from tests.assurance.conftest import Written
from tests.assurance.plans import planned, replanned
from tests.assurance.test_gate import environment

_EVERY = 24
"""The corpus is large: every twenty-fourth edit is compared, until two have changed a path or a right."""


def _read(stack: dict[str, Any], cloud: str) -> access.Access:
    loaded = environment("prod", cloud).environment
    return access.read(Subject(View(stack), loaded, target(loaded)))


def _planned(before: dict[str, Any], after: dict[str, Any], cloud: str) -> list[str]:
    plan = replanned(before, after)
    changed = gate.access_changes(environment("prod", cloud), plan, View.of_plan(plan, after))
    return sorted(str(replace(one, by=())) for one in changed)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_plan_changes_what_its_stack_changes(written: Written, cloud: str) -> None:
    """Also in the other direction: what the plan removes has no configuration any more, only its former values."""
    text = written(cloud, "prod")
    clean = json.loads(text)
    allowed = _read(clean, cloud)
    assert _planned(clean, clean, cloud) == []
    compared = 0
    for danger in implementation("tests.assurance.corpus", cloud).DANGERS[::_EVERY]:
        edited = json.loads(text)
        danger.edit(edited)
        removed, added = changes(allowed, _read(edited, cloud))
        compared += bool(removed or added)
        forth = sorted([*(f"+ {one}" for one in added), *(f"- {one}" for one in removed)])
        back = sorted([*(f"- {one}" for one in added), *(f"+ {one}" for one in removed)])
        assert (danger.sentence, _planned(clean, edited, cloud)) == (danger.sentence, forth)
        assert (danger.sentence, _planned(edited, clean, cloud)) == (danger.sentence, back)
        if compared == 2:
            return
    pytest.fail("fewer than two edits change a path or a right")


def test_a_first_deployment_changes_nothing_that_exists(written: Written) -> None:
    stack = json.loads(written("aws", "prod"))
    plan = planned(stack)
    assert gate.access_changes(environment("prod", "aws"), plan, View.of_plan(plan, stack)) == ()
