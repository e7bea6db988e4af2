"""A remote state's lock outlives the process that took it. Here it is S3's lock object, on the emulated AWS."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from terrace.deployment import errors as faults
from terrace.deployment import lifecycle, recovery
from terrace.deployment.deployment import Deployment
from terrace.deployment.errors import Lock
from terrace.deployment.events import ResourceEvent
from terrace.deployment.recovery import Process, Run
from terrace.emulator import Emulator
from terrace.errors import TerraceError
from tests.deployment.conftest import SmallProject, resource
from tests.deployment.test_recovery import REGION, client, deployment_on

Yes = Callable[[object], bool]


def remote(small: SmallProject, aws: Emulator, key: str, seconds: float) -> None:
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
    """A deployment whose apply was killed as `slow` was being created. Its state is locked."""

    def listener(event: object) -> None:
        if isinstance(event, ResourceEvent) and event.phase == "apply" and event.address == "terraform_data.slow":
            run = recovery.read_marker(deployment.marker)
            if run and run.terraform and run.terraform.alive:
                time.sleep(0.3)  # the lock is taken long before; `quick` is through by now
                os.kill(run.terraform.pid, signal.SIGKILL)

    deployment = deployment_on(small, aws, listener=listener)
    lifecycle.plan(deployment)
    with pytest.raises(TerraceError, match="killed"):
        lifecycle.apply(deployment, confirm=lambda saved: True)
    return deployment


def test_the_lock_of_our_own_dead_run_is_released(small: SmallProject, aws: Emulator, yes: Yes) -> None:
    remote(small, aws, "ours", 30)
    killed(small, aws)
    assert locks(aws, "ours")
    remote(small, aws, "ours", 0)
    deployment = deployment_on(small, aws)
    lifecycle.apply(deployment, confirm=yes)
    assert any(sentence.startswith("released the state's lock, left by apply by ") for sentence in small.said)
    assert sorted(deployment.opened().addresses()) == ["terraform_data.quick", "terraform_data.slow"]
    assert locks(aws, "ours") == []


def test_another_lock_is_released_only_on_request(small: SmallProject, aws: Emulator, yes: Yes) -> None:
    """The same lock, seen from a machine that knows nothing of the dead run."""
    remote(small, aws, "theirs", 30)
    killed(small, aws).marker.unlink()
    remote(small, aws, "theirs", 0)
    deployment = deployment_on(small, aws)
    with pytest.raises(faults.StateLocked) as caught:
        lifecycle.plan(deployment)
    assert caught.value.message.startswith("the state is locked: apply by ")
    identity = caught.value.lock.id
    assert caught.value.hint.endswith(f"release its lock with --unlock {identity}")
    with pytest.raises(faults.StateLocked):
        lifecycle.plan(deployment, unlock="another-id")
    lifecycle.apply(deployment, confirm=yes, unlock=identity)
    assert locks(aws, "theirs") == []
    assert sorted(deployment.opened().addresses()) == ["terraform_data.quick", "terraform_data.slow"]


def run_since(started: str) -> Run:
    return Run("apply dev", started, Process(1, 0.0))


@pytest.mark.parametrize(
    ("who", "created", "ours"),
    [
        ("me@here", "2026-05-04 10:00:05.123456789 +0000 UTC", True),
        ("me@here", "2026-05-04T10:00:05.123456789Z", True),
        ("me@here", "2026-05-04 09:00:00 +0000 UTC", False),  # taken before the run began
        ("me@elsewhere", "2026-05-04 10:00:05 +0000 UTC", False),
        ("me@here", "no time at all", False),
    ],
)
def test_what_proves_a_lock_to_be_ours(monkeypatch: pytest.MonkeyPatch, who: str, created: str, ours: bool) -> None:
    monkeypatch.setattr(recovery.getpass, "getuser", lambda: "me")
    monkeypatch.setattr(recovery.socket, "gethostname", lambda: "here")
    lock = Lock("id", who=who, created=created)
    assert recovery.is_ours(lock, run_since("2026-05-04T10:00:00+00:00")) is ours


@pytest.mark.parametrize("content", ["", "{", "[]", '{"command": "apply"}', '{"terrace": {"pid": 1}}'])
def test_a_marker_that_makes_no_sense_is_none(tmp_path: Path, content: Any) -> None:
    (tmp_path / "marker").write_text(content)
    assert recovery.read_marker(tmp_path / "marker") is None
