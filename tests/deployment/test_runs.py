"""Locks of a remote state, which outlive the process that took them: S3 lock objects on the emulated AWS."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from terrace.deployment import lifecycle, runs
from terrace.deployment.deployment import Deployment
from terrace.deployment.errors import Lock, StateLocked
from terrace.deployment.events import ResourceEvent
from terrace.deployment.runs import Process, Run
from terrace.emulator import Emulator
from terrace.errors import TerraceError
from tests.deployment.conftest import SmallProject, resource
from tests.deployment.test_adoption import REGION, client, deployment_on

Yes = Callable[[object], bool]


def remote_stack(small: SmallProject, aws: Emulator, key: str, seconds: float) -> None:
    s3 = client(aws, "s3")
    if "states" not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION})
    slow = resource("dev/lake/slow", provisioner=[{"local-exec": {"command": f"sleep {seconds}"}}])
    content = {
        "terraform": {"backend": {"s3": {"bucket": "states", "key": key, "region": REGION, "use_lockfile": True}}},
        "resource": {"terraform_data": {"quick": resource("dev/lake/quick"), "slow": slow}},
    }
    (small.root / "stack.json").write_text(json.dumps(content))


def locks(aws: Emulator, key: str) -> list[str]:
    listed = client(aws, "s3").list_objects_v2(Bucket="states", Prefix=f"{key}.tflock")
    return [entry["Key"] for entry in listed.get("Contents", [])]


def killed(small: SmallProject, aws: Emulator) -> Deployment:
    """A deployment whose apply was killed while it created `slow`. Its state is locked."""

    def on_event(event: object) -> None:
        if isinstance(event, ResourceEvent) and event.phase == "apply" and event.address == "terraform_data.slow":
            run = runs.read_marker(deployment.marker)
            if run and run.terraform and run.terraform.alive:
                time.sleep(0.3)  # the lock exists, and `quick` is complete
                os.kill(run.terraform.pid, signal.SIGKILL)

    deployment = deployment_on(small, aws, on_event=on_event)
    lifecycle.plan(deployment)
    with pytest.raises(TerraceError, match="killed"):
        lifecycle.apply(deployment, confirm=lambda saved: True)
    return deployment


def test_the_lock_of_a_killed_run_is_released(small: SmallProject, aws: Emulator, yes: Yes) -> None:
    remote_stack(small, aws, "own", 30)
    killed(small, aws)
    assert locks(aws, "own")
    remote_stack(small, aws, "own", 0)
    deployment = deployment_on(small, aws)
    lifecycle.apply(deployment, confirm=yes)
    assert any(message.startswith("released the state lock of apply by ") for message in small.messages)
    assert sorted(deployment.terraform().addresses()) == ["terraform_data.quick", "terraform_data.slow"]
    assert locks(aws, "own") == []


def test_another_lock_is_released_only_with_its_id(small: SmallProject, aws: Emulator, yes: Yes) -> None:
    """The same lock, without the marker of the killed run, as on another machine."""
    remote_stack(small, aws, "other", 30)
    killed(small, aws).marker.unlink()
    remote_stack(small, aws, "other", 0)
    deployment = deployment_on(small, aws)
    with pytest.raises(StateLocked) as caught:
        lifecycle.plan(deployment)
    assert caught.value.message.startswith("the state is locked: apply by ")
    identity = caught.value.lock.id
    assert caught.value.hint.endswith(f"release its lock with --unlock {identity}")
    with pytest.raises(StateLocked):
        lifecycle.plan(deployment, unlock="another-id")
    lifecycle.apply(deployment, confirm=yes, unlock=identity)
    assert locks(aws, "other") == []
    assert sorted(deployment.terraform().addresses()) == ["terraform_data.quick", "terraform_data.slow"]


def run_since(started: str) -> Run:
    return Run("apply dev", started, Process(1, 0.0))


@pytest.mark.parametrize(
    ("who", "created", "expected"),
    [
        ("me@here", "2026-05-04 10:00:05.123456789 +0000 UTC", True),
        ("me@here", "2026-05-04T10:00:05.123456789Z", True),
        ("me@here", "2026-05-04 09:00:00 +0000 UTC", False),  # before the run started
        ("me@elsewhere", "2026-05-04 10:00:05 +0000 UTC", False),
        ("me@here", "invalid time", False),
    ],
)
def test_a_lock_belongs_to_a_run_by_user_machine_and_time(
    monkeypatch: pytest.MonkeyPatch, who: str, created: str, expected: bool
) -> None:
    monkeypatch.setattr(runs.getpass, "getuser", lambda: "me")
    monkeypatch.setattr(runs.socket, "gethostname", lambda: "here")
    lock = Lock("id", who=who, created=created)
    assert runs.left_lock(run_since("2026-05-04T10:00:00+00:00"), lock) is expected


@pytest.mark.parametrize("content", ["", "{", "[]", '{"command": "apply"}', '{"terrace": {"pid": 1}}'])
def test_an_invalid_marker_is_ignored(tmp_path: Path, content: Any) -> None:
    (tmp_path / "marker").write_text(content)
    assert runs.read_marker(tmp_path / "marker") is None
