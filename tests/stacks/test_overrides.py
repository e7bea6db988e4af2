"""Overrides of the bindings' types are on one list, in the code and in every synthesized stack."""

import ast
from pathlib import Path
from typing import Any

import pytest

from terrace import engine
from terrace.capabilities.cloud import CLOUDS
from terrace.overrides import OVERRIDES, override
from tests.conftest import ROOT, Foundations


def overridden(document: dict[str, Any]) -> set[str]:
    """The overrides in the CDK's own metadata: the first element of each path."""
    first_elements = {word for words in document["//"]["metadata"].get("overrides", {}).values() for word in words}
    for group in (*document["resource"].values(), *document.get("ephemeral", {}).values()):
        for body in group.values():
            first_elements.update(body["//"]["metadata"].get("overrides", []))
    return first_elements


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_a_stack_has_only_reviewed_overrides(foundation: Foundations, cloud: str, environment: str) -> None:
    first_elements = overridden(foundation(environment, cloud).document)
    assert "terraform" in first_elements, "the CDK records overrides elsewhere, so this test sees none"
    assert first_elements <= {path.partition(".")[0] for path in OVERRIDES}


def test_only_one_module_calls_add_override() -> None:
    callers = {
        str(file.relative_to(ROOT))
        for folder in ("constructs/terrace", "stacks")
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("add_override", "add_deletion_override")
    }
    assert callers == {"constructs/terrace/overrides.py"}


def test_an_override_that_is_not_listed_is_an_error(tmp_path: Path) -> None:
    from cdktn import TerraformStack  # after the engine, which selects Node

    stack = TerraformStack(engine.app(str(tmp_path)), "x")
    with pytest.raises(AssertionError, match="not in OVERRIDES"):
        override(stack, "terraform.backend", {})
