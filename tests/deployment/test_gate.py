"""A plan is applied only if it passed the gate, or with a recorded reason."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from terrace.assurance.gate_verdict import Gate, GateRefuses, GateVerdict
from terrace.deployment import lifecycle, plans
from terrace.deployment.changes import Summary
from terrace.deployment.deployment import Deployment
from terrace.deployment.errors import StalePlan
from terrace.errors import UsageError
from tests.deployment.conftest import SmallProject, resource
from tests.deployment.test_lifecycle import two

Yes = Callable[[object], bool]
PASSED, FAILED = GateVerdict(True, resources=2), GateVerdict(False, ("DB-1 database/server: public",), resources=2)


def gate_of(verdict: GateVerdict, calls: list[tuple[Mapping[str, Any], str]] | None = None) -> Gate:
    def gate(plan: Mapping[str, Any], stack: str) -> GateVerdict:
        if calls is not None:
            calls.append((plan, stack))
        return verdict

    return gate


def test_the_gate_gets_the_plan_and_its_stack_and_the_verdict_is_saved(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    calls: list[tuple[Mapping[str, Any], str]] = []
    deployment = small.deployment(gate=gate_of(PASSED, calls))
    saved = lifecycle.plan(deployment)
    ((plan, stack),) = calls
    planned = {resource["address"] for resource in plan["planned_values"]["root_module"]["resources"]}
    assert planned == {"terraform_data.one", "terraform_data.two"}
    assert set(json.loads(stack)["resource"]) == {"terraform_data"}
    assert plans.load(deployment).gate == PASSED == saved.gate
    assert "the gate passes: 2 resources evaluated" in small.messages[-1]
    assert lifecycle.apply(deployment, confirm=yes) is not None
    assert not deployment.break_glass_log.exists()


def test_a_plan_that_failed_the_gate_is_refused_without_a_question(small: SmallProject) -> None:
    small.stack(two())
    deployment = small.deployment(gate=gate_of(FAILED))
    lifecycle.plan(deployment)

    def never(saved: object) -> bool:
        raise AssertionError("a refused plan must not ask for confirmation")

    with pytest.raises(GateRefuses, match="DB-1 database/server: public"):
        lifecycle.apply(deployment, confirm=never)
    assert deployment.plan_file.exists()


def test_a_plan_without_a_verdict_is_refused(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    lifecycle.plan(small.deployment())
    with pytest.raises(GateRefuses, match="has not evaluated this plan"):
        lifecycle.apply(small.deployment(gate=gate_of(PASSED)), confirm=yes)


def test_break_glass_needs_a_reason_and_is_recorded_only_for_a_refused_plan(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    refused = small.deployment(gate=gate_of(FAILED))
    saved = lifecycle.plan(refused)
    with pytest.raises(UsageError, match="reason for --break-glass is too short"):
        lifecycle.apply(refused, confirm=yes, break_glass="now")
    assert lifecycle.apply(refused, confirm=lambda saved: False, break_glass="the database is down") is None
    assert not refused.break_glass_log.exists()
    lifecycle.apply(refused, confirm=yes, break_glass="the database is down")
    (line,) = map(json.loads, refused.break_glass_log.read_text().splitlines())
    assert (line["reason"], line["refused_for"]) == ("the database is down", list(FAILED.blocking))
    assert (line["plan_sha256"], line["environment"], line["cloud"]) == (saved.sha256, "dev", "aws")
    small.stack(two(second="other"))
    passes = small.deployment(gate=gate_of(PASSED))
    lifecycle.plan(passes)
    lifecycle.apply(passes, confirm=yes, break_glass="not needed this time")
    assert len(refused.break_glass_log.read_text().splitlines()) == 1


def edit(deployment: Deployment, **changes: Any) -> None:
    """Edit the record beside the plan."""
    path = deployment.plan_file.with_name(f"{deployment.plan_file.name}.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_apply_evaluates_the_plan_again_and_does_not_trust_its_record(small: SmallProject, yes: Yes) -> None:
    """A record that says that the plan passed changes nothing; breaking glass is recorded with the gate's findings."""
    small.stack(two())
    refused = small.deployment(gate=gate_of(FAILED))
    lifecycle.plan(refused)
    edit(refused, gate=PASSED.as_data())
    with pytest.raises(GateRefuses, match="DB-1 database/server: public"):
        lifecycle.apply(refused, confirm=yes)
    assert "says that it passed" in small.messages[-1]
    lifecycle.apply(refused, confirm=yes, break_glass="the database is down")
    (line,) = map(json.loads, refused.break_glass_log.read_text().splitlines())
    assert line["refused_for"] == list(FAILED.blocking)


@pytest.mark.parametrize(
    "changes",
    [
        {"gate": {**PASSED.as_data(), "waived": 7}},
        {"changes": []},
        {"outputs": 3},
    ],
)
def test_an_edited_record_is_refused(small: SmallProject, yes: Yes, changes: dict[str, Any]) -> None:
    small.stack(two())
    deployment = small.deployment(gate=gate_of(PASSED))
    lifecycle.plan(deployment)
    edit(deployment, **changes)
    with pytest.raises(StalePlan, match="in this record"):
        lifecycle.apply(deployment, confirm=yes)
    assert not list((small.root / ".terrace" / "state").glob("*.tfstate"))


def test_the_stack_that_is_evaluated_at_apply_is_the_one_in_the_plan_file(small: SmallProject, yes: Yes) -> None:
    """Whatever was written to the synthesized stack since, together with its digest in the record."""
    small.stack(two())
    calls: list[tuple[Mapping[str, Any], str]] = []
    deployment = small.deployment(gate=gate_of(PASSED, calls))
    lifecycle.plan(deployment)
    stack = deployment.project.stack("dev") / "cdk.tf.json"
    stack.write_text(stack.read_text().replace("dev/one", "dev/elsewhere"))
    edit(deployment, stack_sha256=hashlib.sha256(stack.read_bytes()).hexdigest())
    assert lifecycle.apply(deployment, confirm=yes) is not None
    assert calls[1] == calls[0]


def test_a_plan_file_that_is_replaced_is_evaluated_as_it_is(small: SmallProject, yes: Yes) -> None:
    """With the digest of the new file in the record."""
    small.stack(two())
    deployment = small.deployment(gate=gate_of(PASSED))
    lifecycle.plan(deployment)
    first = deployment.plan_file.read_bytes()
    small.stack({"terraform_data": {"other": resource("dev/other", input="x")}})
    lifecycle.plan(deployment)
    deployment.plan_file.write_bytes(first)
    edit(deployment, plan_sha256=hashlib.sha256(first).hexdigest())
    with pytest.raises(StalePlan, match="the changes in this record are not those of the plan"):
        lifecycle.apply(deployment, confirm=yes)


def test_a_plan_file_without_a_stack_is_refused(small: SmallProject) -> None:
    path = small.root / "it.tfplan"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("tfplan", "x")
    with pytest.raises(StalePlan, match="cannot read the stack in the plan file"):
        plans.stack_of(plans.SavedPlan(path, "", "", "", Summary(())))


def test_an_empty_plan_is_not_evaluated(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    deployment = small.deployment(gate=gate_of(PASSED))
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    calls: list[tuple[Mapping[str, Any], str]] = []
    again = small.deployment(gate=gate_of(FAILED, calls))
    assert lifecycle.plan(again).gate is None
    assert lifecycle.apply(again, confirm=yes) is None
    assert calls == []


def test_a_plan_is_stale_after_a_policy_change(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    deployment = small.deployment(gate=gate_of(PASSED))
    lifecycle.plan(deployment)
    (small.root / "policies").mkdir()
    (small.root / "policies" / "waivers.yaml").write_text("waivers: []\n")
    with pytest.raises(StalePlan, match="or a policy has changed"):
        lifecycle.apply(deployment, confirm=yes)
