"""YAML text to nodes.

Only what YAML 1.2's core schema says: `yes`, `no`, `on` and `off` are words, `010` is ten, nothing constructs objects.
The tree is built from the parser's events without recursion, so that a deep file is an error and not a crash.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from terrace.environment.document import Document, Node, Scalar
from terrace.errors import InvalidEnvironment, Problem

MAX_DEPTH = 32
MAX_NODES = 20_000
"""Values in a file once its aliases are written out; the largest environment of ours has some 300."""

_WORDS: dict[str, Scalar] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}|0x[0-9a-fA-F]{1,15}|0o[0-7]{1,20}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\ud800-\udfff]")


def parse(text: str, shown: str) -> Document:
    """The mapping in a text. Raises InvalidEnvironment when there is none."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    builder = _Builder(shown)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        raise InvalidEnvironment([*builder.problems, _misread(error, text, shown)]) from error
    except YAMLError as error:
        raise InvalidEnvironment([*builder.problems, _unreadable(error, text, shown)]) from error
    if builder.root is None:
        raise InvalidEnvironment(
            [Problem("is empty.", f"{shown}:1:1", hint="An environment file has keys and values.")]
        )
    return Document(builder.root, tuple(builder.problems))


def _misread(error: Any, text: str, shown: str) -> Problem:
    """The parser's complaint in words of ours, at what was begun when something was not ended."""
    problem, unended = str(error.problem or error.context), "stream" in str(error.problem)
    mark = error.context_mark if unended and error.context_mark else error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    message, hint = _sentence(problem, text, line, column)
    return Problem(message, f"{shown}:{line + 1}:{column + 1}", hint=hint)


def _sentence(problem: str, text: str, line: int, column: int) -> tuple[str, str]:
    typed = text.splitlines()[line] if line < len(text.splitlines()) else ""
    if "\t" in typed[: column + 1]:
        return "a tab cannot indent YAML.", "Use spaces."
    if "mapping values are not allowed" in problem:
        return "a second ': ' in one value.", "Put the value in quotes, or begin a new line."
    if "cannot start any token" in problem:
        return f"a value cannot begin with {typed[column : column + 1]!r}.", "Put it in quotes."
    if "end of stream" in problem or "stream end" in problem:
        return f"{typed[column : column + 1]} is opened here and not closed.", ""
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
    path: tuple[str, ...]
    key: tuple[str, int, int] | None = None
    size: int = 1
    height: int = 1


@dataclass(slots=True)
class _Builder:
    """Turns events into nodes. Stops at the first thing that makes the rest unreadable, else collects problems."""

    file: str
    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    _open: list[_Open] = field(default_factory=list)
    _anchors: dict[str, tuple[Node, int, int]] = field(default_factory=dict)
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
            if done.anchor:
                self._anchors[done.anchor] = (done.node, done.size, done.height)
            if self._open:
                self._open[-1].size += done.size
                self._open[-1].height = max(self._open[-1].height, done.height + 1)
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
        self.problems.append(
            Problem(message, f"{self.file}:{line}:{column}", ".".join(filter(None, self._path())), hint)
        )

    def _path(self) -> tuple[str, ...]:
        """The path of the value that comes next."""
        if not self._open:
            return ()
        inside = self._open[-1]
        if isinstance(inside.node.value, list):
            return (*inside.path, str(len(inside.node.value)))
        return (*inside.path, inside.key[0]) if inside.key else inside.path

    def _begin(self, event: Any, value: "dict[str, Node] | list[Node]") -> None:
        if event.tag is not None:
            self._complain(f"the tag {event.tag} is not understood.", event, "Write the value without it.")
        if self._open and isinstance(self._open[-1].node.value, dict) and self._open[-1].key is None:
            self._stop("a key has to be a word.", event)
        if len(self._open) >= MAX_DEPTH:
            self._stop(f"is nested deeper than {MAX_DEPTH} levels.", event)
        if not self._open and isinstance(value, list):
            self._stop("is a list.", event, "An environment file has keys and values.")
        anchor = str(event.anchor) if event.anchor else None
        if anchor:
            self._anchors.pop(anchor, None)
        path = self._path()
        self._open.append(_Open(self._place(event, value), anchor, path))

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
            self._anchors[str(event.anchor)] = (node, 1, 0)

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
        meant, size, height = self._anchors[name]
        if len(self._open) + height > MAX_DEPTH:
            self._stop(f"is nested deeper than {MAX_DEPTH} levels once *{name} is written out.", event)
        self._open[-1].height = max(self._open[-1].height, height + 1)
        self._place(event, meant.value, meant.text, size)

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
