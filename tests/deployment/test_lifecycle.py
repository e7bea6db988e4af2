"""Plan, apply, output, drift and destroy with real Terraform on resources that need no cloud (`terraform_data`)."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from terrace.deployment import lifecycle, runs, teardown
from terrace.deployment.deployment import Deployment
from terrace.deployment.errors import StalePlan, StateLocked, TerraformFailed
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
    """`slow` takes `seconds`, and `after` depends on it."""
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


def test_a_plan_is_shown_once_for_its_plan_and_its_apply(small: SmallProject, yes: Yes) -> None:
    """Terraform starts the providers to show a plan."""
    real, log = small.deployment().terraform_binary.path, small.root / "commands"
    wrapper = small.root / "terraform"
    wrapper.write_text(f'#!/bin/sh\necho "$1 $(basename "$3")" >> {log}\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    deployment = small.deployment(variables={**os.environ, "TERRACE_TERRAFORM": str(wrapper)})
    small.stack(two())
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    computed = f"show dev-aws-computed-{os.getpid()}.tfplan"

    def shown() -> list[str]:
        return [line for line in log.read_text().splitlines() if line.startswith("show ")]

    assert shown() == ["show dev-aws.tfplan", computed]
    small.stack(two("c"))
    assert [change.address for change in lifecycle.plan(deployment).summary.changes] == ["terraform_data.one"]
    assert shown() == ["show dev-aws.tfplan", computed, "show dev-aws.tfplan"]


def test_plan_apply_drift_and_destroy(small: SmallProject, yes: Yes) -> None:
    small.stack(two(), output={"first": {"value": "${terraform_data.one.output}"}})
    events: list[object] = []
    deployment = small.deployment(on_event=events.append)

    planned = lifecycle.plan(deployment)
    assert planned.summary.capabilities == ["lake", "database"]
    assert planned.summary.count("add") == 2
    applied = lifecycle.apply(deployment, confirm=yes)
    assert applied is not None and applied.summary == planned.summary
    complete = [
        e.address for e in events if isinstance(e, ResourceEvent) and e.moment == "complete" and e.phase == "apply"
    ]
    assert sorted(complete) == ["terraform_data.one", "terraform_data.two"]
    terraform = deployment.terraform()
    assert terraform.addresses() == ["terraform_data.one", "terraform_data.two"]
    assert terraform.output()["first"]["value"] == "a"

    assert lifecycle.plan(deployment).summary.empty
    assert lifecycle.apply(deployment, confirm=yes) is None
    found = lifecycle.find_drift(deployment)
    assert (found.drifts, found.pending) == ((), ())

    assert teardown.destroy(deployment) == 2
    assert terraform.addresses() == []
    assert teardown.destroy(deployment) == 0


def test_apply_without_a_saved_plan_is_a_usage_error(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    with pytest.raises(UsageError) as caught:
        lifecycle.apply(small.deployment(), confirm=yes)
    assert str(caught.value) == "no saved plan for dev on aws"
    assert caught.value.hint == "run `terrace plan dev` first"


def test_an_unconfirmed_plan_is_not_applied_and_kept(small: SmallProject) -> None:
    small.stack(two())
    deployment = small.deployment()
    lifecycle.plan(deployment)
    assert lifecycle.apply(deployment, confirm=lambda saved: False) is None
    assert deployment.terraform().addresses() == []
    assert deployment.plan_file.exists()


def change_environment(small: SmallProject) -> None:
    (small.root / "environments/dev.yaml").write_text("cloud: aws\nmore: true\n")


def change_accounts(small: SmallProject) -> None:
    clouds = small.root / "environments/clouds"
    clouds.mkdir()
    (clouds / "aws.yaml").write_text("account_id: '999999999999'\n")


def change_the_stack(small: SmallProject) -> None:
    small.stack(two("changed"))
    small.deployment().stack()


def replace_the_plan_file(small: SmallProject) -> None:
    small.deployment().plan_file.write_bytes(b"PK another plan")


def change_the_state(small: SmallProject) -> None:
    """As another user's apply does to a shared state: the serial increases."""
    state = small.root / ".terrace/state/dev-aws-foundation.tfstate"
    content = {**state_of(small), "serial": 99} if state.exists() else None
    assert content is not None
    state.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("modify", "message"),
    [
        (change_environment, "a module, the stack's code or a policy has changed since the plan of"),
        (change_accounts, "an environment file, a module, the stack's code or a policy has changed since the plan of"),
        (change_the_stack, "the stack has changed since the plan of"),
        (replace_the_plan_file, "the plan file has changed since it was saved"),
        (change_the_state, "the saved plan is stale: the state has changed since the plan was made"),
    ],
)
def test_a_stale_plan_is_refused(
    small: SmallProject, yes: Yes, modify: Callable[[SmallProject], None], message: str
) -> None:
    small.stack(two())
    deployment = small.deployment()
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    small.stack(two("new"))
    lifecycle.plan(deployment)
    modify(small)
    with pytest.raises(StalePlan, match=message) as caught:
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
    with pytest.raises(TerraformFailed) as caught:
        lifecycle.apply(deployment, confirm=yes)
    assert "terraform_data.broken (dev/cache/broken): local-exec provisioner error" in caught.value.message
    assert Path(caught.value.where).is_file()
    assert not deployment.marker.exists()  # Terraform saved its state


def test_logs_and_sidecars_contain_no_sensitive_value(small: SmallProject, yes: Yes) -> None:
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
    assert readable and not any(word in text for text in [sidecar, *readable, *small.messages])


def test_protections_are_lifted_before_the_destroy(small: SmallProject, yes: Yes) -> None:
    """`prevent_destroy` represents any protection: unless it is lifted first, the destroy fails."""
    small.stack(
        {"terraform_data": {"one": resource("dev/lake/one", input="protected", lifecycle={"prevent_destroy": True})}}
    )
    small.stack({"terraform_data": {"one": resource("dev/lake/one", input="free")}}, name="unprotected.json")
    events: list[object] = []
    deployment = small.deployment(on_event=events.append)
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    events.clear()
    assert teardown.destroy(deployment) == 1
    done = [e.action for e in events if isinstance(e, ResourceEvent) and e.phase == "apply" and e.moment == "complete"]
    assert done == ["update", "delete"]
    assert "lifting the protection of 1 resource" in small.messages


def test_a_lock_is_destroyed_before_the_resource_that_it_protects(small: SmallProject, yes: Yes) -> None:
    """A lock is a protection and a resource of its own: the unprotected stack does not contain it."""
    database = {"database": resource("dev/database", input="rows")}
    lock = {"lock": resource("dev/lock", input="terraform_data.database")}  # by name: Terraform sees no dependency
    small.stack({"terraform_data": database | lock})
    small.stack({"terraform_data": database}, name="unprotected.json")
    events: list[object] = []
    deployment = small.deployment(on_event=events.append)
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    events.clear()
    assert teardown.destroy(deployment) == 2
    destroyed = [
        e.address for e in events if isinstance(e, ResourceEvent) and (e.action, e.moment) == ("delete", "complete")
    ]
    assert destroyed == ["terraform_data.lock", "terraform_data.database"]


def test_parallelism_is_an_environment_variable(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    deployment = small.deployment(variables={**os.environ, "TERRACE_PARALLELISM": "many"})
    with pytest.raises(UsageError, match="TERRACE_PARALLELISM"):
        lifecycle.plan(deployment)
    lifecycle.plan(small.deployment(variables={**os.environ, "TERRACE_PARALLELISM": "30"}))


def test_a_destroy_after_an_interrupted_one_lifts_the_protections_again(small: SmallProject, yes: Yes) -> None:
    small.stack({"terraform_data": {"one": resource("dev/lake/one", input="protected")}})
    fails = [{"local-exec": {"when": "destroy", "command": "exit 1"}}]
    small.stack(
        {"terraform_data": {"one": resource("dev/lake/one", input="free", provisioner=fails)}}, name="unprotected.json"
    )
    events: list[object] = []
    deployment = small.deployment(on_event=events.append)
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    deployment.stack(unprotect=True)  # as after an interrupted destroy
    with pytest.raises(TerraformFailed):
        teardown.destroy(deployment)
    updates = [e for e in events if isinstance(e, ResourceEvent) and (e.action, e.moment) == ("update", "complete")]
    assert len(updates) == 1
    small.stack({"terraform_data": {"one": resource("dev/lake/one", input="free")}}, name="unprotected.json")
    assert teardown.destroy(deployment) == 1


def test_a_run_fails_while_another_holds_the_lock(small: SmallProject) -> None:
    small.stack(slow(30))
    deployment = small.deployment()
    lifecycle.plan(deployment)
    raw = start_raw_terraform(deployment)
    try:
        with pytest.raises(StateLocked) as caught:
            lifecycle.plan(deployment)
        assert "the state is locked: apply by " in caught.value.message
        assert "--unlock " in caught.value.hint
        unlocked = lifecycle.plan(replace(deployment, locks_state=False))  # it only reads the state
        assert not unlocked.summary.empty
    finally:
        raw.send_signal(signal.SIGINT)
        raw.wait()


def start_raw_terraform(deployment: Deployment) -> "subprocess.Popen[bytes]":
    """Run Terraform on the same state without Terrace. Returns once it holds the lock."""
    lock = deployment.project.working_directory / "state/.dev-aws-foundation.tfstate.lock.info"
    running = subprocess.Popen(
        [str(deployment.terraform_binary.path), "apply", "-auto-approve", "-no-color"],
        cwd=deployment.project.stack("dev"),
        env={**os.environ, "TF_DATA_DIR": str(deployment.project.working_directory / "terraform/dev-aws")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lock.exists)
    return running


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.02)


def test_apply_continues_after_a_killed_run(small: SmallProject, yes: Yes) -> None:
    small.stack(slow(30))
    deployment = small.deployment(on_event=lambda event: kill_at(deployment, event, "terraform_data.slow"))
    lifecycle.plan(deployment)
    with pytest.raises(TerraceError, match="killed"):
        lifecycle.apply(deployment, confirm=yes)
    assert deployment.marker.exists()
    small.stack(slow(0))
    again = small.deployment()
    lifecycle.apply(again, confirm=yes)  # plans again, because the saved plan is stale
    assert any(message.startswith("`terrace apply dev` of ") for message in small.messages)
    assert len(again.terraform().addresses()) == 3
    assert not again.marker.exists()


def kill_at(deployment: Deployment, event: object, address: str) -> None:
    if isinstance(event, ResourceEvent) and event.phase == "apply" and event.address == address:
        run = runs.read_marker(deployment.marker)
        if run and run.terraform and run.terraform.alive:
            os.kill(run.terraform.pid, signal.SIGKILL)


@pytest.mark.parametrize("remaining_bytes", [0, 100])
def test_a_damaged_state_is_restored_from_its_backup(small: SmallProject, yes: Yes, remaining_bytes: int) -> None:
    """Terraform writes a local state in place: a kill at that moment leaves it empty or truncated."""
    deployment = small.deployment()
    small.stack({"terraform_data": {"one": resource("dev/lake/one")}})
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    first = state_of(small)["resources"][0]["instances"][0]["attributes"]["id"]
    small.stack(two())
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    state = small.root / ".terrace/state/dev-aws-foundation.tfstate"
    state.write_text(state.read_text()[:remaining_bytes])
    ended = runs.Process(1, 0.0)
    runs.write_marker(deployment.marker, runs.Run("apply dev", "2026-05-04T10:00:00+00:00", ended, ended))
    lifecycle.apply(deployment, confirm=yes)
    assert any(message.startswith("the state file was damaged") for message in small.messages)
    after = {entry["name"]: entry["instances"][0]["attributes"]["id"] for entry in state_of(small)["resources"]}
    assert set(after) == {"one", "two"} and after["one"] == first
    assert lifecycle.plan(deployment).summary.empty
