"""Plan, apply, output, drift and destroy with real Terraform on resources that need no cloud (`terraform_data`)."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from terrace.deployment import errors as faults
from terrace.deployment import lifecycle, recovery, teardown
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import ResourceEvent
from terrace.errors import TerraceError, UsageError
from tests.deployment.conftest import SmallProject, resource

Yes = Callable[[object], bool]


def two(first: Any = "a", second: Any = "b") -> dict[str, Any]:
    return {
        "terraform_data": {
            "one": resource("dev/lake/one", input=first),
            "two": resource("dev/database/two", input=second, triggers_replace=second),
        }
    }


def slow(seconds: float) -> dict[str, Any]:
    """`slow` takes its time, `after` comes after it."""
    return {
        "terraform_data": {
            "quick": resource("dev/lake/quick", input="x"),
            "slow": resource("dev/lake/slow", provisioner=[{"local-exec": {"command": f"sleep {seconds}"}}]),
            "after": resource("dev/lake/after", depends_on=["terraform_data.slow"]),
        }
    }


def state_of(small: SmallProject) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((small.root / ".terrace/state/dev-aws-foundation.tfstate").read_text())
    return state


def test_the_whole_life(small: SmallProject, yes: Yes) -> None:
    small.stack(two(), output={"first": {"value": "${terraform_data.one.output}"}})
    heard: list[object] = []
    deployment = small.deployment(listener=heard.append)

    planned = lifecycle.plan(deployment)
    assert planned.summary.capabilities == ["lake", "database"]
    assert planned.summary.count("add") == 2
    applied = lifecycle.apply(deployment, confirm=yes)
    assert applied is not None and applied.summary == planned.summary
    complete = [
        e.address for e in heard if isinstance(e, ResourceEvent) and e.moment == "complete" and e.phase == "apply"
    ]
    assert sorted(complete) == ["terraform_data.one", "terraform_data.two"]
    workspace = deployment.opened()
    assert workspace.addresses() == ["terraform_data.one", "terraform_data.two"]
    assert workspace.output()["first"]["value"] == "a"

    assert lifecycle.plan(deployment).summary.empty
    assert lifecycle.apply(deployment, confirm=yes) is None
    assert lifecycle.find_drift(deployment).as_data() == {"drift": [], "informational": [], "pending": []}

    assert teardown.destroy(deployment) == 2
    assert workspace.addresses() == []
    assert teardown.destroy(deployment) == 0


def test_apply_without_a_plan_is_wrong_usage(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    with pytest.raises(UsageError) as caught:
        lifecycle.apply(small.deployment(), confirm=yes)
    assert str(caught.value) == "nothing is planned for dev on aws"
    assert caught.value.hint == "see what would change first: `terrace plan dev`"


def test_no_is_an_answer(small: SmallProject) -> None:
    small.stack(two())
    deployment = small.deployment()
    lifecycle.plan(deployment)
    assert lifecycle.apply(deployment, confirm=lambda saved: False) is None
    assert deployment.opened().addresses() == []
    assert deployment.plan_file.exists()


def change_environment(small: SmallProject) -> None:
    (small.root / "environments/dev.yaml").write_text("cloud: aws\nmore: true\n")


def change_accounts(small: SmallProject) -> None:
    clouds = small.root / "environments/clouds"
    clouds.mkdir()
    (clouds / "aws.yaml").write_text("account_id: '999999999999'\n")


def synthesize_anew(small: SmallProject) -> None:
    small.stack(two("changed"))
    small.deployment().stack()


def exchange_the_plan(small: SmallProject) -> None:
    small.deployment().plan_file.write_bytes(b"PK another plan")


def move_the_state_on(small: SmallProject) -> None:
    """What a colleague's apply does to a shared state: the serial rises."""
    state = small.root / ".terrace/state/dev-aws-foundation.tfstate"
    content = {**state_of(small), "serial": 99} if state.exists() else None
    assert content is not None
    state.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("meddle", "message"),
    [
        (change_environment, "the environment, the stack's code or a policy has changed since the plan of"),
        (change_accounts, "the environment, the stack's code or a policy has changed since the plan of"),
        (synthesize_anew, "the stack has been synthesized anew since the plan of"),
        (exchange_the_plan, "the saved plan is not the one that was noted"),
        (move_the_state_on, "the saved plan is stale: the state has changed since it was made"),
    ],
)
def test_a_stale_plan_is_refused(
    small: SmallProject, yes: Yes, meddle: Callable[[SmallProject], None], message: str
) -> None:
    small.stack(two())
    deployment = small.deployment()
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    small.stack(two("new"))
    lifecycle.plan(deployment)
    meddle(small)
    with pytest.raises(faults.StalePlan, match=message) as caught:
        lifecycle.apply(deployment, confirm=yes)
    assert "terrace plan" in caught.value.hint
    assert caught.value.exit_code == 1
    first = next(r for r in state_of(small)["resources"] if r["name"] == "one")
    assert first["instances"][0]["attributes"]["input"]["value"] == "a"


def test_a_failure_names_the_resource_and_its_construct(small: SmallProject, yes: Yes) -> None:
    broken = resource("dev/cache/broken", provisioner=[{"local-exec": {"command": "exit 3"}}])
    small.stack({"terraform_data": {"broken": broken, "fine": resource("dev/lake/fine")}})
    deployment = small.deployment()
    lifecycle.plan(deployment)
    with pytest.raises(faults.TerraformFailed) as caught:
        lifecycle.apply(deployment, confirm=yes)
    assert "terraform_data.broken (dev/cache/broken): local-exec provisioner error" in caught.value.message
    assert Path(caught.value.where).is_file()
    assert not deployment.marker.exists()  # it failed in good order


def test_a_sensitive_value_is_nowhere_in_logs_or_sidecars(small: SmallProject, yes: Yes) -> None:
    word = "swordfish-4711"
    small.stack(
        {"terraform_data": {"one": resource("dev/lake/one", input="${sensitive(var.word)}")}},
        variable={"word": {"default": word, "sensitive": True}},
        output={"word": {"value": "${terraform_data.one.output}", "sensitive": True}},
    )
    deployment = small.deployment()
    lifecycle.plan(deployment)
    work = small.root / ".terrace"
    sidecar = deployment.plan_file.with_name("dev-aws.tfplan.json").read_text()
    lifecycle.apply(deployment, confirm=yes)
    lifecycle.find_drift(deployment)
    readable = [path.read_text() for path in [*work.glob("logs/*"), *work.glob("*.json")]]
    assert readable and not any(word in text for text in [sidecar, *readable, *small.said])


def test_protections_are_lifted_and_then_all_is_destroyed(small: SmallProject, yes: Yes) -> None:
    """`prevent_destroy` stands for a protection here: without the unprotected stack a destroy fails on it."""
    small.stack(
        {"terraform_data": {"one": resource("dev/lake/one", input="protected", lifecycle={"prevent_destroy": True})}}
    )
    small.stack({"terraform_data": {"one": resource("dev/lake/one", input="free")}}, name="unprotected.json")
    heard: list[object] = []
    deployment = small.deployment(listener=heard.append)
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    heard.clear()
    assert teardown.destroy(deployment) == 1
    done = [e.action for e in heard if isinstance(e, ResourceEvent) and e.phase == "apply" and e.moment == "complete"]
    assert done == ["update", "delete"]
    assert "lifts the protection of 1 resources" in small.said


def test_a_lock_goes_before_what_it_lies_on(small: SmallProject, yes: Yes) -> None:
    """A lock is a protection that is a resource of its own: the unprotected stack does without it."""
    held = {"database": resource("dev/database", input="rows")}
    lock = {"lock": resource("dev/lock", input="terraform_data.database")}  # by name: Terraform sees no order
    small.stack({"terraform_data": held | lock})
    small.stack({"terraform_data": held}, name="unprotected.json")
    heard: list[object] = []
    deployment = small.deployment(listener=heard.append)
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    heard.clear()
    assert teardown.destroy(deployment) == 2
    gone = [e.address for e in heard if isinstance(e, ResourceEvent) and (e.action, e.moment) == ("delete", "complete")]
    assert gone == ["terraform_data.lock", "terraform_data.database"]


def test_more_at_a_time_where_the_shell_says_so(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    deployment = small.deployment(variables={**os.environ, "TERRACE_PARALLELISM": "many"})
    with pytest.raises(UsageError, match="TERRACE_PARALLELISM"):
        lifecycle.plan(deployment)
    lifecycle.plan(small.deployment(variables={**os.environ, "TERRACE_PARALLELISM": "30"}))


def test_a_destroy_that_failed_half_way_lifts_the_protections_the_next_time(small: SmallProject, yes: Yes) -> None:
    small.stack({"terraform_data": {"one": resource("dev/lake/one", input="protected")}})
    fails = [{"local-exec": {"when": "destroy", "command": "exit 1"}}]
    small.stack(
        {"terraform_data": {"one": resource("dev/lake/one", input="free", provisioner=fails)}}, name="unprotected.json"
    )
    heard: list[object] = []
    deployment = small.deployment(listener=heard.append)
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    deployment.stack(unprotect=True)  # as far as an earlier destroy got before it was stopped
    with pytest.raises(faults.TerraformFailed):
        teardown.destroy(deployment)
    updates = [e for e in heard if isinstance(e, ResourceEvent) and (e.action, e.moment) == ("update", "complete")]
    assert len(updates) == 1
    small.stack({"terraform_data": {"one": resource("dev/lake/one", input="free")}}, name="unprotected.json")
    assert teardown.destroy(deployment) == 1


def test_a_second_run_is_told_that_the_first_is_at_work(small: SmallProject) -> None:
    small.stack(slow(30))
    deployment = small.deployment()
    lifecycle.plan(deployment)
    raw = start_raw_terraform(deployment)
    try:
        with pytest.raises(faults.StateLocked) as caught:
            lifecycle.plan(deployment)
        assert "the state is locked: apply by " in caught.value.message
        assert "--unlock " in caught.value.hint
    finally:
        raw.send_signal(signal.SIGINT)
        raw.wait()


def start_raw_terraform(deployment: Deployment) -> "subprocess.Popen[bytes]":
    """Somebody works on the same state by hand. Returns once the lock is taken."""
    lock = deployment.project.working_directory / "state/.dev-aws-foundation.tfstate.lock.info"
    running = subprocess.Popen(
        [str(deployment.terraform.path), "apply", "-auto-approve", "-no-color"],
        cwd=deployment.project.stack("dev"),
        env={**os.environ, "TF_DATA_DIR": str(deployment.project.working_directory / "terraform/dev-aws")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lock.exists)
    return running


def wait_for(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_a_killed_run_is_explained_and_finished(small: SmallProject, yes: Yes) -> None:
    small.stack(slow(30))
    deployment = small.deployment(listener=lambda event: kill_at(deployment, event, "terraform_data.slow"))
    lifecycle.plan(deployment)
    with pytest.raises(TerraceError, match="killed"):
        lifecycle.apply(deployment, confirm=yes)
    assert deployment.marker.exists()
    small.stack(slow(0))
    again = small.deployment()
    lifecycle.apply(again, confirm=yes)  # no plan in between: the saved one no longer fits, and apply knows
    assert any(sentence.startswith("`terrace apply dev` of ") for sentence in small.said)
    assert len(again.opened().addresses()) == 3
    assert not again.marker.exists()


def kill_at(deployment: Deployment, event: object, address: str) -> None:
    if isinstance(event, ResourceEvent) and event.phase == "apply" and event.address == address:
        run = recovery.read_marker(deployment.marker)
        if run and run.terraform and run.terraform.alive:
            os.kill(run.terraform.pid, signal.SIGKILL)


@pytest.mark.parametrize("left", [0, 100])
def test_a_state_torn_by_the_kill_is_taken_from_before_that_run(small: SmallProject, yes: Yes, left: int) -> None:
    """Terraform writes a local state in place. A kill at that moment leaves an empty file, or a part of it."""
    deployment = small.deployment()
    small.stack({"terraform_data": {"one": resource("dev/lake/one")}})
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    first = state_of(small)["resources"][0]["instances"][0]["attributes"]["id"]
    small.stack(two())
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    state = small.root / ".terrace/state/dev-aws-foundation.tfstate"
    state.write_text(state.read_text()[:left])
    dead = recovery.Process(1, 0.0)
    recovery.write_marker(deployment.marker, recovery.Run("apply dev", "2026-05-04T10:00:00+00:00", dead, dead))
    lifecycle.apply(deployment, confirm=yes)
    assert any(sentence.startswith("the state was torn while it was written") for sentence in small.said)
    after = {entry["name"]: entry["instances"][0]["attributes"]["id"] for entry in state_of(small)["resources"]}
    assert set(after) == {"one", "two"} and after["one"] == first
    assert lifecycle.plan(deployment).summary.empty
