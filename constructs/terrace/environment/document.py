"""One YAML file as a tree of nodes that remember their line and column."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from terrace.errors import InvalidEnvironment, Problem

MAX_BYTES = 1024 * 1024

Scalar: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands. Lines and columns count from one; `key_line` is 0 for what has no key.

    `under` is the node that this one replaced when overlays were merged. `text` is a plain scalar as it was typed.
    """

    value: "Scalar | list[Node] | dict[str, Node]"
    file: str
    line: int
    column: int
    key_line: int = 0
    key_column: int = 0
    text: str = ""
    under: "Node | None" = None

    @property
    def at(self) -> str:
        """Where the value stands, `file:line:column`; the bare name for what came from outside any file."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    @property
    def key_at(self) -> str:
        """Where its key stands; where the value does when it has no key."""
        return f"{self.file}:{self.key_line}:{self.key_column}" if self.key_line else self.at

    @property
    def where(self) -> str:
        """What an editor should open: the key of a section or list, the value of anything else."""
        return self.key_at if isinstance(self.value, dict | list) else self.at


@dataclass(frozen=True, slots=True)
class Document:
    """A file that could be read. `problems` did not stop the reading, such as a key that is there twice."""

    root: Node
    problems: tuple[Problem, ...]


def along(root: Node, path: Sequence[str]) -> list[Node]:
    """The nodes along a path from the root on, as far as there are any."""
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
    """The node's value without positions. Keys that are null were removed."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items() if child.value is not None}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def read(path: Path, shown: str) -> Document:
    """The mapping in a file. Raises InvalidEnvironment when it cannot be read; problems name it as `shown`."""
    try:
        status = path.stat()
        if not path.is_file():
            raise InvalidEnvironment([Problem("is not a file", shown)])
        if status.st_size > MAX_BYTES:
            size = f"{status.st_size / MAX_BYTES:.1f} MiB"
            raise InvalidEnvironment(
                [Problem(f"is {size}; an environment file has at most {MAX_BYTES // 1024} KiB", f"{shown}:1:1")]
            )
        return _read(path, shown, status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise InvalidEnvironment([Problem(f"cannot be read: {error.strerror}", shown)]) from error


@lru_cache(maxsize=64)
def _read(path: Path, shown: str, _modified: int, _size: int) -> Document:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    from terrace.environment.parsing import parse

    return parse(_decoded(content, shown), shown)


def _decoded(content: bytes, shown: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidEnvironment([Problem("is UTF-16.", f"{shown}:1:1", hint="Save it as UTF-8.")])
    if content.startswith(b"\xef\xbb\xbf"):
        raise InvalidEnvironment(
            [Problem("begins with a byte order mark.", f"{shown}:1:1", hint="Save it as UTF-8 without one.")]
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode("utf-8")) + 1
        problem = Problem(
            f"byte 0x{content[error.start]:02x} is not UTF-8.", f"{shown}:{line}:{column}", hint="Save it as UTF-8."
        )
        raise InvalidEnvironment([problem]) from error
