"""Parse YAML text into nodes.

Follows YAML 1.2's core schema: `yes`, `no`, `on` and `off` are strings, `010` is ten, and no tag constructs an object.
Nodes are built from the parser's events. ruamel.yaml's composed nodes would lose the position of an alias and whether
a tag was written, and composing recurses without a limit.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from terrace.documents.document import Document, Node, Scalar
from terrace.errors import InvalidFile, Problem

MAX_DEPTH = 32
MAX_NODES = 20_000
"""Values in a file after expanding aliases; the largest environment file of this repository has about 300."""

_WORDS: dict[str, Scalar] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}|0x[0-9a-fA-F]{1,15}|0o[0-7]{1,20}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_MAPPING = "Expected a mapping of keys and values."


def parse(text: str, shown: str) -> Document:
    """The mapping in a text. Raises InvalidFile if there is none."""
    builder = _Builder(shown, YAML(typ="safe", pure=True).parse(text))
    try:
        root = builder.document()
    except MarkedYAMLError as error:
        raise InvalidFile([*builder.problems, _syntax_problem(error, text, shown)]) from error
    except YAMLError as error:
        raise InvalidFile([*builder.problems, _character_problem(error, text, shown)]) from error
    return Document(root, tuple(builder.problems))


class _Builder:
    """Builds nodes from events. Collects problems, and stops at the first one that makes the rest unreadable."""

    def __init__(self, file: str, events: Iterator[Any]) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._events = events
        self._anchors: dict[str, Node | None] = {}  # None: the anchored value has not ended
        self._count = 0

    def document(self) -> Node:
        next(self._events)  # the start of the stream
        if not isinstance(next(self._events), DocumentStartEvent):
            raise InvalidFile([Problem("file is empty.", f"{self.file}:1:1", hint=_MAPPING)])
        event = next(self._events)
        if isinstance(event, ScalarEvent):
            if not event.value and not event.style:
                raise InvalidFile([Problem("file is empty.", f"{self.file}:1:1", hint=_MAPPING)])
            self._stop(f"file contains the single value {_short(event.value)}.", event, _MAPPING)
        if isinstance(event, SequenceStartEvent):
            self._stop("file contains a list.", event, _MAPPING)
        root = self._value(event, (), 0)
        next(self._events)  # the end of the document
        if isinstance(event := next(self._events), DocumentStartEvent):
            self._stop("a second YAML document starts here.", event, "A file contains one document.")
        return root

    def _value(self, event: Any, path: tuple[str, ...], depth: int, key: tuple[int, int] = (0, 0)) -> Node:
        """The node of the value that starts with an event; `key` is the position of its key."""
        line, column = _position(event)
        if isinstance(event, AliasEvent):
            target = self._aliased(event, depth)
            return Node(target.value, self.file, line, column, *key, target.text)
        self._counted(1, event)
        anchor = str(event.anchor) if event.anchor else ""
        if event.tag is not None:
            self._report(f"YAML tag {event.tag} is not supported.", event, path, "Remove it.")
        if isinstance(event, ScalarEvent):
            text = event.value if event.style is None else ""
            node = Node(self._scalar(event, path), self.file, line, column, *key, text)
        else:
            if depth >= MAX_DEPTH:
                self._stop(f"file has more than {MAX_DEPTH} levels of nesting.", event)
            if anchor:
                self._anchors[anchor] = None
            items = self._list if isinstance(event, SequenceStartEvent) else self._mapping
            node = Node(items(path, depth + 1), self.file, line, column, *key)
        if anchor:
            self._anchors[anchor] = node
        return node

    def _list(self, path: tuple[str, ...], depth: int) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            items.append(self._value(event, (*path, str(len(items))), depth))
        return items

    def _mapping(self, path: tuple[str, ...], depth: int) -> dict[str, Node]:
        children: dict[str, Node] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            if isinstance(event, AliasEvent):
                self._stop(f"alias *{event.anchor} is used as a key.", event, "Write the key itself.")
            if not isinstance(event, ScalarEvent):
                self._stop("a key must be a string.", event)
            key = str(event.value)
            if key == "<<" and event.style is None:
                hint = "Move shared settings to a file, and name it in `extends`."
                self._report("YAML 1.2 has no merge keys.", event, (*path, key), hint)
            elif not key or _CONTROL.search(key):
                self._report("a key must be a non-empty string without control characters.", event, (*path, key))
            elif key in children:
                self._report(f"duplicate key, first set in line {children[key].key_line}.", event, (*path, key))
            children[key] = self._value(next(self._events), (*path, key), depth, _position(event))
        return children

    def _scalar(self, event: Any, path: tuple[str, ...]) -> Scalar:
        text = str(event.value)
        if _CONTROL.search(text):
            self._report("the value contains a control character.", event, path)
        if event.style is not None:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text, 0 if text[:2] in ("0x", "0o") else 10)
        if _NOT_FINITE.fullmatch(text):
            self._report(f"{text} is not a finite number.", event, path)
        elif _FLOAT.fullmatch(text):
            number = float(text)
            if abs(number) > 1e18:
                self._report(f"{_short(text)} is too large.", event, path)
                return 0
            return number
        return text

    def _aliased(self, event: Any, depth: int) -> Node:
        name = str(event.anchor)
        if name not in self._anchors:
            self._stop(f"alias *{name} has no anchor above it.", event)
        node = self._anchors[name]
        if node is None:
            self._stop(f"alias *{name} refers to itself.", event)
        if depth + _height(node) > MAX_DEPTH:
            self._stop(f"file has more than {MAX_DEPTH} levels of nesting after expanding *{name}.", event)
        self._counted(_size(node), event)
        return node

    def _counted(self, nodes: int, event: Any) -> None:
        self._count += nodes
        if self._count > MAX_NODES:
            self._stop(f"file has more than {MAX_NODES} values after expanding aliases.", event)

    def _report(self, message: str, event: Any, path: tuple[str, ...], hint: str = "") -> None:
        line, column = _position(event)
        self.problems.append(Problem(message, f"{self.file}:{line}:{column}", ".".join(filter(None, path)), hint))

    def _stop(self, message: str, event: Any, hint: str = "") -> NoReturn:
        self._report(message, event, (), hint)
        raise InvalidFile(self.problems)


def _children(node: Node) -> Iterable[Node]:
    if isinstance(node.value, dict):
        return node.value.values()
    return node.value if isinstance(node.value, list) else ()


def _size(node: Node) -> int:
    return 1 + sum(map(_size, _children(node)))


def _height(node: Node) -> int:
    return 1 + max(map(_height, _children(node)), default=0) if isinstance(node.value, dict | list) else 0


def _syntax_problem(error: Any, text: str, shown: str) -> Problem:
    """The parser's error in other words; for something that is not closed, at the position where it was opened."""
    problem, unclosed = str(error.problem or error.context), "stream" in str(error.problem)
    mark = error.context_mark if unclosed and error.context_mark else error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines()
    message, hint = _syntax_message(problem, lines[line] if line < len(lines) else "", column)
    return Problem(message, f"{shown}:{line + 1}:{column + 1}", hint=hint)


def _syntax_message(problem: str, line: str, column: int) -> tuple[str, str]:
    if "\t" in line[: column + 1]:
        return "YAML does not allow tabs for indentation.", "Use spaces."
    if "mapping values are not allowed" in problem:
        return "unexpected ': ' in a value.", "Put the value in quotes, or start a new line."
    if "cannot start any token" in problem:
        return f"a value cannot start with {line[column : column + 1]!r}.", "Put it in quotes."
    if "end of stream" in problem or "stream end" in problem:
        opened = line[column : column + 1]
        return f"{opened} is opened here but never closed." if opened else "unexpected end of file.", ""
    return f"invalid YAML: {problem}.", ""


def _character_problem(error: Exception, text: str, shown: str) -> Problem:
    position = getattr(error, "position", None)
    if not isinstance(position, int):
        return Problem(f"invalid YAML: {error}", f"{shown}:1:1")
    before = text[:position]
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    return Problem(f"YAML does not allow the character U+{ord(text[position]):04X}.", f"{shown}:{line}:{column}")


def _position(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
