"""The gate on plans: a plan passes as its stack does, and one that cannot be checked never passes."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from terrace.assurance import checks, gate
from terrace.assurance.checks import Subject
from terrace.assurance.guarantees import GUARANTEES
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import target
from tests.assurance import mutants as mutant_stacks
from tests.assurance.conftest import Written
from tests.assurance.mutants import Mutant
from tests.assurance.mutants.run import mutants
from tests.assurance.mutants.together import missed
from tests.assurance.plans import planned
from tests.assurance.test_gate import environment, rules


def _plan(written: Written) -> dict[str, Any]:
    return planned(json.loads(written("aws", "dev")))


def test_a_plan_of_the_stack_passes_as_the_stack_does(written: Written) -> None:
    result = gate.evaluate(environment("dev", "aws"), written("aws", "dev"), rules(), plan=_plan(written))
    assert (result.source, result.passes) == ("plan", True)
    assert result.resources_in == result.resources_looked_at == 528


def test_a_resource_of_only_the_plan_or_only_the_stack_is_unchecked(written: Written) -> None:
    plan = _plan(written)
    resources = plan["planned_values"]["root_module"]["resources"]
    gone = resources.pop()
    plan["planned_values"]["root_module"]["child_modules"] = [
        {
            "resources": [
                {"address": "module.m.aws_s3_bucket.b", "mode": "managed", "type": "aws_s3_bucket", "name": "b"}
            ]
        }
    ]
    result = gate.evaluate(environment("dev", "aws"), written("aws", "dev"), rules(), plan=plan)
    missed = {one.resource for one in result.blocking if one.id == "gate.unchecked-resource"}
    assert missed == {gone["address"], "module.m.aws_s3_bucket.b"}


@pytest.mark.parametrize(
    "plan",
    [
        {},
        {"planned_values": {}},
        {"planned_values": {"root_module": {}}, "resource_changes": []},
        {"errored": True},
        {"complete": False},
        {"unreadable": "x"},
    ],
)
def test_a_plan_that_cannot_be_read_does_not_pass(written: Written, plan: dict[str, Any]) -> None:
    result = gate.evaluate(environment("dev", "aws"), written("aws", "dev"), rules(), plan=plan)
    assert [one.id for one in result.findings] == ["gate.unreadable-plan"]
    assert not result.passes


def test_what_a_plan_changes_is_what_is_evaluated(written: Written) -> None:
    """The plan's values win over the stack's."""
    plan = _plan(written)
    for one in plan["planned_values"]["root_module"]["resources"]:
        if one["type"] == "aws_db_instance":
            one["values"]["publicly_accessible"] = True
    result = gate.evaluate(environment("dev", "aws"), written("aws", "dev"), rules(), plan=plan)
    assert "DB-1" in {one.guarantee for one in result.blocking}


def test_a_plan_whose_parts_differ_was_edited(written: Written) -> None:
    plan = _plan(written)
    change = next(one for one in plan["resource_changes"] if one["type"] == "aws_db_instance")
    change["change"]["after"] = {**change["change"]["after"], "publicly_accessible": True}
    result = gate.evaluate(environment("dev", "aws"), written("aws", "dev"), rules(), plan=plan)
    assert ("gate.unreadable-plan", change["address"]) in {(one.id, one.resource) for one in result.blocking}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_mutant_of_each_guarantee_is_caught_in_a_plan(written: Written, cloud: str) -> None:
    """The first one of each; the long tests have all of them."""
    first = {id: mutant for mutant in reversed(mutants(cloud)) for id in mutant.breaks}
    for name in mutant_stacks.ENVIRONMENTS:
        _caught(written, cloud, name, [one for one in mutants(cloud) if one in first.values()])


@pytest.mark.e2e
@pytest.mark.parametrize("name", mutant_stacks.ENVIRONMENTS)
@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_mutant_is_caught_in_a_plan(written: Written, cloud: str, name: str) -> None:
    _caught(written, cloud, name, mutants(cloud))


def _caught(written: Written, cloud: str, name: str, given: Sequence[Mutant]) -> None:
    """Although the synthesized stack is the one without the mutation, unless the mutation is in what a plan lacks:
    construct paths and `lifecycle`. What has a count of 0 is not in the plan, so that its own guarantees fail.
    """
    loaded, text = environment(name, cloud).environment, written(cloud, name)
    clean = json.loads(text)

    def miss(group: list[Mutant], document: dict[str, Any]) -> list[Mutant]:
        kept = clean if _kept(document).items() <= _kept(clean).items() else document
        view = View.of_plan(planned(document), kept)
        planned_all = _kept(document).keys() == {one.address for one in view}
        named = {id for mutant in group for id in mutant.breaks}
        expected = [one for one in GUARANTEES if one.id in named or not planned_all]
        results = checks.evaluate(Subject(view, loaded, target(loaded)), expected)
        broken = {one.guarantee.id for one in results if not one.passes}
        return [one for one in group if not (set(one.breaks) <= broken if planned_all else broken)]

    own = [one for one in given if one.environments[0] == name]
    passed = [str(mutant) for mutant in missed(own, text, miss)]
    assert passed == []


def _kept(document: dict[str, Any]) -> dict[str, str]:
    """What a plan takes from the stack: addresses, and the `lifecycle` of each."""
    return {
        f"{type}.{name}": json.dumps(body.get("lifecycle"))
        for type, group in document["resource"].items()
        for name, body in group.items()
    }
