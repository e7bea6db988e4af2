"""Who changed a resource: the audit logs of the emulated clouds, which record the writes of their callers."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from terrace.azure import names as azure_names
from terrace.capabilities.target import Target
from terrace.emulator import Emulator
from terrace.emulator.azure import CALLER_ID
from terrace.environment import load, target
from terrace.gcp import names as gcp_names
from terrace.live.azure.session import Reader as AzureReader
from terrace.live.writes import MOST, Identity, last_writes
from tests.conftest import ROOT
from tests.deployment.test_adoption import client
from tests.emulated import emulated


def change_aws(emulator: Emulator, where: Target) -> Identity:
    sns = client(emulator, "sns", where.region)
    topic = sns.create_topic(Name="written")["TopicArn"]
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "team", "Value": "data"}])
    sns.list_tags_for_resource(ResourceArn=topic)
    return Identity("aws_sns_topic", (topic, "written"))


def change_azure(emulator: Emulator, where: Target) -> Identity:
    group = f"/subscriptions/{azure_names.settings(where).subscription_id}/resourceGroups/written"
    reader = AzureReader(azure_names.settings(where), emulator.child_environment(os.environ))
    reader.write(group, {"location": where.region})
    reader.patch(group, {"tags": {"team": "data"}})
    reader.get(group)
    return Identity("azurerm_resource_group", (group, "written"))


def change_gcp(emulator: Emulator, where: Target) -> Identity:
    project = gcp_names.account(where)
    for service in ("pubsub", "logging"):
        services = f"serviceusage.googleapis.com/v1/projects/{project}/services"
        call(emulator, "POST", f"{services}/{service}.googleapis.com:enable")
    topic = f"projects/{project}/topics/written"
    call(emulator, "PUT", f"pubsub.googleapis.com/v1/{topic}")
    body = {"topic": {"name": topic, "labels": {"team": "data"}}, "updateMask": "labels"}
    call(emulator, "PATCH", f"pubsub.googleapis.com/v1/{topic}", body)
    call(emulator, "GET", f"pubsub.googleapis.com/v1/{topic}")
    return Identity("google_pubsub_topic", (topic, "written"))


def call(emulator: Emulator, method: str, url: str, body: dict[str, Any] | None = None) -> None:
    requests.request(
        method,
        f"https://{url}",
        json=body or {},
        headers={"Authorization": "Bearer emulated"},
        proxies={"https": emulator.proxy},
        verify=str(emulator.ca),
        timeout=20,
    ).raise_for_status()


EXPECTED: dict[str, tuple[Callable[[Emulator, Target], Identity], str, list[str]]] = {
    "aws": (change_aws, ":user/moto", ["sns:TagResource", "sns:CreateTopic"]),
    "azure": (change_azure, CALLER_ID, ["Microsoft.Resources/resourceGroups/write"] * 2),
    "gcp": (change_gcp, "operator@example.com", ["pubsub.projects.topics.patch", "pubsub.projects.topics.create"]),
}


@pytest.mark.parametrize("cloud", EXPECTED)
def test_the_last_writes_name_actor_and_call(tmp_path: Path, cloud: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where: Any = target(load("dev", project=ROOT, cloud=cloud).environment)
    change, actor, calls = EXPECTED[cloud]
    with emulated(cloud, tmp_path) as emulator:
        changed = change(emulator, where)
        for name, value in emulator.child_environment(os.environ).items():
            monkeypatch.setenv(name, value)
        other = Identity(changed.type, tuple(name.replace("written", "writ") for name in changed.names))
        found = last_writes(cloud, where, {"changed": changed, "other": other})
        assert sorted(one.call for one in found["changed"].writes) == sorted(calls), found["changed"].unknown
        assert {one.actor.endswith(actor) for one in found["changed"].writes} == {True}
        assert (found["other"].writes, found["other"].unknown) == (
            (),
            "the audit log has no write of it in the last 90 days",
        )
    for one in last_writes(cloud, where, {f"a{at}": changed for at in range(MOST + 1)}).values():
        assert (one.writes, bool(one.unknown)) == ((), True)  # the log cannot be read
