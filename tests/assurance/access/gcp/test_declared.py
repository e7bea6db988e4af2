"""The comparison on Google Cloud: the project's own stacks differ in nothing."""

import json

import pytest

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.view import View
from terrace.environment import load, target
from tests.assurance.access.gcp.stacks import ROOT, subject
from tests.assurance.conftest import Written


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_the_stacks_allow_what_their_environments_declare(name: str, written: Written) -> None:
    environment = load(name, project=ROOT, cloud="gcp").environment
    stack = Subject(View(json.loads(written("gcp", name))), environment, target(environment))
    found = access.differences(stack)
    assert (found.undeclared, found.missing, found.unknown) == ((), (), ())
    assert len(access.read(stack).paths) > 20
    assert len(access.read(stack).grants) > 150


def test_every_row_of_this_cloud_has_a_reason() -> None:
    declared = access.declarations(subject())
    explained = {edge for edge, _ in declared.reasons}
    assert {*declared.allowed_paths, *declared.allowed_grants} <= explained
    assert all(reason.strip() for _, reason in declared.reasons)
