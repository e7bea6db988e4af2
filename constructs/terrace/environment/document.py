"""One YAML file as a tree of nodes that remember their line and column.

Only what YAML 1.2's core schema says: `yes`, `no`, `on` and `off` are words, `010` is ten, nothing constructs objects.
The tree is built from the parser's events without recursion, so that a deep file is an error and not a crash.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from terrace.errors import InvalidEnvironment, Problem

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_NODES = 20_000
"""Values in a file once its aliases are written out; the largest environment of ours has some 300."""

Scalar: TypeAlias = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}|0x[0-9a-fA-F]{1,15}|0o[0-7]{1,20}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\ud800-\udfff]")


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


def plain(node: Node) -> Any:
    """The node's value without positions. Keys that are null were removed."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items() if child.value is not None}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def read(path: Path, shown: str) -> Node:
    """The mapping in a file. Raises InvalidEnvironment with every problem found; `shown` is the path they name."""
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
def _read(path: Path, shown: str, _modified: int, _size: int) -> Node:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
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


def parse(text: str, shown: str) -> Node:
    """The mapping in a text. Raises InvalidEnvironment."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    builder = _Builder(shown)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        message, hint = _sentence(str(error.problem or error.context), text, line, column)
        builder.problems.append(Problem(message, f"{shown}:{line + 1}:{column + 1}", hint=hint))
    except YAMLError as error:
        builder.problems.append(_unreadable(error, text, shown))
    if not builder.problems and not isinstance(builder.root, Node):
        builder.problems.append(Problem("is empty.", f"{shown}:1:1", hint="An environment file has keys and values."))
    if builder.problems:
        raise InvalidEnvironment(builder.problems)
    assert isinstance(builder.root, Node)
    return builder.root


def _sentence(problem: str, text: str, line: int, column: int) -> tuple[str, str]:
    """The parser's complaint in words of ours, and what to do."""
    typed = text.splitlines()[line] if line < len(text.splitlines()) else ""
    if "\t" in typed[: column + 1]:
        return "a tab cannot indent YAML.", "Use spaces."
    if "mapping values are not allowed" in problem:
        return "a second ': ' in one value.", "Put the value in quotes, or begin a new line."
    if "undefined alias" in problem:
        return f"{problem}.", ""
    if "cannot start any token" in problem:
        return f"a value cannot begin with {typed[column : column + 1]!r}.", "Put it in quotes."
    if "unexpected end of stream" in problem:
        return "a quote was opened and not closed.", ""
    return f"is not YAML: {problem}.", ""


def _unreadable(error: Exception, text: str, shown: str) -> Problem:
    position = getattr(error, "position", None)
    if not isinstance(position, int):
        return Problem(f"is not YAML: {error}", f"{shown}:1:1")
    before = text[:position]
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    return Problem(f"a character that YAML does not allow: U+{ord(text[position]):04X}.", f"{shown}:{line}:{column}")


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet."""

    node: Node
    anchor: str | None
    key: tuple[str, int, int] | None = None
    size: int = 1


@dataclass(slots=True)
class _Builder:
    """Turns events into nodes. Stops at the first thing that makes the rest unreadable, else collects problems."""

    file: str
    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    _open: list[_Open] = field(default_factory=list)
    _anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)
    _documents: int = 0
    _skipping: int = 0

    def take(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "DocumentStartEvent":
            self._documents += 1
            if self._documents == 2:
                self._stop("a second document begins here.", event, "A file holds one.")
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            self._begin(event, {} if kind == "MappingStartEvent" else [])
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            done = self._open.pop()
            self._name(done.anchor, done.node, done.size)
            if self._open:
                self._open[-1].size += done.size
        elif kind == "ScalarEvent":
            self._scalar(event)
        elif kind == "AliasEvent":
            self._alias(event)

    def _stop(self, message: str, event: Any, hint: str = "") -> None:
        line, column = _position(event)
        self.problems.append(Problem(message, f"{self.file}:{line}:{column}", hint=hint))
        raise InvalidEnvironment(self.problems)

    def _complain(self, message: str, event: Any, hint: str = "") -> None:
        line, column = _position(event)
        self.problems.append(Problem(message, f"{self.file}:{line}:{column}", self._path(), hint))

    def _path(self) -> str:
        words = [opened.key[0] for opened in self._open if opened.key]
        return ".".join(words)

    def _begin(self, event: Any, value: "dict[str, Node] | list[Node]") -> None:
        if event.tag is not None:
            self._complain(f"the tag {event.tag} is not understood.", event, "Write the value without it.")
        if len(self._open) == MAX_DEPTH:
            self._stop(f"is nested deeper than {MAX_DEPTH} levels.", event)
        if not self._open and isinstance(value, list):
            self._stop("is a list.", event, "An environment file has keys and values.")
        anchor = str(event.anchor) if event.anchor else None
        if anchor:
            self._anchors.pop(anchor, None)
        node = self._place(event, value)
        self._open.append(_Open(node, anchor))

    def _scalar(self, event: Any) -> None:
        inside = self._open[-1] if self._open else None
        if inside and isinstance(inside.node.value, dict) and inside.key is None:
            self._key(inside, event)
            return
        if not inside:
            if event.value or event.style:
                self._stop(
                    f"is a single value, {_short(event.value)}.", event, "An environment file has keys and values."
                )
            return
        value = self._resolved(event)
        text = event.value if event.style is None else ""
        node = self._place(event, value, text)
        if event.anchor:
            self._name(str(event.anchor), node, 1)

    def _key(self, inside: _Open, event: Any) -> None:
        line, column = _position(event)
        key = str(event.value)
        assert isinstance(inside.node.value, dict)
        inside.key = (key, line, column)
        if key == "<<" and event.style is None:
            self._complain("merge keys are not YAML 1.2.", event, "Name what is shared in `extends`.")
        elif not key or _UNSPEAKABLE.search(key):
            self._complain("a key has to be a word.", event)
        elif key in inside.node.value:
            first = inside.node.value[key]
            self._complain(f"the key is there twice; first in line {first.key_line}.", event)

    def _resolved(self, event: Any) -> Scalar:
        typed = str(event.value)
        if event.tag is not None:
            self._complain(f"the tag {event.tag} is not understood.", event, "Write the value without it.")
        if _UNSPEAKABLE.search(typed):
            self._complain("a control character in a value.", event)
        if event.style is not None:
            return typed
        if typed in _WORDS:
            return _WORDS[typed]
        if _INTEGER.fullmatch(typed):
            return int(typed, 0 if typed[:2] in ("0x", "0o") else 10)
        if _NOT_FINITE.fullmatch(typed):
            self._complain(f"{typed} is not a number that can be counted.", event)
        elif _FLOAT.fullmatch(typed):
            number = float(typed)
            if abs(number) > 1e18:
                self._complain(f"{_short(typed)} is too large a number.", event)
                return 0
            return number
        return typed

    def _alias(self, event: Any) -> None:
        name = str(event.anchor)
        inside = self._open[-1] if self._open else None
        if inside and isinstance(inside.node.value, dict) and inside.key is None:
            self._stop(f"*{name} stands for a key.", event, "Write the key.")
        if name not in self._anchors:
            inner = any(opened.anchor == name for opened in self._open)
            self._stop(f"*{name} refers to {'itself' if inner else 'nothing above it'}.", event)
        meant, size = self._anchors[name]
        self._place(event, meant.value, meant.text, size)

    def _name(self, anchor: str | None, node: Node, size: int) -> None:
        if anchor:
            self._anchors[anchor] = (node, size)

    def _place(self, event: Any, value: Any, text: str = "", size: int = 1) -> Node:
        """A node at the event's position, hung into what is open."""
        line, column = _position(event)
        inside = self._open[-1] if self._open else None
        if inside is None:
            self.root = node = Node(value, self.file, line, column)
            return node
        if isinstance(inside.node.value, dict):
            assert inside.key is not None
            key, key_line, key_column = inside.key
            node = Node(value, self.file, line, column, key_line, key_column, text)
            inside.node.value[key] = node
            inside.key = None
        else:
            assert isinstance(inside.node.value, list)
            node = Node(value, self.file, line, column, text=text)
            inside.node.value.append(node)
        if not isinstance(value, dict | list) or size > 1:
            inside.size += size
        if sum(opened.size for opened in self._open) > MAX_NODES:
            self._stop(f"has more than {MAX_NODES} values once its aliases are written out.", event)
        return node


def _position(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
