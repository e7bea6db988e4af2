"""Turn pydantic's errors into problems with a position, the rule that is broken and a fix."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from terrace.documents import suggestions
from terrace.documents.document import Node, along, plain
from terrace.documents.fields import EXPECTED, Field, branch_keys, field, key_options
from terrace.errors import Problem
from terrace.words import counted

PLACEHOLDER = re.compile(r"change[-_ ]?me", re.IGNORECASE)


def problems(error: ValidationError, root: Node, model: type[BaseModel]) -> list[Problem]:
    """All problems of a document that is not valid as `model`, one for each path."""
    document = plain(root)
    by_path: dict[tuple[str, ...], Problem] = {}
    invalid_keys: list[tuple[str, ...]] = []
    for detail in error.errors(include_url=False):
        if detail["type"] == "default_factory_not_called":
            continue  # follows from another field's error
        path, of_key = _path(detail["loc"], model)
        chain = along(root, path)
        if detail["type"] == "too_short" and chain[-1].value:
            continue  # too short only because items are invalid, which is reported
        if detail["type"] != "missing" and isinstance(chain[-1].value, str) and PLACEHOLDER.search(chain[-1].value):
            continue  # reported by `placeholders`
        problem = _problem(model, detail, path, of_key, chain, document)
        if of_key:
            invalid_keys.append(path)
        by_path.setdefault((*path, "[key]") if of_key else path, problem)
    # Values below an invalid key are not reported: below the corrected key they may be valid.
    return [
        problem
        for path, problem in by_path.items()
        if path[-1:] == ("[key]",) or not any(path[: len(invalid)] == invalid for invalid in invalid_keys)
    ]


def placeholders(root: Node, model: type[BaseModel]) -> Iterable[Problem]:
    """Values that were meant to be replaced, such as CHANGEME."""

    def walk(node: Node, path: tuple[str, ...]) -> Iterable[Problem]:
        if isinstance(node.value, dict):
            for key, child in node.value.items():
                yield from walk(child, (*path, key))
        elif isinstance(node.value, list):
            for position, child in enumerate(node.value):
                yield from walk(child, (*path, str(position)))
        elif isinstance(node.value, str) and PLACEHOLDER.search(node.value):
            setting = field(model, path) or field(model, path[:-1])
            message = f"placeholder {node.value!r} was not replaced."
            yield Problem(message, node.at, ".".join(path), setting.description if setting else "")

    return walk(root, ())


def removals(root: Node, model: type[BaseModel]) -> Iterable[Problem]:
    """Nulls that remove nothing: no base file sets the key, and it has no default."""

    def walk(node: Node, path: tuple[str, ...]) -> Iterable[Problem]:
        if not isinstance(node.value, dict):
            return
        for key, child in node.value.items():
            child_path = (*path, key)
            if child.value is None and child.replaced is None and not _is_field(model, child_path):
                names = [name for name, other in node.value.items() if other.value is not None]
                message = "null removes a key that no base file sets."
                yield Problem(message, child.key_at, ".".join(child_path), suggestions.hint(key, names))
            yield from walk(child, child_path)

    return walk(root, ())


def _is_field(model: type[BaseModel], path: Sequence[str]) -> bool:
    parent = field(model, path[:-1])
    return parent is not None and (path[-1] in key_options(parent) or not parent.schema)


def _path(loc: Sequence[int | str], model: type[BaseModel]) -> tuple[tuple[str, ...], bool]:
    """pydantic's location without the branch of a union, and whether it is that of an invalid key (`[key]`)."""
    of_key = bool(loc) and loc[-1] == "[key]"
    words: list[str] = []
    branches: tuple[str, ...] = ()
    for word in loc[:-1] if of_key else loc:
        if word in branches:
            branches = ()
            continue
        words.append(str(word))
        branches = branch_keys(model, words)
    return tuple(words), of_key


def _problem(
    model: type[BaseModel],
    detail: Mapping[str, Any],
    path: tuple[str, ...],
    of_key: bool,
    chain: list[Node],
    document: Any,
) -> Problem:
    kind, node, name = str(detail["type"]), chain[-1], ".".join(path)
    setting = field(model, path, document)
    if kind == "missing":
        return _missing(node, name, setting, removed=len(chain) == len(path) + 1)
    if kind == "extra_forbidden" or of_key:
        parent = field(model, path[:-1], document) if path else None
        if names := list(key_options(parent)) if parent else []:
            return Problem("unknown key.", node.key_at, name, suggestions.hint(path[-1], names))
        expected = EXPECTED.get(str(detail.get("ctx", {}).get("pattern")), "2 to 24 characters")
        return Problem("invalid key.", node.key_at, name, f"Expected {expected}.")
    if kind.startswith("union_tag"):
        return _unknown_kind(detail, node, name)
    for kinds, message in _MESSAGES:
        if kind in kinds:
            text, hint = message(node, setting or Field(model, path, {}, "", True))
            return Problem(text, node.at, name, hint)
    return Problem(f"{detail['msg']}.", node.at, name)


def _missing(node: Node, name: str, setting: Field | None, *, removed: bool) -> Problem:
    hint = setting.description if setting else ""
    if setting and setting.options:
        hint = f"{hint} {suggestions.expected_one_of(setting.options)}"
    return Problem(
        "required, but null removes it here." if removed else "required, but not set.", node.key_at, name, hint
    )


def _unknown_kind(detail: Mapping[str, Any], node: Node, name: str) -> Problem:
    kinds = re.findall(r"'([^']+)'", detail["ctx"].get("expected_tags", "")) or ["email", "webhook"]
    tag = detail["ctx"].get("tag")
    child = node.value.get("kind") if isinstance(node.value, dict) else None
    if tag is None or child is None:
        return Problem("required, but not set.", node.key_at, f"{name}.kind", suggestions.expected_one_of(kinds))
    return Problem(f"unknown kind {_shown(child)}.", child.at, f"{name}.kind", suggestions.hint(str(tag), kinds))


def _option(node: Node, setting: Field) -> tuple[str, str]:
    if all(isinstance(option, int) for option in setting.options):
        return f"unsupported value {_shown(node)}.", suggestions.expected_one_of(setting.options, setting.unit)
    options = [str(option) for option in setting.options]
    return f"invalid value {_shown(node)}.", suggestions.hint(str(node.value), options)


def _number(node: Node, setting: Field) -> tuple[str, str]:
    number = "a whole number" if setting.schema.get("type") == "integer" else "a number"
    hint = f"Expected {setting.expected}." if setting.expected != number else ""
    if isinstance(node.value, str) and re.fullmatch(r"[-+]?\d+(\.\d+)?", node.value):
        hint = "Remove the quotes."
    elif isinstance(node.value, str) and setting.unit and re.fullmatch(r"\d+ ?[A-Za-z%$]+", node.value):
        hint = f"Write the number without a unit; the unit is{setting.unit}."
    return f"expected {number}, found {_shown(node)}.", hint


def _boolean(node: Node, setting: Field) -> tuple[str, str]:
    word = str(node.value).lower()
    if word in ("yes", "on", "no", "off", "y", "n"):
        boolean = "true" if word in ("yes", "on", "y") else "false"
        return f"{_shown(node)} is a string in YAML 1.2.", f"Use {boolean}."
    return f"expected true or false, found {_shown(node)}.", "Remove the quotes." if word in ("true", "false") else ""


def _string(node: Node, setting: Field) -> tuple[str, str]:
    if isinstance(node.value, bool | int | float):
        kind = "boolean" if isinstance(node.value, bool) else "number"
        shown = node.text or str(node.value)
        return f"expected a string, found the {kind} {shown}.", f'Put it in quotes: "{shown}".'
    hint = f"Expected {setting.expected}." if setting.expected != "a string" else ""
    return f"expected a string, found {_shown(node)}.", hint


def _range(node: Node, setting: Field) -> tuple[str, str]:
    return f"{_shown(node)} is out of range.", f"Expected {setting.expected}."


def _step(node: Node, setting: Field) -> tuple[str, str]:
    return f"{_shown(node)} is not a multiple of {setting.schema['multipleOf']}.", f"Expected {setting.expected}."


def _length(node: Node, setting: Field) -> tuple[str, str]:
    if not node.value:
        return "must not be empty.", setting.description
    low, high = setting.schema.get("minLength"), setting.schema.get("maxLength")
    length = len(node.value) if isinstance(node.value, str | list | dict) else 0
    bounds = f"at least {low}" if high is None else f"at most {high}" if low is None else f"{low} to {high}"
    return f"{_shown(node)} has {counted(length, 'character')}.", f"Expected {bounds}."


def _mapping(node: Node, setting: Field) -> tuple[str, str]:
    return f"expected a mapping, found {_shown(node)}.", f"Keys: {', '.join(setting.keys)}." if setting.keys else ""


def _list(node: Node, setting: Field) -> tuple[str, str]:
    hint = f"Use [{node.text}]." if isinstance(node.value, str) and node.text else ""
    return f"expected a list, found {_shown(node)}.", hint


def _format(node: Node, setting: Field) -> tuple[str, str]:
    return f"invalid value {_shown(node)}.", f"Expected {setting.expected}."


_MESSAGES: tuple[tuple[tuple[str, ...], Callable[[Node, Field], tuple[str, str]]], ...] = (
    (("literal_error", "enum"), _option),
    (("int_type", "int_parsing", "int_from_float", "float_type", "float_parsing"), _number),
    (("bool_type", "bool_parsing"), _boolean),
    (("string_type",), _string),
    (("greater_than_equal", "greater_than", "less_than_equal", "less_than"), _range),
    (("multiple_of",), _step),
    (("string_too_short", "string_too_long", "too_short", "too_long"), _length),
    (("model_type", "model_attributes_type", "mapping_type", "dict_type"), _mapping),
    (("tuple_type", "list_type"), _list),
    (("string_pattern_mismatch", "time_delta_type", "time_delta_parsing", "value_error"), _format),
    (("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"), _format),
)
"""pydantic's error types, and the function that returns their message and hint."""


def _shown(node: Node) -> str:
    """The value as written, shortened to fit on a line."""
    if isinstance(node.value, dict):
        return "a mapping"
    if isinstance(node.value, list):
        return "a list"
    if node.value is None:
        return "null"
    if isinstance(node.value, str):
        return repr(node.value if len(node.value) <= 60 else f"{node.value[:57]}...")
    return node.text or json.dumps(node.value)
