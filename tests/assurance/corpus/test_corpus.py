"""Each dangerous edit of a prod stack is blocked, alone and among others, and a finding names its resource."""

import json
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pytest

from terrace.assurance import gate
from terrace.assurance.checks import Subject, evaluate
from terrace.assurance.findings import findings
from terrace.assurance.gate_result import Finding
from terrace.assurance.stack_evaluation import StackEvaluation
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS, implementation
from terrace.environment import Loaded, load, target
from tests.assurance.conftest import Written
from tests.assurance.corpus import Danger
from tests.conftest import ROOT

TOGETHER = 20


@lru_cache
def prod(cloud: str) -> Loaded:
    return load("prod", project=ROOT, cloud=cloud)


@lru_cache
def rules() -> gate.Policies:
    return gate.policies(ROOT, ends=False)


def corpus(cloud: str) -> Sequence[Danger]:
    dangers: Sequence[Danger] = implementation("tests.assurance.corpus", cloud).DANGERS
    return dangers


def blocking(cloud: str, document: dict[str, Any]) -> list[Finding]:
    """The findings that block an edited stack, by the checks of the guarantees; checkov's come on top.

    Those about waivers are left out: without checkov, waivers of its findings are unused.
    """
    environment = prod(cloud).environment
    view = View(document)
    subject = Subject(view, environment, target(environment))
    evaluation = StackEvaluation(results=evaluate(subject), view=view)
    found = findings(prod(cloud), evaluation, rules().severities, rules().waivers, rules().today)
    return [finding for finding in found if finding.blocks and not finding.id.startswith("gate.")]


def naming(danger: Danger, found: Sequence[Finding]) -> list[Finding]:
    """The findings that name a danger's resource."""
    name = danger.resource.rpartition(" ")[2]
    return [one for one in found if name in f"{one.resource} {one.construct} {one.sentence}"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_of_twenty_dangers_at_once_is_blocked_and_its_resource_named(cloud: str, written: Written) -> None:
    stack = written(cloud, "prod")
    missed = []
    for batch, together in batches(corpus(cloud), stack):
        found = blocking(cloud, together)
        missed += [f"{danger.sentence}: {danger.resource}" for danger in batch if not naming(danger, found)]
    assert missed == []


@pytest.mark.e2e
@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_danger_alone_is_blocked_and_its_resource_named(cloud: str, written: Written) -> None:
    stack = written(cloud, "prod")
    clean = json.loads(stack)
    missed = []
    for danger in corpus(cloud):
        document = json.loads(stack)
        danger.edit(document)
        assert document != clean, danger.sentence
        missed += [] if naming(danger, blocking(cloud, document)) else [f"{danger.sentence}: {danger.resource}"]
    assert missed == []


def batches(dangers: Sequence[Danger], stack: str) -> list[tuple[list[Danger], dict[str, Any]]]:
    """Groups of at most 20 dangers, each with the stack that has them.

    Two edits of one resource, and an edit of what another one removed, are in different groups.
    """
    groups: list[tuple[list[Danger], dict[str, Any]]] = []
    for danger in dangers:
        for group, document in [*groups, ([], json.loads(stack))]:
            if len(group) == TOGETHER or any(other.resource == danger.resource for other in group):
                continue
            try:
                danger.edit(document)
            except (KeyError, IndexError, StopIteration):
                continue
            if not group:
                groups.append((group, document))
            group.append(danger)
            break
    assert sum(len(group) for group, _ in groups) == len(dangers)
    return groups


def test_the_corpus_is_large_and_of_many_kinds() -> None:
    counts = {cloud: Counter(danger.kind for danger in corpus(cloud)) for cloud in CLOUDS}
    assert sum(count.total() for count in counts.values()) >= 250
    assert all(len(count) >= 5 and count.total() >= 80 for count in counts.values()), counts
