"""The mark of a run beside a remote state, with state in emulated S3 and a second checkout as another runner."""

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from terrace.deployment import lifecycle, marks, runs
from terrace.deployment.deployment import Deployment
from terrace.deployment.errors import Lock
from terrace.deployment.events import Event, ResourceEvent
from terrace.deployment.runs import Process, Run, StillRunning
from terrace.emulator import Emulator
from terrace.errors import TerraceError
from terrace.project.process import Interrupted
from terrace.state.aws import BucketHome
from tests.deployment.conftest import SmallProject, resource
from tests.deployment.test_adoption import REGION, TAGS, client, deployment_on

NAME = "dev/aws/foundation/run.json"
ACCOUNT = "111122223333"


def bucket(aws: Emulator, name: str) -> BucketHome:
    s3 = client(aws, "s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return BucketHome(s3, name, ACCOUNT)


def stack_of(small: SmallProject, home: BucketHome, resources: dict[str, Any]) -> None:
    """A stack whose state is in S3, beside the mark."""
    provider = {"aws": [{"region": REGION, "default_tags": [{"tags": TAGS}]}]}
    on_aws = any(type.startswith("aws_") for type in resources)
    small.stack(resources, **({"provider": provider} if on_aws else {}))  # its start takes seconds
    path = small.root / "stack.json"
    content = json.loads(path.read_text())
    backend = {"bucket": home.bucket, "key": "dev/aws/foundation.tfstate", "region": REGION, "use_lockfile": True}
    path.write_text(json.dumps(content | {"terraform": content["terraform"] | {"backend": {"s3": backend}}}))


def queues(prefix: str) -> dict[str, Any]:
    """Queues, for whose attributes the provider waits after each has been created."""
    return {"aws_sqs_queue": {n: resource(f"dev/events/{n}", name=f"{prefix}-{n}") for n in ("one", "two", "three")}}


def other_checkout(small: SmallProject) -> SmallProject:
    """The same sources without what the runner wrote."""
    root = small.root.with_name("other-runner")
    shutil.copytree(small.root, root, ignore=shutil.ignore_patterns(".terrace", "cdktf.out", "__pycache__"))
    other = SmallProject.__new__(SmallProject)
    other.root, other.messages = root, []
    return other


def run_until(
    deployment: Deployment, condition: Callable[[], bool], signals: int, to_terraform: bool, expected: type[Exception]
) -> None:
    """Apply, and signal this process or Terraform once `condition` is true."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            run = runs.read_marker(deployment.marker)
            if run and run.terraform and run.terraform.alive and condition():
                os.kill(run.terraform.pid if to_terraform else os.getpid(), signals)
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with pytest.raises(expected):
            lifecycle.apply(deployment, confirm=lambda saved: True)
    finally:
        ended.set()
        watcher.join()


def creation_times(aws: Emulator, prefix: str) -> dict[str, str]:
    sqs = client(aws, "sqs")
    return {
        url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["CreatedTimestamp"])["Attributes"][
            "CreatedTimestamp"
        ]
        for url in sqs.list_queues(QueueNamePrefix=prefix).get("QueueUrls", [])
    }


def created(aws: Emulator, prefix: str) -> list[str]:
    found = client(aws, "sqs").list_queues(QueueNamePrefix=prefix).get("QueueUrls", [])
    return sorted(url.rpartition("-")[2] for url in found)


def test_a_killed_run_is_recovered_on_another_runner(
    small: SmallProject, aws: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Terraform had not yet written its state: every queue exists, and none is in the state."""
    home = bucket(aws, "killed-states")
    stack_of(small, home, queues("killed"))
    variables = {"GITHUB_SERVER_URL": "https://git", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"}
    deployment = deployment_on(small, aws, home=home)
    deployment = replace(deployment, variables={**deployment.variables, **variables})
    lifecycle.plan(deployment)

    def begun() -> bool:
        mark = home.read(NAME)
        recorded = runs.parsed(mark.content) if mark else None
        return len(created(aws, "killed")) == 3 and recorded is not None and len(recorded.begun) == 3

    run_until(deployment, begun, signal.SIGKILL, True, TerraceError)
    assert deployment.terraform().addresses() == []
    mark = home.read(NAME)
    assert mark is not None
    run = runs.parsed(mark.content)
    assert run is not None and run.address == "https://git/a/b/actions/runs/7"
    assert set(run.creates) == {f"aws_sqs_queue.{name}" for name in ("one", "two", "three")}

    other = other_checkout(small)
    elsewhere = deployment_on(other, aws, home=home)
    with pytest.raises(StillRunning, match=r"of 20.*https://git/a/b/actions/runs/7\) is still running: its last sign"):
        lifecycle.plan(elsewhere)
    monkeypatch.setattr(marks, "SILENT_SECONDS", 0)
    applied = lifecycle.apply(elsewhere, confirm=lambda saved: True)
    assert applied is not None and len(applied.adopted) == 3
    assert any("was killed; searching for resources" in message for message in other.messages)
    assert any(message.startswith("released the state lock of apply by ") for message in other.messages)
    assert sorted(elsewhere.terraform().addresses()) == sorted(run.creates)
    assert lifecycle.plan(elsewhere).summary.empty
    assert created(aws, "killed") == ["one", "three", "two"]
    assert home.read(NAME) is None and locks_in(aws, home) == []


def locks_in(aws: Emulator, home: BucketHome) -> list[str]:
    return [name for name in home.names("") if name.endswith(".tflock")]


def test_what_an_interrupted_run_left_half_made_is_kept_on_another_runner(small: SmallProject, aws: Emulator) -> None:
    """An interrupt fails what is being created, and Terraform would replace it."""
    home = bucket(aws, "interrupted-states")
    stack_of(small, home, queues("interrupted"))
    deployment = deployment_on(small, aws, home=home)
    lifecycle.plan(deployment)
    run_until(deployment, lambda: len(created(aws, "interrupted")) == 3, signal.SIGINT, False, Interrupted)
    assert locks_in(aws, home) == []
    times = creation_times(aws, "interrupted")
    other = other_checkout(small)
    elsewhere = deployment_on(other, aws, home=home)
    planned = lifecycle.plan(elsewhere)
    assert planned.summary.losses == [] and planned.summary.count("replace") == 0
    assert any("was interrupted; searching for resources" in message for message in other.messages)
    kept = [message for message in other.messages if message.startswith("keeping aws_sqs_queue.")]
    assert len(kept) + len(planned.adopted) >= 1
    lifecycle.apply(elsewhere, confirm=lambda saved: True)
    assert lifecycle.plan(elsewhere).summary.empty
    assert len(elsewhere.terraform().addresses()) == 3
    assert creation_times(aws, "interrupted") == times
    assert home.read(NAME) is None


def _changes(event: Event) -> bool:
    """Whether it is about a change of a resource, not about reading one."""
    return isinstance(event, ResourceEvent) and event.phase == "apply"


def test_a_run_that_ends_by_itself_leaves_no_mark(small: SmallProject, aws: Emulator) -> None:
    home = bucket(aws, "ended-states")
    stack_of(small, home, {"terraform_data": {"one": resource("dev/lake/one", input="x")}})
    seen: list[bool] = []
    deployment = deployment_on(
        small,
        aws,
        home=home,
        on_event=lambda event: seen.append(home.read(NAME) is not None) if _changes(event) else None,
    )
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=lambda saved: True)
    assert seen and all(seen)
    assert home.read(NAME) is None
    broken = resource("dev/cache/broken", provisioner=[{"local-exec": {"command": "exit 3"}}])
    stack_of(small, home, {"terraform_data": {"broken": broken}})
    lifecycle.plan(deployment)
    with pytest.raises(TerraceError):
        lifecycle.apply(deployment, confirm=lambda saved: True)
    assert home.read(NAME) is None


def test_two_runs_that_begin_at_once_cannot_both_mark(small: SmallProject, aws: Emulator) -> None:
    home = bucket(aws, "twice-states")
    deployment = deployment_on(small, aws, home=home)
    run = Run("apply dev", "2026-05-04T10:00:00+00:00", Process.of(os.getpid()), who=runs.this_user())
    with marks.Mark(deployment, run) as first:
        found = home.read(NAME)
        assert found is not None
        home.delete(NAME)
        home.write(NAME, runs.written(replace(run, who="other@elsewhere")), new=True)
        first.listen(ResourceEvent("apply", "start", "aws_sqs_queue.a", "create"))
        time.sleep(0.5)
        first.remove()
    other = home.read(NAME)
    assert other is not None and b"other@elsewhere" in other.content  # the mark of the other run stays


def mark(home: BucketHome, **changes: Any) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    run = Run("apply dev", now, Process(1, 0.0), who="runner@elsewhere", seen=now)
    home.write(NAME, runs.written(replace(run, **changes)))


def test_a_run_elsewhere_is_alive_as_long_as_it_gives_signs_of_life(small: SmallProject, aws: Emulator) -> None:
    home = bucket(aws, "alive-states")
    deployment = deployment_on(small, aws, home=home)
    mark(home)
    with pytest.raises(StillRunning, match=r"\(process 1 of runner@elsewhere\) is still running"):
        marks.unfinished(deployment)
    mark(home, interrupted=True)
    found = marks.unfinished(deployment)
    assert found is not None and found.end == "was interrupted"
    silent = (datetime.now(UTC) - timedelta(minutes=7)).isoformat(timespec="seconds")
    mark(home, seen=silent)
    found = marks.unfinished(deployment)
    assert found is not None and marks.silence(deployment, found) == "was killed: no sign of life for 7 minutes"
    address = "https://github.com/acme/terrace/actions/runs/7"
    asked = replace(deployment, run_status=lambda run: (False, f"GitHub reports that {run} is in progress"))
    assert marks.silence(asked, replace(found, address=address)).endswith(
        f"GitHub reports that {address} is in progress"
    )
    mark(home, address=address)
    with pytest.raises(StillRunning, match=r"GitHub reports that https.*/runs/7 is in progress") as caught:
        marks.unfinished(asked)
    assert caught.value.exit_code == 1
    ended = replace(deployment, run_status=lambda run: (True, "GitHub reports that the run has ended: cancelled"))
    assert marks.unfinished(ended) is not None
    home.write(NAME, b"{")
    assert marks.unfinished(deployment) is None


@pytest.mark.parametrize(("address", "released"), [("https://git/a/b/actions/runs/7", True), ("", False)])
def test_the_lock_of_a_run_elsewhere_is_released_if_it_was_a_ci_run(address: str, released: bool) -> None:
    """On a person's machine, Terraform may still be running without terrace."""
    run = Run("apply dev", "2026-05-04T10:00:00+00:00", Process(1, 0.0), who="runner@elsewhere", address=address)
    lock = Lock("id", who="runner@elsewhere", created="2026-05-04T10:00:05Z")
    assert runs.left_lock(run, lock) is released
    assert not runs.left_lock(run, replace(lock, who="runner@another"))


def test_without_logs_all_that_was_planned_is_searched(tmp_path: Path) -> None:
    run = Run(
        "apply dev", "2026", Process(1, 0.0), logs=(str(tmp_path / "gone"),), creates=("a.a", "b.b"), begun=("a.a",)
    )
    assert runs.begun(run) == {"a.a"}
    assert runs.to_search(run) == {"a.a", "b.b"}
    (tmp_path / "gone").touch()
    assert runs.to_search(run) == {"a.a"}
