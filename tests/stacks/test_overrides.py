"""What is passed through untyped is on one list, in the code and in every synthesized stack."""

import ast
from pathlib import Path
from typing import Any

import pytest

from terrace import engine
from terrace.capabilities.cloud import CLOUDS
from terrace.overrides import OVERRIDES, override
from tests.conftest import ROOT, Foundations


def overridden(document: dict[str, Any]) -> set[str]:
    """What the CDK itself notes down of overrides: their first words, by element."""
    found = {word for words in document["//"]["metadata"].get("overrides", {}).values() for word in words}
    for group in (*document["resource"].values(), *document.get("ephemeral", {}).values()):
        for body in group.values():
            found.update(body["//"]["metadata"].get("overrides", []))
    return found


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_a_stack_has_only_reviewed_overrides(foundation: Foundations, cloud: str, environment: str) -> None:
    found = overridden(foundation(environment, cloud).document)
    assert "terraform" in found, "the CDK notes overrides elsewhere now, and this test sees none"
    assert found <= {path.partition(".")[0] for path in OVERRIDES}


def test_nothing_else_overrides() -> None:
    callers = {
        str(file.relative_to(ROOT))
        for folder in ("constructs/terrace", "stacks")
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("add_override", "add_deletion_override")
    }
    assert callers == {"constructs/terrace/overrides.py"}


def test_what_is_not_reviewed_is_refused(tmp_path: Path) -> None:
    from cdktn import TerraformStack  # after the engine, which says which Node it takes

    stack = TerraformStack(engine.app(str(tmp_path)), "x")
    with pytest.raises(AssertionError, match="not in OVERRIDES"):
        override(stack, "terraform.backend", {})
