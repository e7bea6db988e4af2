"""A small environment destroyed as the identity of its pipeline, on an AWS that evaluates what each role may do."""

import json
from pathlib import Path

import pytest

from tests.pipelines.team import whole_team

pytestmark = pytest.mark.e2e


def test_a_destroy_as_the_pipelines_identity_leaves_the_identities_and_the_state_home(tmp_path: Path) -> None:
    """Its role, its trust and the home of its state are not in the foundation, so it can still sign in and read."""
    with whole_team(tmp_path, rights=True) as team:
        team.bootstrap("dev")
        before = team.identities()
        assert len(before) == 4 and team.buckets()
        planned = json.loads(team.as_pipeline("dev", "plan", "plan", "dev", "--no-lock", "--json"))
        assert planned["changes"] == []
        team.as_pipeline("dev", "apply", "destroy", "dev", "--yes", "dev", "--empty-buckets")
        assert team.identities() == before
        assert team.buckets() == []
        (state,) = json.loads(team.as_pipeline("dev", "plan", "state", "list", "dev", "--json"))["states"]
        assert state["resources"] == 0
