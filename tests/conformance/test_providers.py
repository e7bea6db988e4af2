"""Every foundation with the real provider of its cloud: it validates, plans, meets its guarantees on the plan, and
applies to mocks. Nothing calls a cloud, so errors that only a cloud reports do not show up here.
"""

import copy
import re
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from terrace.assurance import checkov_run
from terrace.assurance.checks import Subject, evaluate
from terrace.assurance.guarantees import GUARANTEES
from terrace.assurance.view import View
from terrace.deployment import offline
from terrace.environment import load, target
from tests.conformance.conftest import PROVIDERS, Conformance, Seen
from tests.conftest import ROOT

ENVIRONMENTS = ("dev", "staging", "prod")
ALL = pytest.mark.parametrize(
    ("cloud", "environment"),
    [
        pytest.param(cloud, environment, marks=[] if environment == "prod" else [pytest.mark.e2e])
        for cloud in PROVIDERS
        for environment in ENVIRONMENTS
    ],
)
"""prod, which has the most resources, in every run; dev and staging in the long ones."""


@ALL
def test_the_provider_validates_without_diagnostics(conformance: Conformance, cloud: str, environment: str) -> None:
    """No error, no warning, no deprecation."""
    evaluated = conformance.evaluated(cloud, environment)
    assert evaluated.validated == []
    assert evaluated.warned == []


@ALL
def test_every_resource_is_planned(conformance: Conformance, cloud: str, environment: str) -> None:
    evaluated = conformance.evaluated(cloud, environment)
    declared = {f"{type}.{name}" for type, group in evaluated.stack["resource"].items() for name in group}
    planned = {
        re.sub(r"\[.*\]$", "", change["address"])
        for change in evaluated.plan["resource_changes"]
        if change["change"]["actions"] == ["create"]
    }
    assert planned == declared
    assert not any(entry.get("mode") == "data" for entry in evaluated.plan["resource_changes"])


@ALL
def test_the_guarantees_hold_on_the_plan(conformance: Conformance, cloud: str, environment: str, seen: Seen) -> None:
    """A plan has the provider's defaults, which the synthesized stack has not."""
    evaluated = conformance.evaluated(cloud, environment)
    loaded = load(environment, project=ROOT, cloud=cloud).environment
    subject = Subject(View.of_plan(evaluated.plan, evaluated.stack), loaded, target(loaded, offline=True))
    results = evaluate(subject)
    seen(evaluated, results)
    assert {result.guarantee.id: result.reason for result in results if not result.passes} == {}
    assert len(results) == len(GUARANTEES)


@ALL
def test_the_plan_gives_the_results_of_the_stack(conformance: Conformance, cloud: str, environment: str) -> None:
    """Each guarantee has the same status, and each of checkov's checks the same result on each resource."""
    evaluated = conformance.evaluated(cloud, environment)
    loaded = load(environment, project=ROOT, cloud=cloud).environment
    views = [View(evaluated.stack), View.of_plan(evaluated.plan, evaluated.stack)]
    subjects = [Subject(view, loaded, target(loaded, offline=True)) for view in views]
    stack, plan = [{one.guarantee.id: one.status for one in evaluate(subject)} for subject in subjects]
    assert plan == stack
    runs = [checkov_run.run(view, [ROOT / "policies/checkov"]) for view in views]
    assert runs[1].errors == []
    results = [
        {(outcome.id, one.resource, one.ok) for outcome in run.outcomes for one in outcome.observations} for run in runs
    ]
    assert results[0] ^ results[1] == set()


@ALL
def test_every_change_of_a_planned_value_is_seen(conformance: Conformance, cloud: str, environment: str) -> None:
    """A value that is removed, emptied or replaced in the plan; today's stack does not fill it in."""
    evaluated = conformance.evaluated(cloud, environment)
    plan, random = evaluated.plan, Random(f"{cloud} {environment}")
    resources = {one["address"]: one for one in plan["planned_values"]["root_module"]["resources"] if one.get("values")}
    places = [(address, place) for address, one in resources.items() for place in places_in(one["values"])]
    unseen = []
    before = {one.address: one.raw for one in View.of_plan(plan, evaluated.stack)}
    for address, place in random.sample(places, 40):
        one = resources[address]
        for change in (lambda value: None, lambda value: [], lambda value: f"{value}x"):
            values = copy.deepcopy(one["values"])
            *path, last = place
            inner = values
            for step in path:
                inner = inner[step]
            inner[last] = change(inner[last])
            edited = {**plan, "planned_values": {"root_module": {"resources": [{**one, "values": values}]}}}
            after = next(two for two in View.of_plan(edited, evaluated.stack) if two.address == address)
            if after.raw == before[address]:
                unseen.append((address, place))
    assert unseen == []


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each value that is set."""
    if isinstance(value, dict | list) and value:
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places_in(inner, (*path, step))
    if path and value not in (None, [], ""):
        yield path


# on AWS every run applies to the emulator, and these take twenty seconds each
@pytest.mark.parametrize(
    ("cloud", "environment"),
    [
        pytest.param(cloud, environment, marks=[] if environment == "prod" and cloud != "aws" else [pytest.mark.e2e])
        for cloud in PROVIDERS
        for environment in ENVIRONMENTS
    ],
)
def test_every_stack_applies_to_mocks(conformance: Conformance, cloud: str, environment: str) -> None:
    """The whole graph: every reference resolves, and every value fits its schema."""
    with conformance.opened(cloud, environment) as (deployment, terraform):
        offline.apply_to_mocks(deployment, terraform)
