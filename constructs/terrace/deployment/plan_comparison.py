"""Whether two plans (JSON plan format) make the same changes, and what differs.

Compared are the actions on each resource and, of the attributes that either plan changes, the values before and after.
Other attributes that a refresh read differently are noise, as are data sources. A change of the reviewed plan that is
made already is not a difference: an apply that failed halfway can be continued.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from terrace.deployment.changes import verb_of
from terrace.deployment.values import HIDDEN, UNKNOWN, changed_paths, dotted, is_marked, value_at

_SHOWN = 100  # characters of a value in a message
Path = tuple[Any, ...]


@dataclass(frozen=True)
class Difference:
    """One value or action that was reviewed, and what it is now. `attribute` is empty for an action."""

    address: str
    attribute: str
    reviewed: str
    now: str

    def __str__(self) -> str:
        place = f"{self.address}: {self.attribute}" if self.attribute else self.address
        return f"{place}: reviewed {self.reviewed}, now {self.now}"


@dataclass(frozen=True)
class Comparison:
    """What differs, in address order, and the addresses whose reviewed change is made already."""

    differences: tuple[Difference, ...]
    made: tuple[str, ...] = ()


def compare(reviewed: Mapping[str, Any], now: Mapping[str, Any]) -> Comparison:
    """Compare the plan `now` with the `reviewed` one."""
    before, after = _acting(reviewed), _acting(now)
    present = {key: record["change"] for key, record in _managed(now).items()}
    made = {key for key in before if key not in after and _is_made(before[key], present.get(key))}
    differences: list[Difference] = []
    for key in sorted(before.keys() | after.keys()):
        if key in made:
            continue
        differences += _changes(key[0], before.get(key), after.get(key), lenient=bool(made))
    # Part of the changes is made: what the rest refers to is known now.
    outputs = _outputs(reviewed, now, lenient=bool(made))
    return Comparison((*differences, *outputs), tuple(sorted(key[0] for key in made)))


def _changes(
    address: str, reviewed: Mapping[str, Any] | None, now: Mapping[str, Any] | None, *, lenient: bool
) -> Iterator[Difference]:
    if reviewed is None or now is None:
        paths = _paths(now) if now is not None and _verb(now) == "change" else []
        for path in paths:
            yield Difference(address, dotted(path), "no change", _arrow(now or {}, path))
        if not paths:
            yield Difference(address, "", _verb(reviewed), _verb(now))
        return
    adopted = _verb(reviewed) == "add" and _imported(now) and verb_of(now["actions"]) in ("none", "change")
    if adopted:
        for path in _paths(reviewed):
            if not _agree(reviewed, now, path, lenient=True, with_before=False):
                yield Difference(address, dotted(path), _shown(reviewed, path), _shown(now, path))
        return
    if _verb(reviewed) != _verb(now):
        yield Difference(address, "", _verb(reviewed), _verb(now))
        return
    if _imported(reviewed) != _imported(now):
        yield Difference(address, "", f"import of {_imported(reviewed)}", f"import of {_imported(now)}")
    if _verb(now) in ("destroy", "forget"):
        identities = [value_at(change.get("before"), ("id",)) for change in (reviewed, now)]
        if identities[0] != identities[1]:
            yield Difference(address, "id", str(identities[0]), str(identities[1]))
        return
    with_before = _verb(now) != "add"
    for path in sorted({*_paths(reviewed), *_paths(now)}, key=str):
        if not _agree(reviewed, now, path, lenient=lenient, with_before=with_before):
            yield Difference(address, dotted(path), _arrow(reviewed, path), _arrow(now, path))


def _agree(
    reviewed: Mapping[str, Any], now: Mapping[str, Any], path: Path, *, lenient: bool, with_before: bool
) -> bool:
    if with_before and not _same(value_at(reviewed.get("before"), path), value_at(now.get("before"), path)):
        return False
    unknown = [_is_unknown(change, path) for change in (reviewed, now)]
    if any(unknown):
        return unknown[0] and (unknown[1] or lenient)
    return _same(value_at(reviewed.get("after"), path), value_at(now.get("after"), path))


def _is_made(reviewed: Mapping[str, Any], present: Mapping[str, Any] | None) -> bool:
    """Whether the resource already is as the reviewed plan would leave it; `present` is its record in the new plan,
    which does not change it.

    Lists are left to that plan: those that are sets have another order once the provider has computed their elements,
    and a plan does not say which ones are.
    """
    if _verb(reviewed) in ("destroy", "forget"):
        return present is None
    if present is None or _imported(reviewed):
        return present is not None
    return all(
        _is_unknown(reviewed, path)
        or any(isinstance(step, int) for step in path)
        or _same(value_at(reviewed.get("after"), path), value_at(present.get("after"), path))
        for path in _paths(reviewed)
    )


def _outputs(reviewed: Mapping[str, Any], now: Mapping[str, Any], *, lenient: bool) -> Iterator[Difference]:
    changes = [plan.get("output_changes", {}) for plan in (reviewed, now)]
    for name in sorted(changes[0].keys() | changes[1].keys()):
        before, after = (one.get(name, {"actions": ["no-op"]}) for one in changes)
        verbs = [verb_of(change["actions"]) for change in (before, after)]
        if verbs == ["none", "none"]:
            continue
        unknown = [bool(change.get("after_unknown")) for change in (before, after)]
        same = _same(before.get("after"), after.get("after"))
        if (same and unknown[0] == unknown[1]) or (lenient and unknown[0]):
            continue
        yield Difference(f"output.{name}", "", _shown(before, ()), _shown(after, ()))


def _managed(plan: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The records of managed resources, by address and the key of a deposed object."""
    return {
        (record["address"], record.get("deposed", "")): record
        for record in plan.get("resource_changes", [])
        if record.get("mode") == "managed"
    }


def _acting(plan: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {
        key: record["change"]
        for key, record in _managed(plan).items()
        if verb_of(record["change"]["actions"]) != "none" or _imported(record["change"])
    }


def _imported(change: Mapping[str, Any]) -> str:
    return str((change.get("importing") or {}).get("id", ""))


def _verb(change: Mapping[str, Any] | None) -> str:
    if change is None:
        return "no change"
    verb = verb_of(change["actions"])
    return f"import of {_imported(change)}" if _imported(change) and verb == "none" else str(verb)


def _paths(change: Mapping[str, Any]) -> list[Path]:
    """The changed values, of a creation all, down to single ones: a list can hold unknown and known ones."""
    found: set[Path] = set()
    changed = [path for path in changed_paths(change) if path or verb_of(change["actions"]) == "add"]
    for path in changed:
        sides = [value_at(change.get(side), path) for side in ("before", "after")]
        found |= {leaf for value in sides for leaf in _leaves(value, path)} or {path}
    return sorted(found - {()}, key=str)


def _leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict | list) and value:
        for step, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(below, (*path, step))
    elif value is not None:
        yield path


def _is_unknown(change: Mapping[str, Any], path: Path) -> bool:
    """Whether the value at `path`, a part of it or what contains it is known after the apply only."""
    return is_marked(change.get("after_unknown"), path)


def _same(one: Any, other: Any) -> bool:
    """Equal values; providers treat null, "", [] and {} alike."""
    return one == other or (one in (None, "", [], {}) and other in (None, "", [], {}))


def _arrow(change: Mapping[str, Any], path: Path) -> str:
    if _verb(change) == "add":
        return _shown(change, path)
    return f"{_shown(change, path, 'before')} -> {_shown(change, path)}"


def _shown(change: Mapping[str, Any], path: Path, side: str = "after") -> str:
    if is_marked(change.get(f"{side}_sensitive"), path):
        return HIDDEN
    if side == "after" and _is_unknown(change, path):
        return UNKNOWN
    text = json.dumps(value_at(change.get(side), path))
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
