"""The first apply of a foundation is killed halfway; the next one adopts what it created and converges."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from terrace.deployment import lifecycle
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Event
from terrace.project.discovery import Project
from tests.conftest import ROOT
from tests.deployment.test_adoption import count, kill_apply_when
from tests.e2e.test_demo import PROVIDERS, require_provider
from tests.emulated import emulated


@pytest.mark.e2e
@pytest.mark.parametrize("cloud", PROVIDERS)
def test_an_apply_converges_after_a_kill_halfway(tmp_path: Path, cloud: str) -> None:
    require_provider(cloud)
    events: list[Event] = []
    messages: list[str] = []
    with emulated(cloud, tmp_path / "emulator") as emulator:
        deployment = Deployment(
            Project(ROOT, scratch=tmp_path),
            "dev",
            cloud,
            variables=emulator.child_environment(os.environ),
            state="local",
            on_message=messages.append,
            on_event=events.append,
        )
        basis = replace(deployment, layer="bootstrap")
        lifecycle.plan(basis)
        lifecycle.apply(basis, confirm=lambda saved: True)
        planned = lifecycle.plan(deployment)
        half = planned.summary.count("add") // 2
        kill_apply_when(deployment, events, lambda events: count(events, "complete") >= half)
        lifecycle.apply(deployment, confirm=lambda saved: True)
        assert any("was killed; searching for resources" in message for message in messages)
        assert len(deployment.terraform().addresses()) == planned.summary.count("add")
        assert lifecycle.plan(deployment).summary.empty
        assert emulator.unsupported() == []
