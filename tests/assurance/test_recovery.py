"""Recovery plans (`terrace dr plan`), computed from the stacks of three clouds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from terrace.assurance import recovery
from terrace.assurance.checks import Subject
from terrace.assurance.evidence import Record
from terrace.assurance.recovery import RecoveryPlan, runbook
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import load, target
from tests.conftest import ROOT, Foundations


def planned(
    foundation: Foundations, name: str, cloud: str, records: list[Record] | None = None, **rpo: Any
) -> RecoveryPlan:
    environment = load(name, project=ROOT, cloud=cloud).environment
    if rpo:
        environment = environment.model_copy(update={"backup": environment.backup.model_copy(update=rpo)})
    view = View(foundation(name, cloud).document)
    return recovery.plan(Subject(view, environment, target(environment)), records or [])


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_time_is_declared_documented_or_named_as_unknown(foundation: Foundations, cloud: str) -> None:
    plan = planned(foundation, "prod", cloud)
    assert (plan.rpo_status, plan.rto_status) == ("unknown", "unknown")
    assert all(component.copies for component in plan.components)
    for copy in (copy for component in plan.components for copy in component.copies):
        assert copy.source
        assert (copy.loss is None) == bool(copy.unknown)
    text = runbook.markdown(plan)
    assert all(f"**{step.title}.**" in text for step in plan.steps)
    assert "state" in plan.missing and "database" not in plan.missing


def test_a_documented_replication_time_is_compared_with_the_objective(foundation: Foundations) -> None:
    for cloud in ("aws", "gcp"):
        lake = {one.name: one for one in planned(foundation, "prod", cloud).components}["lake/gold"]
        assert (lake.loss, lake.status) == (timedelta(minutes=15), "met")
        strict = planned(foundation, "prod", cloud, rpo=timedelta(minutes=10))
        assert ({one.name: one.status for one in strict.components}["lake/gold"], strict.rpo_status) == (
            "not_met",
            "not_met",
        )


@pytest.mark.parametrize("cloud", CLOUDS)
def test_without_a_recovery_region_nothing_is_met(foundation: Foundations, cloud: str) -> None:
    plan = planned(foundation, "dev", cloud)
    assert (plan.rpo_status, plan.rto_status, plan.steps) == ("not_met", "not_met", ())


def test_a_measured_restore_above_the_objective_is_not_met(foundation: Foundations) -> None:
    record = Record(
        number=1,
        at=datetime.now(UTC),
        kind="restore",
        environment="prod",
        cloud="aws",
        passed=True,
        summary={"rto_milliseconds": 5 * 3600 * 1000},
        commit="a",
        operator="b",
        run="",
        previous="0" * 64,
    )
    plan = planned(foundation, "prod", "aws", [record])
    assert (plan.rto_status, plan.measured and plan.measured[1]) == ("not_met", timedelta(hours=5))
