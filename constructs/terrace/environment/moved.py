"""Settings that environment files no longer have: what a module needs is declared in its folder."""

from collections.abc import Iterator

from terrace.documents.document import Node
from terrace.errors import Problem

NEEDS = ("lake", "database", "cache")
"""Keys below `modules.<name>` that moved to `needs` in the module's module.yaml."""


def problems(root: Node) -> Iterator[Problem]:
    """A problem for each key that moved."""
    for name, module in _mapping(_mapping(root).get("modules")).items():
        for key in NEEDS:
            if node := _mapping(module).get(key):
                message = f"moved to modules/{name}/module.yaml, needs.{key}."
                yield Problem(message, node.key_at, f"modules.{name}.{key}", "Run `terrace env migrate`.")


def _mapping(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}
