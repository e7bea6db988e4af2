"""What pydantic finds wrong, in sentences of ours: where it stands, what is wrong with it, what would be right."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from terrace.environment import suggestions as nearest
from terrace.environment.document import Node, along, plain
from terrace.environment.fields import EXPECTED, Field, field, key_options, schema
from terrace.errors import Problem

PLACEHOLDER = re.compile(r"change[-_ ]?me", re.IGNORECASE)

_NOUNS = {
    "size": "a size", "tier": "a tier", "cloud": "a cloud", "kind": "a kind", "day": "a day", "layers": "a layer",
    "classification": "a classification", "data_classification": "a classification", "lake": "an access",
    "nat": "a way to place NAT", "firewall": "a mode of the firewall", "mode": "a mode", "lock": "a lock",
    "backend": "a backend", "scanning": "a way to scan", "days": "a set of days", "partition": "a partition",
    "private_paths": "a set of private paths",
}  # fmt: skip


def problems(error: ValidationError, root: Node) -> list[Problem]:
    """All that is wrong with a merged document, one problem a place."""
    document = plain(root)
    found: dict[tuple[str, ...], Problem] = {}
    wrong_keys: list[tuple[str, ...]] = []
    for detail in error.errors(include_url=False):
        if detail["type"] == "default_factory_not_called":
            continue  # follows from another field's error
        path, of_key = _path(detail["loc"], root, document)
        chain = along(root, path)
        if detail["type"] == "too_short" and chain[-1].value:
            continue  # it is too short because items of it are wrong, which is told
        if detail["type"] != "missing" and isinstance(chain[-1].value, str) and PLACEHOLDER.search(chain[-1].value):
            continue  # told once, by `placeholders`
        problem = _problem(str(detail["type"]), detail, path, of_key, chain, document)
        if of_key:
            wrong_keys.append(path)
        found.setdefault((*path, "[key]") if of_key else path, problem)
    # What stands under a wrong key is not judged: under the right one it may be right.
    return [
        problem
        for path, problem in found.items()
        if path[-1:] == ("[key]",) or not any(path[: len(wrong)] == wrong for wrong in wrong_keys)
    ]


def placeholders(root: Node) -> Iterable[Problem]:
    """Values that somebody meant to fill in."""

    def walk(node: Node, path: tuple[str, ...]) -> Iterable[Problem]:
        if isinstance(node.value, dict):
            for key, child in node.value.items():
                yield from walk(child, (*path, key))
        elif isinstance(node.value, list):
            for position, child in enumerate(node.value):
                yield from walk(child, (*path, str(position)))
        elif isinstance(node.value, str) and PLACEHOLDER.search(node.value):
            meant = field(path) or field(path[:-1])
            yield Problem(f"is still {node.value!r}.", node.at, ".".join(path), meant.description if meant else "")

    return walk(root, ())


def removals(root: Node) -> Iterable[Problem]:
    """Nulls that remove nothing: neither a base sets the key, nor is there a default to go back to."""

    def walk(node: Node, path: tuple[str, ...]) -> Iterable[Problem]:
        if not isinstance(node.value, dict):
            return
        for key, child in node.value.items():
            here = (*path, key)
            if child.value is None and child.under is None and not _is_field(here):
                names = [name for name, other in node.value.items() if other.value is not None]
                yield Problem(
                    "is removed by null, and nothing sets it.", child.key_at, ".".join(here), nearest.hint(key, names)
                )
            yield from walk(child, here)

    return walk(root, ())


def _is_field(path: Sequence[str]) -> bool:
    parent = field(path[:-1])
    return parent is not None and (path[-1] in key_options(parent) or not parent.schema)


def _path(loc: Sequence[int | str], root: Node, document: Any) -> tuple[tuple[str, ...], bool]:
    """pydantic's location without what it adds: the branch of a union, and `[key]` behind a name that is wrong."""
    of_key = bool(loc) and loc[-1] == "[key]"
    words: list[str] = []
    branches = {key for union in _unions() for key in union}
    after_union = False
    for word in loc[:-1] if of_key else loc:
        if after_union and word in branches:
            after_union = False
            continue
        words.append(str(word))
        after_union = _is_union(words)
    return tuple(words), of_key


def _unions() -> Iterable[Mapping[str, str]]:
    for part in json_parts(schema()):
        if "discriminator" in part:
            yield part["discriminator"]["mapping"]


def json_parts(part: Any) -> Iterable[Mapping[str, Any]]:
    """Every object in a JSON document."""
    if isinstance(part, Mapping):
        yield part
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from json_parts(inner)


def _is_union(words: Sequence[str]) -> bool:
    return len(words) == 3 and words[:2] == ["observability", "channels"]


def _problem(
    kind: str, detail: Mapping[str, Any], path: tuple[str, ...], of_key: bool, chain: list[Node], document: Any
) -> Problem:
    node, name = chain[-1], ".".join(path)
    here = field(path, document)
    parent = field(path[:-1], document) if path else None
    if kind == "missing":
        return _missing(node, name, here, removed=len(chain) == len(path) + 1)
    if kind == "extra_forbidden" or of_key:
        names = list(key_options(parent)) if parent else []
        if names:
            return Problem("is not a key here.", node.key_at, name, nearest.hint(path[-1], names))
        asked = EXPECTED.get(str(detail.get("ctx", {}).get("pattern")), "2 to 24 characters long")
        return Problem("is not possible here.", node.key_at, name, f"The key is to be {asked}.")
    if kind.startswith("union_tag"):
        return _untagged(detail, node, name)
    for kinds, sentence in _SENTENCES:
        if kind in kinds:
            message, hint = sentence(node, here or Field(path, {}, "", True), detail)
            return Problem(message, node.at, name, hint)
    return Problem(f"{detail['msg']}.", node.at, name)


def _missing(node: Node, name: str, here: Field | None, *, removed: bool) -> Problem:
    hint = here.description if here else ""
    if here and here.options:
        hint = f"{hint} ({_listed(here.options)})"
    if removed:
        return Problem("is removed here, and is needed.", node.key_at, name, hint)
    return Problem("is missing.", node.key_at, name, hint)


def _untagged(detail: Mapping[str, Any], node: Node, name: str) -> Problem:
    kinds = re.findall(r"'([^']+)'", detail["ctx"].get("expected_tags", "")) or ["email", "webhook"]
    tag = detail["ctx"].get("tag")
    child = node.value.get("kind") if isinstance(node.value, dict) else None
    if tag is None or child is None:
        return Problem("is missing.", node.key_at, f"{name}.kind", f"({_listed(kinds)})")
    return Problem(f"{_said(child)} is not a kind.", child.at, f"{name}.kind", nearest.hint(str(tag), kinds))


def _option(node: Node, here: Field, _: Mapping[str, Any]) -> tuple[str, str]:
    key = next((word for word in reversed(here.path) if not word.isdigit() and word in _NOUNS), here.path[-1])
    if len(here.options) == 1:
        return f"{_said(node)} is not possible.", f"It has to be {here.options[0]}."
    if all(isinstance(option, int) for option in here.options):
        return f"{_said(node)} is not possible.", f"({_listed(here.options)}{here.unit})"
    noun = _NOUNS.get(key, "possible here")
    return f"{_said(node)} is not {noun}.", nearest.hint(str(node.value), [str(option) for option in here.options])


def _number(node: Node, here: Field, _: Mapping[str, Any]) -> tuple[str, str]:
    if isinstance(node.value, str) and re.fullmatch(r"[-+]?\d+(\.\d+)?", node.value):
        return f"{_said(node)} is text.", f"Write {node.value} without quotes."
    if isinstance(node.value, str) and here.unit and re.fullmatch(r"\d+ ?[A-Za-z%$]+", node.value):
        return f"{_said(node)} is text.", f"Write the number of{here.unit} alone; the key names the unit."
    whole = "a whole number" if here.schema.get("type") == "integer" else "a number"
    return f"{_said(node)} is not {whole}.", _capital(f"{here.expected}.") if here.expected != whole else ""


def _truth(node: Node, here: Field, _: Mapping[str, Any]) -> tuple[str, str]:
    word = str(node.value).lower()
    if word in ("yes", "on", "no", "off", "y", "n"):
        return f"{_said(node)} is a word in YAML 1.2.", f"Write {'true' if word in ('yes', 'on', 'y') else 'false'}."
    if word in ("true", "false"):
        return f"{_said(node)} is text.", f"Write {word} without quotes."
    return f"{_said(node)} is not true or false.", ""


def _text(node: Node, here: Field, _: Mapping[str, Any]) -> tuple[str, str]:
    if isinstance(node.value, bool | int | float):
        typed = node.text or str(node.value)
        what = "a number" if not isinstance(node.value, bool) else "true or false"
        return f"{typed} is {what} here, not text.", f'Put it in quotes: "{typed}".'
    return f"{_said(node)} is not text.", _capital(f"{here.expected}.") if here.expected != "text" else ""


def _pattern(node: Node, here: Field, _: Mapping[str, Any]) -> tuple[str, str]:
    return f"{_said(node)} is not {here.expected}.", ""


def _range(node: Node, here: Field, _: Mapping[str, Any]) -> tuple[str, str]:
    low = here.schema.get("minimum")
    if low is not None and isinstance(node.value, int | float) and node.value < low:
        return f"{_said(node)} is too little:", f"{here.expected}."
    return f"{_said(node)} is too much:", f"{here.expected}."


def _step(node: Node, here: Field, _: Mapping[str, Any]) -> tuple[str, str]:
    return f"{_said(node)} does not fit:", f"{here.expected}."


def _length(node: Node, here: Field, detail: Mapping[str, Any]) -> tuple[str, str]:
    if not node.value:
        return "is empty.", here.description
    low, high = here.schema.get("minLength"), here.schema.get("maxLength")
    length = len(node.value) if isinstance(node.value, str | list | dict) else 0
    bounds = f"{low} to {high}" if low is not None and high is not None else f"at most {high}"
    return f"{_said(node)} has {length} characters; {bounds} are possible.", ""


def _section(node: Node, here: Field, _: Mapping[str, Any]) -> tuple[str, str]:
    return f"{_said(node)} is not a section.", f"It has keys: {_listed(here.keys)}." if here.keys else ""


def _list(node: Node, here: Field, _: Mapping[str, Any]) -> tuple[str, str]:
    hint = f"Write [{node.text}]." if isinstance(node.value, str) and node.text else ""
    return f"{_said(node)} is not a list.", hint


def _formed(node: Node, here: Field, _: Mapping[str, Any]) -> tuple[str, str]:
    return f"{_said(node)} is not {here.expected}.", ""


_Sentence = Callable[[Node, Field, Mapping[str, Any]], tuple[str, str]]
_SENTENCES: tuple[tuple[tuple[str, ...], _Sentence], ...] = (
    (("literal_error", "enum"), _option),
    (("int_type", "int_parsing", "int_from_float", "float_type", "float_parsing"), _number),
    (("bool_type", "bool_parsing"), _truth),
    (("string_type",), _text),
    (("string_pattern_mismatch",), _pattern),
    (("greater_than_equal", "greater_than", "less_than_equal", "less_than"), _range),
    (("multiple_of",), _step),
    (("string_too_short", "string_too_long", "too_short", "too_long"), _length),
    (("model_type", "model_attributes_type", "mapping_type", "dict_type"), _section),
    (("tuple_type", "list_type"), _list),
    (("time_delta_type", "time_delta_parsing", "value_error"), _formed),
)


def _said(node: Node) -> str:
    """The value as it was written, short enough for a line."""
    if isinstance(node.value, dict):
        return "a section"
    if isinstance(node.value, list):
        return "a list"
    if node.value is None:
        return "nothing"
    if isinstance(node.value, str):
        return repr(node.value if len(node.value) <= 60 else f"{node.value[:57]}...")
    return node.text or json.dumps(node.value)


def _listed(options: Iterable[Any]) -> str:
    return ", ".join(str(option) for option in options)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
