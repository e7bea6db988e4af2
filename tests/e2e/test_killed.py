"""A foundation whose first apply is killed half-way: the next apply finds what was made, adopts it and converges."""

import os
from pathlib import Path

import pytest

from terrace.deployment import lifecycle
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Event
from terrace.emulator import account_of, start
from terrace.environment import load, target
from terrace.project.discovery import Project
from tests.conftest import ROOT
from tests.deployment.test_adoption import killed_when, steps
from tests.e2e.test_demo import PROVIDERS, provider_of


@pytest.mark.e2e
@pytest.mark.parametrize("cloud", PROVIDERS)
def test_a_foundation_killed_half_way_converges(tmp_path: Path, cloud: str) -> None:
    provider_of(cloud)
    place = target(load("dev", project=ROOT, cloud=cloud).environment)
    emulator = start(
        cloud,
        tmp_path / "emulator",
        account=account_of(cloud, place.settings),
        region=place.region,
        parent=os.getpid(),
    )
    heard: list[Event] = []
    said: list[str] = []
    deployment = Deployment(
        Project(ROOT, scratch=tmp_path),
        "dev",
        cloud,
        variables=emulator.child_environment(os.environ),
        state="local",
        say=said.append,
        listener=heard.append,
    )
    try:
        planned = lifecycle.plan(deployment)
        half = planned.summary.count("add") // 2
        killed_when(deployment, heard, lambda heard: steps(heard, "complete") >= half)
        lifecycle.apply(deployment, confirm=lambda saved: True)
        assert any("did not end in good order" in sentence for sentence in said)
        assert len(deployment.opened().addresses()) == planned.summary.count("add")
        assert lifecycle.plan(deployment).summary.empty
        assert emulator.unsupported() == []
    finally:
        emulator.stop()
