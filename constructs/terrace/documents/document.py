"""A YAML file as a tree of nodes with their line and column."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from terrace.errors import Problem

Scalar: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its position. Lines and columns count from one; `key_line` is 0 for a value without a key.

    `replaced` is the node that this one replaced when files were merged. `text` is an unquoted scalar as written.
    """

    value: "Scalar | list[Node] | dict[str, Node]"
    file: str
    line: int
    column: int
    key_line: int = 0
    key_column: int = 0
    text: str = ""
    replaced: "Node | None" = None

    @property
    def at(self) -> str:
        """The position of the value, `file:line:column`; only the name for a value that is from no file."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    @property
    def key_at(self) -> str:
        """The position of the key; of the value if it has no key."""
        return f"{self.file}:{self.key_line}:{self.key_column}" if self.key_line else self.at

    @property
    def where(self) -> str:
        """The position to open in an editor: the key of a mapping or list, the value of a scalar."""
        return self.key_at if isinstance(self.value, dict | list) else self.at


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read. `problems` did not prevent reading it, such as a duplicate key."""

    root: Node
    problems: tuple[Problem, ...]


def along(root: Node, path: Sequence[str]) -> list[Node]:
    """The nodes on a path, root first, up to the last one that exists."""
    nodes = [root]
    for word in path:
        value = nodes[-1].value
        child = None
        if isinstance(value, dict):
            child = value.get(word)
        elif isinstance(value, list) and word.isdigit() and int(word) < len(value):
            child = value[int(word)]
        if child is None:
            break
        nodes.append(child)
    return nodes


def plain(node: Node) -> Any:
    """The node's value without positions and without keys that are null."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items() if child.value is not None}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def complete(node: Node) -> Any:
    """The node's value without positions, with keys that are null."""
    if isinstance(node.value, dict):
        return {key: complete(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [complete(child) for child in node.value]
    return node.value
