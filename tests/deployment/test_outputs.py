"""The foundation's outputs: written by an apply, read by the workloads stack, whose stand-ins an apply refuses."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from terrace.deployment import lifecycle, outputs, teardown
from terrace.deployment.errors import StalePlan
from terrace.deployment.outputs import StandIns
from tests.deployment.conftest import SmallProject, resource

OUTPUTS = {"region": {"value": "eu-central-1"}, "key": {"value": "hidden", "sensitive": True}}


def foundation(small: SmallProject, **more: Any) -> None:
    small.stack({"terraform_data": {"one": resource("dev/lake/one", input="a")}}, output=OUTPUTS | more)


def workloads(small: SmallProject, value: str) -> None:
    small.stack({"terraform_data": {"shop": resource("dev-workloads/shop/shop", input=value)}})


def test_an_apply_of_the_foundation_writes_its_outputs(small: SmallProject, yes: Callable[[object], bool]) -> None:
    foundation(small)
    deployment = small.deployment()
    file = small.root / ".terrace" / "outputs" / "dev-aws.json"
    lifecycle.plan(deployment)
    assert not file.exists()
    lifecycle.apply(deployment, confirm=yes)
    assert json.loads(file.read_text()) == {"region": "eu-central-1"}
    assert file.stat().st_mode & 0o077 == 0 or file.parent.stat().st_mode & 0o077 == 0
    assert "hidden" not in file.read_text()
    foundation(small, domain={"value": "example.com"})
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    assert json.loads(file.read_text()) == {"region": "eu-central-1", "domain": "example.com"}
    teardown.destroy(deployment)
    assert not file.exists()


def test_an_apply_without_changes_writes_them_too(small: SmallProject, yes: Callable[[object], bool]) -> None:
    foundation(small)
    deployment = small.deployment()
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    file = outputs.file(deployment)
    file.unlink()
    lifecycle.plan(deployment)
    assert lifecycle.apply(deployment, confirm=yes) is None
    assert file.is_file()


def test_the_two_stacks_of_an_environment_share_nothing(small: SmallProject) -> None:
    first, second = small.deployment(), small.deployment(layer="workloads")
    assert (first.stack_id, second.stack_id) == ("dev", "dev-workloads")
    for name in ("marker", "plan_file", "unprotected_marker", "name"):
        assert getattr(first, name) != getattr(second, name)


def test_a_plan_with_stand_ins_is_reported_and_not_applied(small: SmallProject, yes: Callable[[object], bool]) -> None:
    workloads(small, "stand-in-secrets-shop")
    deployment = small.deployment(layer="workloads")
    saved = lifecycle.plan(deployment)
    assert len(saved.summary.changes) == 1
    assert any("1 stand-in for outputs of the foundation dev, which has none yet" in text for text in small.messages)
    with pytest.raises(StandIns, match="the plan of dev-workloads has 1 stand-in for") as raised:
        lifecycle.apply(deployment, confirm=yes)
    assert raised.value.hint.startswith("apply the foundation first (`terrace apply dev`)")
    assert deployment.terraform().addresses() == []


def test_a_plan_without_stand_ins_is_applied_and_destroyed(small: SmallProject, yes: Callable[[object], bool]) -> None:
    workloads(small, "arn:aws:secret")
    deployment = small.deployment(layer="workloads")
    lifecycle.plan(deployment)
    assert lifecycle.apply(deployment, confirm=yes)
    assert not outputs.file(deployment).exists()
    assert teardown.destroy(deployment) == 1


def test_new_outputs_make_a_plan_of_workloads_stale(small: SmallProject, yes: Callable[[object], bool]) -> None:
    workloads(small, "arn:aws:secret")
    deployment = small.deployment(layer="workloads")
    lifecycle.plan(deployment)
    outputs.save(small.deployment(), {"region": {"value": "eu-west-1"}})
    with pytest.raises(StalePlan, match="or an output of the foundation has changed"):
        lifecycle.apply(deployment, confirm=yes)


def test_the_providers_of_a_stack_find_this_terrace(small: SmallProject) -> None:
    workloads(small, "a")
    deployment = small.deployment(layer="workloads", variables={"PATH": "/usr/bin:/usr/local/bin:/bin"})
    path = deployment.terraform(deployment.stack()).variables["PATH"]
    assert path.split(":")[0] == str(Path(sys.executable).parent)
