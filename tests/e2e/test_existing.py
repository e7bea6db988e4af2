"""A deployment on what a central team made: its life on an emulated cloud, in which it never touches what exists.

The central team's network, keys, registry and store of logs are the foundation's own of another environment, `hub`.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from ruamel.yaml import YAML

from terrace import live
from terrace.assurance import gate
from terrace.capabilities.cloud import facts
from terrace.deployment import lifecycle, teardown
from terrace.deployment.deployment import Deployment
from terrace.emulator import account_of, start
from terrace.environment import load, target
from terrace.project.discovery import Project
from terrace.purge import empty_buckets
from tests.conftest import ROOT
from tests.e2e.test_demo import require_provider

HUB = """\
extends: dev.yaml
name: hub
network: {entry: {domain: hub.data.example.com}}
"""
MADE = ("hub/keys/", "hub/registry/", "hub/network/", "hub/observability/workspace", "hub/observability/platform-log")
"""What the central team makes."""
NOT_MADE = {"azure": ("hub/network/path-",)}
"""Private paths to storage, which the central team does not make."""
KEYS = ("lake", "database")
SHARED = {"gcp": {"hub/keys/database-sqladmin", "hub/keys/lake-storage", "hub/observability/platform-writer"}}
"""Rights that the hub has given too, as it is in dev's project: to the same service agents on the same keys and log
bucket. IAM has one for both, which the first destroy takes."""
OTHERS = {"azure": {"KEY-3"}}
"""What verify finds of the keys: the hub's identities use them too."""
IDS = {"aws_kms_key": "arn", "azurerm_key_vault_key": "resource_versionless_id"}
"""The attribute with the id that an environment names, of types with another one than `id`."""


def add_account(root: Path, cloud: str) -> None:
    """The hub is in the account of dev, which dev owns."""
    file, yaml = root / "environments" / "clouds" / f"{cloud}.yaml", YAML()
    accounts = yaml.load(file)
    accounts["environments"]["hub"] = {**accounts["environments"]["dev"], "owns_account": False}
    yaml.dump(accounts, file)


def paths_of(deployment: Deployment) -> dict[str, str]:
    """The construct paths of a synthesized and initialized stack, by address."""
    return deployment.terraform(deployment.stack()).construct_paths()


def made(deployment: Deployment) -> dict[str, Mapping[str, Any]]:
    """The attributes of the resources in a state, by construct path."""
    terraform = deployment.terraform()
    paths, state = terraform.construct_paths(), terraform.state()["values"]["root_module"]["resources"]
    return {
        paths[one["address"]].partition("/")[2]: {"type": one["type"], **one["values"]}
        for one in state
        if one["address"] in paths
    }


def existing(cloud: str, hub: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What dev names of the hub, by the construct paths that the facts of the cloud have."""
    known = facts(cloud).existing

    def id(path: str) -> str:
        return str(hub[path][IDS.get(hub[path]["type"], "id")])

    def subnets(path: str) -> list[str]:
        of = (one for one, body in hub.items() if body["type"] == known.subnet.type)
        return [id(one) for one in sorted(of) if one.startswith(path.partition("{number}")[0])]

    network: dict[str, Any] = {
        "id": id(known.network.path),
        "subnets": {kind: subnets(one.path) for kind, one in known.subnets.items()},
    }
    if known.group:
        parties = (*known.groups, "database", "cache")
        network["groups"] = {party: id(known.group.path.format(name=party)) for party in parties}
    if known.node_range:
        network["node_range"] = hub["network/nodes"]["address_prefixes"][0]
    if known.private_zone:
        zones = [body for body in hub.values() if body["type"] == known.private_zone.type]
        network["private_zones"] = sorted(one["id"] for one in zones if one["name"].startswith("privatelink."))
    registry = {
        "aws": lambda: str(hub["registry/airflow"]["arn"]).removesuffix("/airflow"),
        "azure": lambda: id("registry/registry"),
        "gcp": lambda: id("registry/airflow"),
    }[cloud]()
    keys = {purpose: id(known.key.path.format(name=purpose)) for purpose in KEYS}
    found: dict[str, Any] = {"network": network, "keys": keys, "registry": registry}
    if known.monitoring:
        store = hub[known.monitoring.path]
        found["monitoring"] = {
            "id": store["id"],
            **({"workspace": store["workspace_id"]} if known.find_workspace else {}),
        }
    return found


@pytest.mark.e2e
@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_a_life_on_existing_resources(cloud: str, tmp_path: Path) -> None:
    require_provider(cloud)
    root = tmp_path / "project"
    root.mkdir()
    for name in ("modules", "policies", "cdktf.json"):
        (root / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "environments", root / "environments")
    (root / "environments" / "hub.yaml").write_text(HUB)
    add_account(root, cloud)
    account = target(load("dev", project=root, cloud=cloud).environment)
    emulator = start(
        cloud,
        tmp_path / "emulator",
        account=account_of(cloud, account.settings),
        region=account.region,
        parent=os.getpid(),
    )
    try:
        variables = emulator.child_environment(os.environ)
        emulated = patch.dict(os.environ, variables, clear=True)
        project = Project(root, scratch=tmp_path / "hub")
        hub = Deployment(project, "hub", cloud, variables=variables, state="local")
        below, plan = replace(hub, layer="bootstrap"), tmp_path / "plan"
        groups = [one for one in paths_of(below) if one.startswith("azurerm_resource_group.")]
        paths = paths_of(hub).items()
        targets = [one for one, path in paths if path.startswith(MADE) and not path.startswith(NOT_MADE.get(cloud, ()))]
        for deployment, addresses in ((below, groups), (hub, targets)):
            if addresses:
                deployment.terraform().plan(plan, targets=addresses)
                deployment.terraform().apply(plan)

        file, yaml = root / "environments" / "dev.yaml", YAML()
        settings = yaml.load(file)
        settings["existing"] = existing(cloud, made(hub))
        yaml.dump(settings, file)
        loaded = load("dev", project=root, cloud=cloud)
        environment, account = loaded.environment, target(loaded.environment)
        project = Project(root, scratch=tmp_path / "dev")
        judged = gate.of_plans(root, loaded, ends=False)
        dev = Deployment(project, "dev", cloud, variables=variables, state="local", gate=judged)
        basis = replace(dev, layer="bootstrap", gate=gate.of_bootstrap_plans(project, loaded, ends=False))
        for one in (basis, dev):
            lifecycle.plan(one)
            lifecycle.apply(one, confirm=lambda saved: True)
        second = lifecycle.plan(dev)
        assert [f"{one.address} ({', '.join(one.attributes)})" for one in second.summary.changes] == []
        with emulated:
            results = live.verify(environment, account)
        found = {one.guarantee.id: one for one in results}
        assert {id for id, one in found.items() if not one.passes} == OTHERS.get(cloud, set())
        owned = {"KEY-1", "K8S-10", "NET-1", "NET-2", "NET-3", "NET-4", "NET-5", "NET-8"}
        owned |= {"OBS-1"} if environment.existing.monitoring else set()
        assert {found[id].status for id in owned} == {"by_owner"}

        def empty() -> None:
            with emulated:
                empty_buckets(environment, account)

        teardown.destroy(dev, empty=empty)
        hub.terraform().plan(plan, targets=targets)
        changes = hub.terraform().show(plan)["resource_changes"]
        places = paths_of(hub)
        changed = {places[one["address"]] for one in changes if one["change"]["actions"] != ["no-op"]}
        assert changed <= SHARED.get(cloud, set())
        assert emulator.unsupported() == []
    finally:
        emulator.stop()
