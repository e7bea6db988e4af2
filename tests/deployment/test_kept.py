"""A setting that deployed resources keep for life replaces none of them, and a plan names it."""

import copy
from typing import Any

import pytest

from terrace.capabilities.cloud import CLOUDS, facts
from terrace.deployment.kept import sentences
from tests.conftest import Foundations

KEEPING = [cloud for cloud in CLOUDS if facts(cloud).kept]


def plan(document: dict[str, Any], action: str = "no-op") -> dict[str, Any]:
    """The plan of a deployment that has what a stack has."""
    return {
        "resource_changes": [
            {"address": f"{type}.{name}", "type": type, "name": name, "change": {"actions": [action], "before": body}}
            for type, group in document["resource"].items()
            for name, body in group.items()
        ]
    }


@pytest.mark.parametrize("cloud", KEEPING)
def test_a_plan_names_what_deployed_resources_keep(cloud: str, foundation: Foundations) -> None:
    known, dev, prod = (
        facts(cloud),
        copy.deepcopy(foundation("dev", cloud).document),
        foundation("prod", cloud).document,
    )
    for type, kept in known.kept.items():
        for body in dev["resource"][type].values():
            body |= {one.path: "another" for one in kept if isinstance(body.get(one.path), str | int)}
    said = list(sentences(plan(dev), prod, known))
    for one in (one for kept in known.kept.values() for one in kept):
        assert any(f"`{one.setting}` does not change" in sentence and one.reason in sentence for sentence in said), one
    assert list(sentences(plan(prod), prod, known)) == []
    assert list(sentences(plan(dev, "delete"), prod, known)) == []


@pytest.mark.parametrize("cloud", KEEPING)
def test_stacks_ignore_changes_of_what_is_kept(cloud: str, foundation: Foundations) -> None:
    stack = foundation("prod", cloud)
    for type, kept in facts(cloud).kept.items():
        found = stack.all(type)
        assert found
        for _, body in found:
            assert {one.path for one in kept} <= {*body["lifecycle"]["ignore_changes"]}
