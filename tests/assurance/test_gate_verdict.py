"""The gate verdict of a plan decides whether it is applied."""

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
from tests.deployment.conftest import SmallProject, small, yes
from tests.deployment.test_lifecycle import two

__all__ = ["small", "yes"]

Yes = Callable[[object], bool]
PASSED, FAILED = GateVerdict(True, resources=2), GateVerdict(False, ("DB-1 database/server: public",), resources=2)


def returning(verdict: GateVerdict, calls: list[tuple[Mapping[str, Any], str]] | None = None) -> gating.Gate:
    def gate(plan: Mapping[str, Any], stack: str) -> GateVerdict:
        if calls is not None:
            calls.append((plan, stack))
        return verdict

    return gate


def test_the_gate_checks_the_plan_and_its_verdict_is_saved_beside_it(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    calls: list[tuple[Mapping[str, Any], str]] = []
    deployment = small.deployment(gate=returning(PASSED, calls))
    saved = lifecycle.plan(deployment)
    ((plan, stack),) = calls
    planned = {one["address"] for one in plan["planned_values"]["root_module"]["resources"]}
    assert planned == {"terraform_data.one", "terraform_data.two"}
    assert set(json.loads(stack)["resource"]) == {"terraform_data"}
    assert plans.load(deployment).gate == PASSED == saved.gate
    assert "the gate passes: 2 resources checked" in small.said[-1]
    assert lifecycle.apply(deployment, confirm=yes) is not None
    assert not deployment.broken_glass.exists()


def test_a_plan_that_does_not_pass_is_refused_before_confirmation(small: SmallProject) -> None:
    small.stack(two())
    deployment = small.deployment(gate=returning(FAILED))
    lifecycle.plan(deployment)

    def never(saved: object) -> bool:
        raise AssertionError("a refused plan needs no confirmation")

    with pytest.raises(GateRefuses, match="DB-1 database/server: public"):
        lifecycle.apply(deployment, confirm=never)
    assert deployment.plan_file.exists()


def test_a_plan_without_a_verdict_is_refused(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    lifecycle.plan(small.deployment())
    with pytest.raises(GateRefuses, match="has not checked this plan"):
        lifecycle.apply(small.deployment(gate=returning(PASSED)), confirm=yes)


def test_break_glass_needs_a_reason_and_is_recorded_only_for_a_refused_plan(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    refused = small.deployment(gate=returning(FAILED))
    saved = lifecycle.plan(refused)
    with pytest.raises(UsageError, match="needs a reason"):
        lifecycle.apply(refused, confirm=yes, break_glass="now")
    assert lifecycle.apply(refused, confirm=lambda saved: False, break_glass="the database is down") is None
    assert not refused.broken_glass.exists()
    lifecycle.apply(refused, confirm=yes, break_glass="the database is down")
    (line,) = map(json.loads, refused.broken_glass.read_text().splitlines())
    assert (line["reason"], line["refused_for"]) == ("the database is down", list(FAILED.blocking))
    assert (line["plan_sha256"], line["environment"], line["cloud"]) == (saved.sha256, "dev", "aws")
    small.stack(two(second="other"))
    passes = small.deployment(gate=returning(PASSED))
    lifecycle.plan(passes)
    lifecycle.apply(passes, confirm=yes, break_glass="not needed this time")
    assert len(refused.broken_glass.read_text().splitlines()) == 1


def test_a_second_reason_is_appended(tmp_path: Path) -> None:
    log = tmp_path / "break-glass.jsonl"
    for number in (1, 2):
        gating.break_glass(log, f"reason number {number}", plan_sha256="0")
    assert [json.loads(line)["reason"] for line in log.read_text().splitlines()] == [
        "reason number 1",
        "reason number 2",
    ]


def test_an_empty_plan_needs_no_gate(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    deployment = small.deployment(gate=returning(PASSED))
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    calls: list[tuple[Mapping[str, Any], str]] = []
    again = small.deployment(gate=returning(FAILED, calls))
    assert lifecycle.plan(again).gate is None
    assert lifecycle.apply(again, confirm=yes) is None
    assert calls == []


def test_a_plan_is_stale_after_a_policy_change(small: SmallProject, yes: Yes) -> None:
    small.stack(two())
    deployment = small.deployment(gate=returning(PASSED))
    lifecycle.plan(deployment)
    (small.root / "policies").mkdir()
    (small.root / "policies" / "waivers.yaml").write_text("waivers: []\n")
    with pytest.raises(StalePlan, match="or a policy has changed"):
        lifecycle.apply(deployment, confirm=yes)
