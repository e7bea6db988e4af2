"""Another size and another zone of running node pools: the new pools exist before the old ones are deleted."""

import os
import shutil
from pathlib import Path

import pytest

from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Event, ResourceEvent
from terrace.emulator import account_of, start
from terrace.environment import load, target
from terrace.project.discovery import Project
from tests.conftest import ROOT

EDITS = {
    "size": ("spot: {kind: spot, size: small", "spot: {kind: spot, size: medium", {"spot"}),
    "zones": ("zones: 1", "zones: 2", {"system", "spot"}),
}
"""What is edited in dev.yaml, and the pools that a node group's settings force to be replaced."""


@pytest.mark.e2e
def test_new_node_groups_are_made_before_the_old_ones_are_deleted(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    for name in ("modules", "policies", "cdktf.json"):
        (root / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "environments", root / "environments")
    dev = root / "environments" / "dev.yaml"
    account = target(load("dev", project=root, cloud="aws").environment)
    emulator = start(
        "aws",
        tmp_path / "emulator",
        account=account_of("aws", account.settings),
        region=account.region,
        parent=os.getpid(),
    )
    deployment = Deployment(
        Project(root, scratch=tmp_path), "dev", "aws", variables=emulator.child_environment(os.environ), state="local"
    )

    def applied() -> dict[str, list[tuple[str, str]]]:
        """Apply the node groups and what they depend on; the actions on each of them, in the order of the log."""
        events: list[Event] = []
        terraform = deployment.terraform(deployment.stack())
        groups = [one for one in terraform.construct_paths() if one.startswith("aws_eks_node_group.")]
        terraform.plan(tmp_path / "plan", targets=groups)
        terraform.apply(tmp_path / "plan", on_event=events.append)
        return {
            terraform.construct_of(group).rpartition("pool-")[2]: [
                (event.action, event.moment)
                for event in events
                if isinstance(event, ResourceEvent) and event.address == group and event.moment != "progress"
            ]
            for group in groups
        }

    try:
        assert all(actions == [("create", "start"), ("create", "complete")] for actions in applied().values())
        for before, after, pools in EDITS.values():
            text = dev.read_text()
            assert text.count(before) == 1
            dev.write_text(text.replace(before, after))
            expected = [("create", "start"), ("create", "complete"), ("delete", "start"), ("delete", "complete")]
            assert {name: actions for name, actions in applied().items() if actions} == dict.fromkeys(pools, expected)
        assert emulator.unsupported() == []
    finally:
        emulator.stop()
