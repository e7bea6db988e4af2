"""Each module's identity may do what the module declares, and nothing else, by evaluation of each cloud's rights."""

import copy
from types import ModuleType

import pytest

from terrace.capabilities.cloud import implementation
from terrace.environment import load
from tests.conftest import ROOT, Foundations, SynthesizedStack
from tests.privileges import aws, aws_mutants, azure, azure_mutants, gcp, gcp_mutants
from tests.privileges.expectations import Lake, findings, lakes_of
from tests.privileges.iam_policy import UnknownElementError
from tests.streams_project import StreamsStacks

CLOUDS: dict[str, ModuleType] = {"aws": aws, "azure": azure, "gcp": gcp}
MUTANTS: dict[str, ModuleType] = {"aws": aws_mutants, "azure": azure_mutants, "gcp": gcp_mutants}
MUTATED = "superset"


def lakes(environment: str, cloud: str) -> list[Lake]:
    return lakes_of(load(environment, project=ROOT, cloud=cloud).environment)


def synthesized(foundation: Foundations, environment: str, cloud: str) -> SynthesizedStack:
    """The stack that the cloud's own tests synthesize too: the environments' own cloud is AWS."""
    return foundation(environment, None if cloud == "aws" else cloud)


def mutated(foundation: Foundations, cloud: str) -> tuple[SynthesizedStack, list[Lake]]:
    """A copy of dev's stack, and the module whose rights a mutant changes."""
    stack = SynthesizedStack(copy.deepcopy(synthesized(foundation, "dev", cloud).document))
    return stack, [lake for lake in lakes("dev", cloud) if lake.module.name == MUTATED]


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_module_may_do_what_it_declares_and_nothing_else(
    foundation: Foundations, environment: str, cloud: str
) -> None:
    declared = lakes(environment, cloud)
    cases = CLOUDS[cloud].cases(synthesized(foundation, environment, cloud), declared)
    assert findings(cases) == []
    for lake in declared:
        assert {case.declared for case in cases if case.module == lake.module.name} == {True, False}, lake.module.name


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_module_may_use_the_topics_that_it_declares_and_no_others(streams_stacks: StreamsStacks, cloud: str) -> None:
    loaded, stack = streams_stacks(cloud)
    cases = CLOUDS[cloud].cases(stack, lakes_of(loaded.environment))
    assert findings(cases) == []
    of_topics = [case for case in cases if "topic" in case.request or "/eventhubs/" in case.request]
    assert {case.declared for case in of_topics} == {True, False}
    for mutant in implementation("tests.assurance.mutants", cloud, "streams").MUTANTS:
        if "STREAM-3" in mutant.breaks:
            changed = SynthesizedStack(copy.deepcopy(stack.document))
            mutant.edit(changed.document)
            assert findings(CLOUDS[cloud].cases(changed, lakes_of(loaded.environment))), mutant


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_external_secrets_becomes_modules_and_reads_nothing_itself(foundation: Foundations, environment: str) -> None:
    """On AWS, the one cloud where it has rights of its own (SEC-3)."""
    cases = aws.external_secrets(synthesized(foundation, environment, "aws"))
    assert findings(cases) == []
    assert {case.declared for case in cases} == {True, False}


@pytest.mark.parametrize(("cloud", "mutant"), [(cloud, name) for cloud in MUTANTS for name in MUTANTS[cloud].MUTANTS])
def test_a_right_too_many_or_too_few_is_found(foundation: Foundations, cloud: str, mutant: str) -> None:
    stack, module = mutated(foundation, cloud)
    change, expected = MUTANTS[cloud].MUTANTS[mutant]
    change(stack)
    found = findings(CLOUDS[cloud].cases(stack, module))
    if expected is None:
        assert found == []
    else:
        assert any(expected in finding for finding in found), found[:20]


@pytest.mark.parametrize(("cloud", "mutant"), [(cloud, name) for cloud in MUTANTS for name in MUTANTS[cloud].UNKNOWN])
def test_what_the_evaluation_does_not_know_is_refused(foundation: Foundations, cloud: str, mutant: str) -> None:
    stack, module = mutated(foundation, cloud)
    change, message = MUTANTS[cloud].UNKNOWN[mutant]
    change(stack)
    with pytest.raises((AssertionError, UnknownElementError, RuntimeError, ValueError), match=message):
        CLOUDS[cloud].cases(stack, module)
