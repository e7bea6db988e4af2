"""An environment with managed streams on every cloud: the gate passes it, and every mutant of its streams breaks what
it names."""

import copy
import json

import pytest

from terrace.assurance import checks, gate
from terrace.assurance.checks import Subject
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS, implementation
from terrace.environment import target
from tests.assurance.mutants import Mutant
from tests.conftest import ROOT
from tests.streams_project import StreamsStacks


def mutants(cloud: str) -> list[Mutant]:
    found: list[Mutant] = implementation("tests.assurance.mutants", cloud, "streams").MUTANTS
    return found


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_gate_passes_and_the_streams_guarantees_hold(cloud: str, streams_stacks: StreamsStacks) -> None:
    loaded, stack = streams_stacks(cloud)
    judged = gate.evaluate(loaded, json.dumps(stack.document), gate.policies(ROOT, ends=False))
    assert [f"{one.id} {one.resource}: {one.sentence}" for one in judged.blocking] == []
    found = {one.guarantee.id: one.status for one in judged.results if one.guarantee.capability == "streams"}
    assert found == dict.fromkeys((f"STREAM-{number}" for number in range(1, 6)), "holds")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_mutant_breaks_what_it_names_and_every_check_is_broken(cloud: str, streams_stacks: StreamsStacks) -> None:
    loaded, stack = streams_stacks(cloud)
    survives, broken = [], set()
    for mutant in mutants(cloud):
        document = copy.deepcopy(stack.document)
        mutant.edit(document)
        results = checks.evaluate(Subject(View(document), loaded.environment, target(loaded.environment)))
        found = {one.guarantee.id for one in results if one.status in ("broken", "unproven")}
        if not set(mutant.breaks) <= found:
            survives.append(f"{mutant}: {found}")
        broken |= {
            outcome.id for one in results for outcome in one.outcomes if outcome.status in ("broken", "unproven")
        }
    assert survives == []
    own = {id for id in checks.of_cloud(cloud) if id.startswith(f"{cloud}.streams.")}
    assert own - broken == set()
