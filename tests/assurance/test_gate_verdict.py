"""What the gate said of a plan decides whether it is applied."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from terrace.assurance import gate_verdict as gating
from terrace.assurance.gate_verdict import GateRefuses, GateVerdict
from terrace.deployment import lifecycle, plans
from terrace.deployment.errors import StalePlan
from terrace.errors import UsageError
from tests.deployment.conftest import SmallProject
from tests.deployment.test_lifecycle import two

Yes = Callable[[object], bool]
PASSED, FAILED = GateVerdict(True, resources=2), GateVerdict(False, ("DB-1 database/server: public",), resources=2)


def saying(answer: GateVerdict, asked: list[tuple[Mapping[str, Any], str]] | None = None) -> gating.Gate:
    def gate(plan: Mapping[str, Any], written: str) -> GateVerdict:
        if asked is not None:
            asked.append((plan, written))
        return answer

    return gate


def test_the_real_plan_and_its_stack_are_judged_and_the_answer_stands_beside_the_plan(
    small: SmallProject, yes: Yes
) -> None:
    small.stack(two())
    asked: list[tuple[Mapping[str, Any], str]] = []
    deployment = small.deployment(gate=saying(PASSED, asked))
    saved = lifecycle.plan(deployment)
    ((plan, written),) = asked
    planned = {one["address"] for one in plan["planned_values"]["root_module"]["resources"]}
    assert planned == {"terraform_data.one", "terraform_data.two"}
    assert set(json.loads(written)["resource"]) == {"terraform_data"}
    assert plans.load(deployment).gate == PASSED == saved.gate
    assert "the gate passes: 2 resources judged" in small.said[-1]
    assert lifecycle.apply(deployment, confirm=yes) is not None
    assert not deployment.broken_glass.exists()


def test_nothing_is_applied_or_asked_that_did_not_pass(small: SmallProject) -> None:
    small.stack(two())
    deployment = small.deployment(gate=saying(FAILED))
    lifecycle.plan(deployment)

    def never(saved: object) -> bool:
        raise AssertionError("nobody is asked for what is refused")

    with pytest.raises(GateRefuses, match="DB-1 database/server: public"):
        lifecycle.apply(deployment, confirm=never)
    assert deployment.plan_file.exists()


def test_a_plan_of_a_deployment_without_a_gate_is_none_that_passed(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    lifecycle.plan(small.deployment())
    with pytest.raises(GateRefuses, match="has not judged this plan"):
        lifecycle.apply(small.deployment(gate=saying(PASSED)), confirm=yes)


def test_the_glass_is_broken_for_a_reason_and_only_where_it_had_to_be(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    refused = small.deployment(gate=saying(FAILED))
    saved = lifecycle.plan(refused)
    with pytest.raises(UsageError, match="wants a reason"):
        lifecycle.apply(refused, confirm=yes, break_glass="now")
    assert lifecycle.apply(refused, confirm=lambda saved: False, break_glass="the database is down") is None
    assert not refused.broken_glass.exists()
    lifecycle.apply(refused, confirm=yes, break_glass="the database is down")
    (line,) = map(json.loads, refused.broken_glass.read_text().splitlines())
    assert (line["reason"], line["refused_for"]) == ("the database is down", list(FAILED.blocking))
    assert (line["plan_sha256"], line["environment"], line["cloud"]) == (saved.sha256, "dev", "aws")
    small.stack(two(second="other"))
    passes = small.deployment(gate=saying(PASSED))
    lifecycle.plan(passes)
    lifecycle.apply(passes, confirm=yes, break_glass="not needed this time")
    assert len(refused.broken_glass.read_text().splitlines()) == 1


def test_a_second_reason_is_added_to_the_first(tmp_path: Path) -> None:
    log = tmp_path / "break-glass.jsonl"
    for number in (1, 2):
        gating.break_glass(log, f"reason number {number}", plan_sha256="0")
    assert [json.loads(line)["reason"] for line in log.read_text().splitlines()] == [
        "reason number 1",
        "reason number 2",
    ]


def test_an_empty_plan_needs_no_gate(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    deployment = small.deployment(gate=saying(PASSED))
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    asked: list[tuple[Mapping[str, Any], str]] = []
    again = small.deployment(gate=saying(FAILED, asked))
    assert lifecycle.plan(again).gate is None
    assert lifecycle.apply(again, confirm=yes) is None
    assert asked == []


def test_a_plan_from_before_a_policy_changed_is_stale(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    deployment = small.deployment(gate=saying(PASSED))
    lifecycle.plan(deployment)
    (small.root / "policies").mkdir()
    (small.root / "policies" / "waivers.yaml").write_text("waivers: []\n")
    with pytest.raises(StalePlan, match="or a policy has changed"):
        lifecycle.apply(deployment, confirm=yes)
