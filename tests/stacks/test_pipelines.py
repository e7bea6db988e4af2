"""Pipelines of a repository whose tokens have GitHub's ids in their subject."""

import json

import pytest

from terrace.assurance import checks, sign_in
from terrace.assurance.checks import Subject
from terrace.assurance.guarantees import GUARANTEES
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import load, target
from tests.conftest import ROOT
from tests.pipeline_stacks import PipelineStacks

PREFIX = "repo:acme@583231/terrace@1296269:"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_only_tokens_with_the_ids_are_trusted(pipeline_stacks: PipelineStacks, cloud: str) -> None:
    """The guarantee holds for them, and for no environment that names the repository without its ids."""
    own, stack = pipeline_stacks(cloud)
    assert f"{PREFIX}environment:dev" in json.dumps(stack)
    assert "repo:acme/terrace:" not in json.dumps(stack)
    rows = [row for row in GUARANTEES if row.id == "ID-1"]
    for environment, holds in ((own, True), (load("dev", project=ROOT, cloud=cloud).environment, False)):
        subject = Subject(View(stack), environment, target(environment))
        (result,) = checks.evaluate(subject, rows)
        assert result.passes is holds, result.reason
        found = sign_in.evaluate(subject)
        assert all(one.passes for one in found) is holds
