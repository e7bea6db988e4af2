"""The values that a plan changes: where they differ, and the old and the new one as text.

Source of the format: Terraform, "JSON Output Format", change representation.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HIDDEN = "(sensitive)"
UNKNOWN = "(known after apply)"
_LONGEST = 300

Path = tuple[Any, ...]


@dataclass(frozen=True)
class ValueChange:
    """A value that differs. `path` is dotted; `before` and `after` are text, None where there is no value.

    A list that gains or loses elements has one entry for each of them, with the path `ranges[]`. A text that is a JSON
    document, such as a policy, has one for each value in it that differs. A sensitive value is HIDDEN, one that is
    known after the apply only is UNKNOWN.
    """

    path: str
    before: str | None
    after: str | None


def value_changes(change: Mapping[str, Any]) -> tuple[ValueChange, ...]:
    """The values that differ between `before` and `after` of a change in a plan, by path."""
    found: list[ValueChange] = []
    for path in changed_paths(change):
        before, after = (value_at(change.get(side), path) for side in ("before", "after"))
        if any(is_marked(change.get(f"{side}_sensitive"), path) for side in ("before", "after")):
            found.append(ValueChange(dotted(path), None if before is None else HIDDEN, HIDDEN))
        elif is_marked(change.get("after_unknown"), path):
            found.append(ValueChange(dotted(path), _text(before), UNKNOWN))
        else:
            found += _split(before, after, path)
    return tuple(found)


def _split(before: Any, after: Any, path: Path) -> Iterator[ValueChange]:
    """The difference at a path, in as small parts as possible."""
    if isinstance(before, list) and isinstance(after, list):
        old, new = (Counter(json.dumps(one, sort_keys=True) for one in side) for side in (before, after))
        for lost in (old - new).elements():
            yield ValueChange(f"{dotted(path)}[]", _text(json.loads(lost)), None)
        for gained in (new - old).elements():
            yield ValueChange(f"{dotted(path)}[]", None, _text(json.loads(gained)))
    elif documents := _documents(before, after):
        for below in _differing(*documents):
            yield from _split(value_at(documents[0], below), value_at(documents[1], below), (*path, *below))
    else:
        yield ValueChange(dotted(path), _text(before), _text(after))


def _documents(before: Any, after: Any) -> tuple[Any, Any] | None:
    """Two texts that are JSON objects or lists, parsed; None if one of them is not."""
    if not all(isinstance(text, str) and text[:1] in ("{", "[") for text in (before, after)):
        return None
    try:
        return json.loads(before), json.loads(after)
    except ValueError:
        return None


def _text(value: Any) -> str | None:
    """A value on one line: a text as it is, anything else as JSON."""
    if value is None:
        return None
    text = value if isinstance(value, str) and value.strip() else json.dumps(value, ensure_ascii=False, sort_keys=True)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def without_sensitive(value: Any, marks: Any) -> Any:
    """A value in which HIDDEN takes the place of what Terraform marks as sensitive."""
    if marks is True:
        return HIDDEN
    if isinstance(value, dict):
        return {name: without_sensitive(below, value_at(marks, (name,))) for name, below in value.items()}
    if isinstance(value, list):
        return [without_sensitive(below, value_at(marks, (index,))) for index, below in enumerate(value)]
    return value


def rows(value: Any, name: str = "") -> list[list[object]]:
    """A value as rows of path and text; of a mapping, one row for each leaf."""
    if isinstance(value, dict) and (value or not name):
        return [row for key in sorted(value) for row in rows(value[key], f"{name}.{key}" if name else key)]
    return [[name, value if isinstance(value, str) else json.dumps(value)]]


def dotted(path: Sequence[Any]) -> str:
    """A path into a value as text: `["rule", 0, "port"]` is `rule[0].port`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def changed_paths(change: Mapping[str, Any]) -> list[Path]:
    """Paths of the values that differ between `before` and `after`, or are known only after the apply."""
    paths = {*_differing(change.get("before"), change.get("after")), *_unknown(change.get("after_unknown"))}
    return sorted(paths, key=str)


def _differing(before: Any, after: Any, path: Path = ()) -> Iterator[Path]:
    """Lists of different length differ as a whole; a missing key equals null."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before.keys() | after.keys():
            yield from _differing(before.get(name), after.get(name), (*path, name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differing(old, new, (*path, index))
    else:
        yield path


def _unknown(marks: Any, path: Path = ()) -> Iterator[Path]:
    """Paths that Terraform marks with `true` in `after_unknown`."""
    if marks is True:
        yield path
    elif isinstance(marks, dict | list):
        for step, below in marks.items() if isinstance(marks, dict) else enumerate(marks):
            yield from _unknown(below, (*path, step))


def value_at(value: Any, path: Path) -> Any:
    """The value at a path; None if there is none."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def is_marked(marks: Any, path: Path) -> bool:
    """Whether Terraform's marks (`after_sensitive`, `after_unknown`) have the value at `path`, a parent or a part."""
    for step in path:
        if marks is True:
            return True
        marks = value_at(marks, (step,))
    return _contains_true(marks)


def _contains_true(marks: Any) -> bool:
    if isinstance(marks, dict | list):
        return any(_contains_true(below) for below in (marks.values() if isinstance(marks, dict) else marks))
    return marks is True
