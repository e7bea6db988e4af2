"""Existing resources that an environment cannot name, each with the reason."""

from collections.abc import Iterator, Mapping

from terrace.documents.document import Node
from terrace.errors import Problem

REASONS: Mapping[str, str] = {
    "monitoring": "retention and keys of the foundation's logs are its own",
}


def problems(root: Node) -> Iterator[Problem]:
    """A problem for each of them."""
    existing = _mapping(_mapping(root).get("existing"))
    for key, reason in REASONS.items():
        if node := existing.get(key):
            message = f"an existing {key.replace('_', ' ')} cannot be used: {reason}."
            yield Problem(message, node.key_at, f"existing.{key}", "Remove it; the foundation makes its own.")


def _mapping(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}
