"""Another size, kind and zone of running node pools: new nodes exist before the old ones are deleted."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from terrace.capabilities.cloud import facts
from terrace.capabilities.cluster import generation
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Event, ResourceEvent
from terrace.emulator import account_of, start
from terrace.environment import load, target
from terrace.project.discovery import Project
from tests.conftest import ROOT
from tests.e2e.test_demo import require_provider

Steps = list[str]
"""What happens to the nodes of a pool, in the order in which it begins."""

SIZE = ("spot: {kind: spot, size: small", "spot: {kind: spot, size: medium")
KIND = ("spot: {kind: spot, size: medium", "spot: {kind: general, size: medium")
ZONES = ("zones: 1", "zones: 2")
FIRST: Steps = ["create", "created", "delete", "deleted"]
IN_PLACE: Steps = ["update", "updated"]
"""The cloud itself replaces the nodes, a few at a time."""
ROTATED: Steps = ["create another", "delete", "create", "delete another"]
EDITS: Mapping[str, list[tuple[tuple[str, str], dict[str, Steps]]]] = {
    "aws": [(SIZE, {"spot": FIRST}), (ZONES, {"system": FIRST, "spot": FIRST})],
    "azure": [(SIZE, {"spot": ROTATED}), (ZONES, {"system": ROTATED, "spot": ROTATED})],
    "gcp": [(SIZE, {"spot": IN_PLACE}), (KIND, {"spot": FIRST})],
}
"""What is edited in dev.yaml, and what it does to the pools that it changes. Dev's cluster on Google Cloud stays in its
zone. Sources: azurerm 5.2, "cycling" of azurerm_kubernetes_cluster and _node_pool; provider 7.45,
google_container_node_pool; provider 5.100, aws_eks_node_group."""


class Pools:
    """The node pools of dev on an emulated cloud, and what they depend on."""

    def __init__(self, cloud: str, folder: Path) -> None:
        root = folder / "project"
        root.mkdir()
        for name in ("modules", "policies", "cdktf.json"):
            (root / name).symlink_to(ROOT / name)
        shutil.copytree(ROOT / "environments", root / "environments")
        self.file = root / "environments" / "dev.yaml"
        self.plan = folder / "plan"
        account = target(load("dev", project=root, cloud=cloud).environment)
        self.emulator = start(
            cloud,
            folder / "emulator",
            account=account_of(cloud, account.settings),
            region=account.region,
            parent=os.getpid(),
        )
        variables = self.emulator.child_environment(os.environ)
        self.deployment = Deployment(Project(root, scratch=folder), "dev", cloud, variables=variables, state="local")

    def bootstrap(self) -> None:
        """Apply what the foundation finds."""
        basis = replace(self.deployment, layer="bootstrap")
        terraform = basis.terraform(basis.stack())
        terraform.plan(self.plan)
        terraform.apply(self.plan)

    def edit(self, before: str, after: str) -> None:
        text = self.file.read_text()
        assert text.count(before) == 1
        self.file.write_text(text.replace(before, after))

    def applied(self) -> dict[str, Steps]:
        """Apply the pools, and what was done to each that was changed."""
        events: list[Event] = []
        terraform = self.deployment.terraform(self.deployment.stack())
        kubernetes = facts(self.deployment.cloud).kubernetes_versions
        targets = [one for one in terraform.construct_paths() if one.partition(".")[0] in kubernetes]
        seen = len(self._requests())
        terraform.plan(self.plan, targets=targets)
        terraform.apply(self.plan, on_event=events.append)
        if self.deployment.cloud == "azure":
            return rotations(self._requests()[seen:])
        done: dict[str, Steps] = {}
        for event in events:
            if isinstance(event, ResourceEvent) and event.moment in ("start", "complete"):
                _, is_pool, name = terraform.construct_of(event.address).partition("/pool-")
                if is_pool:
                    done.setdefault(name, []).append(event.action if event.moment == "start" else f"{event.action}d")
        return done

    def _requests(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.emulator.directory / "requests.jsonl").read_text().splitlines()]


def rotations(requests: list[dict[str, Any]]) -> dict[str, Steps]:
    """What azurerm did to the pools of AKS, by its requests: it makes a pool of another name, and deletes it last."""
    verbs = {"PUT": "create", "DELETE": "delete"}
    temporary = {"rotating": "system", **{f"tmp{generation(name)}": name for name in ("spot", "general")}}
    done: dict[str, Steps] = {}
    for one in requests:
        if one["method"] in verbs and "/agentPools/" in one["path"] and one["status"] < 400:
            verb, name = verbs[one["method"]], one["path"].rpartition("/")[2]
            done.setdefault(temporary.get(name, name), []).append(f"{verb} another" if name in temporary else verb)
    return done


@pytest.mark.e2e
@pytest.mark.parametrize("cloud", EDITS)
def test_new_nodes_are_made_before_the_old_ones_are_deleted(cloud: str, tmp_path: Path) -> None:
    require_provider(cloud)
    pools = Pools(cloud, tmp_path)
    try:
        pools.bootstrap()
        assert all(steps in (["create"], ["create", "created"]) for steps in pools.applied().values())
        for edit, expected in EDITS[cloud]:
            pools.edit(*edit)
            assert pools.applied() == expected
        assert pools.emulator.unsupported() == []
    finally:
        pools.emulator.stop()
