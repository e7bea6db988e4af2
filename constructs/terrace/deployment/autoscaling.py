"""Sizes that a cloud or an autoscaler changes, set by a plan where the environment requires it.

Terraform ignores these sizes. So a plan that raises a pool's minimum above its number of nodes, or lowers the maximum
below it, is planned once more with the nearest number within the bounds; and one whose storage is larger in the
environment than in the cloud, with that storage. The second plan overrides the stack with a file beside it, which is in
the plan and is removed afterwards.

Source: Terraform documentation, "Override Files": blocks such as `scaling_config` are replaced as a whole, and
`lifecycle` is merged by argument.
"""

import copy
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terrace.capabilities.cloud import Autoscaled, Facts, Growing, facts
from terrace.deployment import adoption
from terrace.deployment.deployment import Deployment
from terrace.deployment.terraform import Terraform

_FILE = "autoscaling_override.tf.json"
_STEP = re.compile(r"[^.\[\]]+")


@dataclass(frozen=True)
class Move:
    """A value that a plan has to set although Terraform ignores its changes. `unset` is in Autoscaled and Growing."""

    type: str
    name: str
    path: str
    value: int
    unset: str
    reason: str

    def __str__(self) -> str:
        return f"{self.type}.{self.name}: {self.reason}; the plan sets {self.value}"


def plan_sizes(
    deployment: Deployment, terraform: Terraform, path: Path, content: Mapping[str, Any], adopted: Mapping[str, str]
) -> Mapping[str, Any]:
    """The plan's content; planned again if it has to set such a size. Reports storage that is smaller in the stack.

    `adopted` is what the plan imports. Raises what a plan raises.
    """
    known = facts(deployment.cloud)
    stack = json.loads(terraform.stack_file.read_text(encoding="utf-8"))
    for sentence in smaller(content, stack, known):
        deployment.on_message(sentence)
    found = moves(content, stack, known)
    if not found:
        return content
    file = terraform.directory / _FILE
    try:
        adoption.write_imports(terraform.directory, adopted)
        file.write_text(json.dumps(override(stack, found), indent=2) + "\n", encoding="utf-8")
        terraform.plan(path, on_event=deployment.on_event)
        for move in found:
            deployment.on_message(str(move))
        return terraform.show(path)
    finally:
        file.unlink(missing_ok=True)
        adoption.write_imports(terraform.directory, {})


def moves(plan: Mapping[str, Any], stack: Mapping[str, Any], known: Facts) -> list[Move]:
    """The sizes that a plan (JSON plan format) has to set."""
    found = []
    for type, name, change in _changes(plan, replaced=True):  # a new pool has to be within its bounds too
        paths = known.autoscaled.get(type)
        # without a count in the stack a new pool begins with its initial one
        if paths and (_is_kept(change) or value_at(stack["resource"][type][name], paths.count) is not None):
            found += _count(type, name, change, paths)
    for type, name, change in _changes(plan):
        if growing := known.growing.get(type):
            written, size = _sizes(stack, type, name, change, growing)
            ignored = growing.size in _ignored(stack["resource"][type][name])
            if ignored and written and size and written > size:
                reason = f"it has {size} {growing.unit} of storage, and the environment requires {written}"
                found.append(Move(type, name, growing.size, written, growing.unset, reason))
    return found


def smaller(plan: Mapping[str, Any], stack: Mapping[str, Any], known: Facts) -> Iterator[str]:
    """Sentences on storage that is larger in the cloud than in the stack."""
    for type, name, change in _changes(plan):
        growing = known.growing.get(type)
        written, size = _sizes(stack, type, name, change, growing) if growing else (None, None)
        if growing and written and size and written < size:
            yield (
                f"{type}.{name} has {size} {growing.unit} of storage; the environment's {written} have no effect, "
                "since storage only grows. For a smaller one, restore a dump of the database into a new environment"
            )


def _changes(plan: Mapping[str, Any], *, replaced: bool = False) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """What exists and stays, or is also `replaced`: type, name and change."""
    for entry in plan.get("resource_changes", []):
        change = entry["change"]
        if _is_kept(change) or (replaced and set(change["actions"]) == {"create", "delete"}):
            yield entry["type"], entry["name"], change


def _is_kept(change: Mapping[str, Any]) -> bool:
    return set(change["actions"]) in ({"update"}, {"no-op"})


def _count(type: str, name: str, change: Mapping[str, Any], paths: Autoscaled) -> list[Move]:
    before, after = change["before"], change["after"]
    bounds = [[value_at(values, one) or 0 for one in (paths.minimum, paths.maximum)] for values in (before, after)]
    current = value_at(before, paths.count)
    if current is None or bounds[0] == bounds[1]:
        return []
    minimum, maximum = bounds[1]
    each = len(value_at(after, paths.per) or [None]) if paths.per else 1
    count = _nearest(current, minimum, maximum, each)
    reason = f"it has {current * each} nodes, and its bounds become {minimum} to {maximum}"
    return [Move(type, name, paths.count, count, paths.unset, reason)] if count != current else []


def _nearest(count: int, minimum: int, maximum: int, each: int) -> int:
    """The nearest count whose `each`-fold is within the bounds; of none, the one below the maximum."""
    if count * each < minimum:
        count = math.ceil(minimum / each)
    return math.floor(maximum / each) if count * each > maximum else count


def _sizes(
    stack: Mapping[str, Any], type: str, name: str, change: Mapping[str, Any], growing: Growing
) -> tuple[int | None, int | None]:
    """The storage in the stack and in the cloud."""
    written = value_at(stack.get("resource", {}).get(type, {}).get(name, {}), growing.size)
    return (written if isinstance(written, int) else None), value_at(change["before"], growing.size)


def override(stack: Mapping[str, Any], found: Sequence[Move]) -> dict[str, Any]:
    """An override of the stack that sets the sizes and no longer ignores them."""
    resources: dict[str, dict[str, Any]] = {}
    for move in found:
        written = stack["resource"][move.type][move.name]
        top, *steps = _STEP.findall(move.path)
        body: dict[str, Any] = {top: move.value}
        if steps:
            block = copy.deepcopy(written[top])
            (block[0] if isinstance(block, list) else block)[steps[-1]] = move.value
            body = {top: block}
        ignored = _ignored(written)
        if move.path in ignored:
            body["lifecycle"] = {"ignore_changes": [one for one in ignored if one != move.path] or [move.unset]}
        resources.setdefault(move.type, {})[move.name] = body
    return {"resource": resources}


def _ignored(body: Mapping[str, Any]) -> list[str]:
    ignored: list[str] = body.get("lifecycle", {}).get("ignore_changes", [])
    return ignored


def value_at(values: Any, path: str) -> Any:
    """The value at a path such as `scaling_config[0].min_size`; None if there is none. A block may be an object."""
    found = values
    for step in _STEP.findall(path):
        if isinstance(found, list):
            found = found[int(step)] if int(step) < len(found) else None
        elif isinstance(found, Mapping) and not (step.isdecimal() and step not in found):
            found = found.get(step)
        elif not isinstance(found, Mapping):
            return None
    return found
