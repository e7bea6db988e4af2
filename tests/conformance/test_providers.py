"""Every foundation before the real provider of its cloud: it validates, plans, keeps its guarantees on the plan, and
applies to mocks. No cloud is asked; what only a cloud would refuse is not seen here.
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
def test_the_provider_takes_it(conformance: Conformance, cloud: str, environment: str) -> None:
    """No error, no warning, no deprecation."""
    judged = conformance.judged(cloud, environment)
    assert judged.validated == []
    assert judged.warned == []


@ALL
def test_every_resource_is_planned(conformance: Conformance, cloud: str, environment: str) -> None:
    judged = conformance.judged(cloud, environment)
    wanted = {f"{type}.{name}" for type, group in judged.stack["resource"].items() for name in group}
    planned = {
        re.sub(r"\[.*\]$", "", change["address"])
        for change in judged.plan["resource_changes"]
        if change["change"]["actions"] == ["create"]
    }
    assert planned == wanted
    assert not any(entry.get("mode") == "data" for entry in judged.plan["resource_changes"])


@ALL
def test_the_guarantees_hold_on_the_plan(conformance: Conformance, cloud: str, environment: str, seen: Seen) -> None:
    """Where the provider's defaults are filled in, which the synthesized stack does not show. All of them, and each."""
    judged = conformance.judged(cloud, environment)
    loaded = load(environment, project=ROOT, cloud=cloud).environment
    subject = Subject(View.of_plan(judged.plan, judged.stack), loaded, target(loaded, offline=True))
    results = evaluate(subject)
    seen(judged, results)
    assert {result.guarantee.id: result.reason for result in results if not result.passes} == {}
    assert len(results) == len(GUARANTEES)


# on AWS the emulator applies for real in every run, and these take twenty seconds each
@pytest.mark.parametrize(
    ("cloud", "environment"),
    [
        pytest.param(cloud, environment, marks=[pytest.mark.e2e] if cloud == "aws" else [])
        for cloud in PROVIDERS
        for environment in ENVIRONMENTS
    ],
)
def test_it_applies_to_mocks(conformance: Conformance, cloud: str, environment: str) -> None:
    """The whole graph: every reference leads to something, every schema takes what it is given."""
    with conformance.opened(cloud, environment) as (deployment, workspace):
        offline.apply_to_mocks(deployment, workspace)
