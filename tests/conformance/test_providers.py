"""Every foundation with the real provider of its cloud: it validates, plans, meets its guarantees on the plan, and
applies to mocks. Nothing calls a cloud, so errors that only a cloud reports do not show up here.
"""

import re

import pytest

from terrace.assurance.checks import Subject, evaluate
from terrace.assurance.guarantees import GUARANTEES
from terrace.assurance.view import View
from terrace.deployment import offline
from terrace.environment import load, target
from tests.conformance.conftest import PROVIDERS, Conformance, Seen
from tests.conftest import ROOT

ENVIRONMENTS = ("dev", "staging", "prod")
ALL = pytest.mark.parametrize(("cloud", "environment"), [(c, e) for c in PROVIDERS for e in ENVIRONMENTS])


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


# on AWS every run applies to the emulator, and these take twenty seconds each
@pytest.mark.parametrize(
    ("cloud", "environment"),
    [
        pytest.param(cloud, environment, marks=[pytest.mark.e2e] if cloud == "aws" else [])
        for cloud in PROVIDERS
        for environment in ENVIRONMENTS
    ],
)
def test_every_stack_applies_to_mocks(conformance: Conformance, cloud: str, environment: str) -> None:
    """The whole graph: every reference resolves, and every value fits its schema."""
    with conformance.opened(cloud, environment) as (deployment, terraform):
        offline.apply_to_mocks(deployment, terraform)
