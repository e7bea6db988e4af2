"""Each waiver of the kit ends when a control that it relies on is broken: real edits, evaluated by the gate."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from terrace.assurance import checkov_run, checks, gate
from terrace.assurance.checks import Subject
from terrace.assurance.gate_result import GateResult, Waiver
from terrace.assurance.guarantees import BY_ID
from terrace.assurance.stack_evaluation import StackEvaluation, record
from terrace.assurance.view import View
from terrace.environment import load, target
from tests.assurance.conftest import Written
from tests.assurance.mutants import Edit, put, remove
from tests.assurance.mutants.run import mutants
from tests.conftest import ROOT

ACCOUNT = ("azurerm_storage_account", "observability/flow-account")
BREAKS: dict[str, Edit] = {
    "CKV_AZURE_35": put(*ACCOUNT, "network_rules.default_action", "Allow"),
    "CKV_AZURE_36": put(*ACCOUNT, "network_rules.bypass", ["None"]),
    "CKV2_AZURE_1": put(*ACCOUNT, "customer_managed_key", []),
    "CKV2_AZURE_33": remove("azurerm_private_endpoint", "network/path-flow-account"),
}
"""What breaks a check of checkov; a guarantee has mutants."""


@cache
def rules() -> gate.Policies:
    """Our policies; the kit's waivers have no date."""
    return gate.policies(ROOT)


def entries() -> Iterator[tuple[str, str, Waiver]]:
    """(cloud, control, waiver) of each control of each entry of the file."""
    for waiver in {one.line: one for one in rules().waivers}.values():
        for cloud in waiver.clouds:
            for control in waiver.relies_on:
                yield cloud, control, waiver


@cache
def checkov(stack: str) -> checkov_run.Run:
    return checkov_run.run(View(json.loads(stack)), rules().checks)


def evaluated(cloud: str, stack: str, clean: str, by_checkov: bool) -> GateResult:
    """The gate's result of a stack of prod; checkov's checks on the clean stack, unless one of them is to break."""
    loaded = load("prod", project=ROOT, cloud=cloud)
    view = View(json.loads(stack))
    evaluation = StackEvaluation(view=view, resources_in=len(list(view)))
    evaluation.results = checks.evaluate(Subject(view, loaded.environment, target(loaded.environment)))
    record(checkov(stack if by_checkov else clean), evaluation)
    return gate.result_of(loaded, rules(), evaluation, {}, "stack")


def broken(cloud: str, control: str, stack: str) -> str:
    """The stack with the control broken."""
    document = json.loads(stack)
    if control in BREAKS:
        BREAKS[control](document)
    else:
        of_prod = (one for one in mutants(cloud) if control in one.breaks and "prod" in one.environments)
        next(of_prod).edit(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("cloud", "control", "waiver"), [pytest.param(*one, id=f"{one[2].id} {one[1]}") for one in entries()]
)
def test_a_waiver_does_not_count_while_a_control_is_broken(
    written: Written, cloud: str, control: str, waiver: Waiver
) -> None:
    stack = written(cloud, "prod")
    result = evaluated(cloud, broken(cloud, control, stack), stack, by_checkov=control not in BY_ID)
    of_entry = {one.id for one in rules().waivers if one.line == waiver.line}
    blocking = [one for one in result.blocking if of_entry & set(one.checks)]
    assert blocking
    for finding in blocking:
        assert f"{control} is broken" in finding.sentence and waiver.line in finding.sentence
    assert not [
        one for one in result.findings if one.status == "waived" and one.waiver and one.waiver.line == waiver.line
    ]


@pytest.mark.parametrize("cloud", sorted({cloud for cloud, _, _ in entries()}))
def test_every_control_holds_in_the_projects_stacks(written: Written, cloud: str) -> None:
    stack = written(cloud, "prod")
    result = evaluated(cloud, stack, stack, by_checkov=False)
    assert [str(one) for one in result.blocking] == []
    assert result.count("waived")


def test_a_control_that_is_not_evaluated_does_not_hold(written: Written) -> None:
    stack = written("gcp", "prod")
    policies = replace(rules(), waivers=tuple(replace(one, relies_on=("WL-7",)) for one in rules().waivers))
    loaded = load("prod", project=ROOT, cloud="gcp")
    evaluation = StackEvaluation(view=View(json.loads(stack)))
    record(checkov(stack), evaluation)
    sentences = [one.sentence for one in gate.result_of(loaded, policies, evaluation, {}, "stack").blocking]
    assert any("WL-7 is not evaluated" in one for one in sentences)
