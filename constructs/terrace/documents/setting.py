"""Set one key in the text of a YAML file; everything else, comments included, stays as it is written."""

import json
import re
from collections.abc import Sequence
from typing import Any

from terrace.documents.document import plain
from terrace.documents.parsing import parse

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
Scalar = str | int | float | bool


def with_value(text: str, path: Sequence[str], value: Scalar, shown: str) -> str:
    """`text` with `value` at a path of keys, which are added where they are missing.

    Raises ValueError where that would change anything else: below an alias or a list.
    """
    from ruamel.yaml import YAML

    expected = plain(parse(text, shown).root)
    section = expected
    for key in path[:-1]:
        if not isinstance(section.setdefault(key, {}), dict):
            raise ValueError(f"{key} is not a mapping")
        section = section[key]
    section[path[-1]] = value
    node = YAML(typ="safe", pure=True).compose(text)
    start, end, replacement = _edit(text, node, path, value)
    changed = text[:start] + replacement + text[end:]
    if plain(parse(changed, shown).root) != expected:
        raise ValueError(f"{'.'.join(path)} cannot be set alone")
    return changed


def _edit(text: str, node: Any, path: Sequence[str], value: Scalar) -> tuple[int, int, str]:
    """Which part of the text to replace, and by what."""
    parent, rest = node, list(path)
    while True:
        found = next((one for key, one in parent.value if key.value == rest[0]), None)
        if found is None:
            return _added(text, parent, rest, value)
        if len(rest) == 1:
            return found.start_mark.index, found.end_mark.index, _scalar(value)
        if not found.tag.endswith(":map"):
            if found.tag.endswith(":null"):
                return found.start_mark.index, found.end_mark.index, f"{_space(text, found)}{_flow(rest[1:], value)}"
            raise ValueError(f"{rest[0]} is not a mapping")
        parent, rest = found, rest[1:]


def _added(text: str, parent: Any, keys: Sequence[str], value: Scalar) -> tuple[int, int, str]:
    """The missing keys, after the last one of a mapping."""
    if parent.flow_style:
        at = parent.end_mark.index - 1
        return at, at, f"{', ' if parent.value else ''}{keys[0]}: {_flow(keys[1:], value)}"
    indent = " " * parent.value[0][0].start_mark.column
    last = max(_end(one) for _, one in parent.value)
    at = text.find("\n", last)
    at = len(text) if at < 0 else at
    lines = [f"{indent}{'  ' * depth}{key}:" for depth, key in enumerate(keys)]
    return at, at, "\n" + "\n".join(lines) + f" {_scalar(value)}"


def _end(node: Any) -> int:
    """The end of the last scalar of a value: the mark of a block's end is after the comments that follow it."""
    if isinstance(node.value, str) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    children = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
    return max(_end(child) for child in children)


def _flow(keys: Sequence[str], value: Scalar) -> str:
    return "".join(f"{{{key}: " for key in keys) + _scalar(value) + "}" * len(keys)


def _scalar(value: Scalar) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in ("true", "false", "null"):
        return value
    return json.dumps(value, ensure_ascii=False)


def _space(text: str, node: Any) -> str:
    """A space before a value where the null that it replaces was not written."""
    return (
        " " if node.start_mark.index == node.end_mark.index and not text[: node.start_mark.index].endswith(" ") else ""
    )
