"""The guarantees of the workloads: they hold for a complete environment, and each check notices what it is about."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from terrace.assurance import checks, gate, workloads_gate
from terrace.assurance.checks.workloads import observability
from terrace.assurance.evaluation import Outcome, Result, evaluate
from terrace.assurance.guarantees import BY_ID, GUARANTEES, WORKLOADS
from terrace.assurance.stack_evaluation import StackEvaluation
from terrace.assurance.workloads_view import Workloads
from terrace.capabilities.observability import Thresholds
from terrace.environment import load
from terrace.project.discovery import Project
from terrace.workloads.opening import opened
from tests.assurance import workloads_mutants, workloads_observability_mutants
from tests.assurance.workloads import TODAY, environment, view
from tests.assurance.workloads_mutants import OPENING, added
from tests.conftest import ROOT

MUTANTS = workloads_mutants.MUTANTS + workloads_observability_mutants.MUTANTS


@pytest.fixture(scope="module")
def complete() -> Workloads:
    return view(environment())


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_every_guarantee_holds_for_a_complete_environment(cloud: str) -> None:
    results = checks.evaluate_workloads(view(environment(cloud)))
    assert {one.guarantee.id: one.reason for one in results if one.status != "holds"} == {}
    assert [one.guarantee.id for one in results] == [row.id for row in WORKLOADS]


def test_the_table_and_the_checks_name_each_other() -> None:
    by_table = {id: row.id for row in WORKLOADS for id in row.workloads}
    assert by_table == {id: check.guarantee for id, check in checks.of_workloads().items()}
    family = [row.id for row in WORKLOADS if row.id.startswith("WL-")]
    assert family == [f"WL-{number}" for number in range(1, len(family) + 1)]
    assert not any(row.id.startswith("WL-") for row in GUARANTEES)


def outcome_of(workloads: Workloads, function: str) -> Outcome:
    (check,) = [check for id, check in checks.of_workloads().items() if id.rpartition(".")[2] == function]
    return evaluate(check, workloads)


@pytest.mark.parametrize(("function", "label", "mutate"), MUTANTS, ids=[f"{one[0]}: {one[1]}" for one in MUTANTS])
def test_a_mutant_is_caught(
    function: str, label: str, mutate: Callable[[Workloads], Workloads], complete: Workloads
) -> None:
    before = {str(one) for one in outcome_of(complete, function).observations if not one.ok}
    outcome = outcome_of(mutate(complete), function)
    assert outcome.status == "broken", outcome
    assert {str(one) for one in outcome.observations if not one.ok} - before


def test_every_check_has_a_mutant() -> None:
    assert {function for function, _, _ in MUTANTS} == {id.rpartition(".")[2] for id in checks.of_workloads()}


def test_retention_is_read_from_the_objects_of_a_chart_that_is_at_hand(complete: Workloads) -> None:
    def rendered(*kinds: str) -> Workloads:
        return replace(
            complete,
            rendered=[
                replace(
                    one,
                    objects=tuple(each for each in one.release.values["extraObjects"] if each["kind"] in kinds),
                    skipped="",
                )
                if one.release.name == "opensearch"
                else one
                for one in complete.rendered
            ],
        )

    assert outcome_of(rendered("CronJob", "Deployment"), "logs-retained").status == "holds"
    assert outcome_of(rendered("Deployment"), "logs-retained").status == "broken"


def test_each_threshold_of_nodes_belongs_to_a_signal_of_the_cluster() -> None:
    thresholds = {name: 50 + number for number, name in enumerate(Thresholds.model_fields) if name.startswith("node_")}
    limits = observability.node_limits(Thresholds(**thresholds))
    assert set(limits) == set(observability.NODE_SIGNALS)
    assert set(thresholds.values()) <= set(limits.values())


def test_an_environment_without_modules_needs_nothing() -> None:
    results = checks.evaluate_workloads(
        Workloads(opened(environment().with_modules({}), root=ROOT, outputs=ROOT), [], TODAY)
    )
    assert {one.status for one in results} == {"not_required"}


def test_a_guarantee_of_both_stacks_has_the_checks_of_both() -> None:
    row = BY_ID["BAK-2"]
    holds, broken = Outcome("a", "holds"), Outcome("b", "broken")
    foundation = Result(row, "holds", "", (holds,))
    for workloads, status in (
        (Result(row, "holds", "", (holds,)), "holds"),
        (Result(row, "broken", "", (broken,)), "broken"),
        (Result(row, "unproven", "does not render"), "unproven"),
        (Result(row, "not_required", "no modules"), "holds"),
    ):
        (both,) = workloads_gate.combined([foundation], [workloads])
        assert both.status == status, workloads
    assert workloads_gate.combined([], [foundation]) == []


def test_the_gate_names_the_stack_the_object_and_the_line(complete: Workloads) -> None:
    loaded = replace(load("prod", project=ROOT, cloud="aws"), environment=complete.context.environment)
    evaluation = StackEvaluation(layer="workloads")
    evaluation.results = checks.evaluate_workloads(added(complete, OPENING))
    result = gate.result_of(loaded, gate.policies(ROOT), evaluation, {}, "stack")
    (finding,) = [one for one in result.blocking if one.id == "workloads.network.declared-openings-only"]
    assert (result.environment, finding.environment) == ("prod-workloads", "prod-workloads")
    assert finding.resource == "NetworkPolicy app/extra"
    assert (finding.guarantee, finding.severity, finding.capability) == ("WL-4", "critical", "workloads")
    assert finding.line.startswith("environments/")


def test_the_gate_takes_the_id_of_a_workloads_stack() -> None:
    (result,) = gate.run(Project.find(ROOT), ["dev-workloads"])
    assert result.environment == "dev-workloads"
    assert {one.guarantee.id for one in result.results} == {row.id for row in WORKLOADS}


def test_a_plan_of_other_releases_is_not_the_one_that_was_rendered(complete: Workloads) -> None:
    """Another value, another release, another namespace; Terraform's text of the values may differ."""
    rendered = [one.release for one in complete.rendered]

    def planned(index: int, **changes: str) -> dict[str, object]:
        one = rendered[index]
        values = {"name": one.name, "namespace": one.namespace, "values": [json.dumps(one.values, default=dict)]}
        return {"address": f"helm_release.{index}", "values": values | changes}

    def differing(*resources: dict[str, object]) -> list[str]:
        plan = {"planned_values": {"root_module": {"resources": list(resources)}}}
        return workloads_gate.differing(plan, rendered)

    assert differing(*(planned(index) for index in range(len(rendered)))) == []
    assert differing(planned(0), planned(1, name="other")) == ["helm_release.1"]
    assert differing(planned(0, namespace="default")) == ["helm_release.0"]
    assert differing(planned(0) | {"values": {**planned(0)["values"], "values": ["{}"]}}) == ["helm_release.0"]  # type: ignore[dict-item]
