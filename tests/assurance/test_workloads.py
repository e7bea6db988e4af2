"""The guarantees of the workloads: they hold for a complete environment, and each check notices what it is about."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from terrace.assurance import checks, gate, workloads_gate
from terrace.assurance.evaluation import Outcome, Result, evaluate
from terrace.assurance.guarantees import BY_ID, GUARANTEES, WORKLOADS
from terrace.assurance.stack_evaluation import StackEvaluation
from terrace.assurance.workloads_view import Workloads
from terrace.environment import load
from terrace.project.discovery import Project
from terrace.workloads.opening import opened
from tests.assurance.workloads import TODAY, environment, view
from tests.assurance.workloads_mutants import MUTANTS, OPENING, added
from tests.conftest import ROOT


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
