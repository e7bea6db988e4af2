"""Counts of autoscaled resources, set in the same plan as bounds that exclude them.

Terraform ignores these counts, since an autoscaler changes them. So a plan that raises a pool's minimum above its
current size, or lowers the maximum below it, is planned once more with the nearest count within the bounds. The second
plan overrides the stack with a file beside it, which is in the plan and is removed afterwards.

Source: Terraform documentation, "Override Files": blocks such as `scaling_config` are replaced as a whole, and
`lifecycle` is merged by argument.
"""

import copy
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terrace.capabilities.cloud import Autoscaled, facts
from terrace.deployment import adoption
from terrace.deployment.deployment import Deployment
from terrace.deployment.terraform import Terraform

_FILE = "autoscaling_override.tf.json"
_STEP = re.compile(r"[^.\[\]]+")


@dataclass(frozen=True)
class Move:
    """A count that a plan has to set, as `count` has it: of a count for each zone, in each zone."""

    type: str
    name: str
    current: int
    minimum: int
    maximum: int
    count: int

    @property
    def address(self) -> str:
        return f"{self.type}.{self.name}"

    def __str__(self) -> str:
        return (
            f"{self.address} has {self.current} nodes, and its bounds become {self.minimum} to {self.maximum}: "
            f"the plan sets {self.count}"
        )


def plan_counts(
    deployment: Deployment, terraform: Terraform, path: Path, content: Mapping[str, Any], adopted: Mapping[str, str]
) -> Mapping[str, Any]:
    """The plan's content; planned again if it changes bounds so that they exclude a count.

    `adopted` is what the plan imports. Raises what a plan raises.
    """
    autoscaled = facts(deployment.cloud).autoscaled
    moves = excluded(content, autoscaled)
    if not moves:
        return content
    stack = json.loads(terraform.stack_file.read_text(encoding="utf-8"))
    file = terraform.directory / _FILE
    try:
        adoption.write_imports(terraform.directory, adopted)
        file.write_text(json.dumps(override(stack, moves, autoscaled), indent=2) + "\n", encoding="utf-8")
        terraform.plan(path, on_event=deployment.on_event)
        for move in moves:
            deployment.on_message(str(move))
        return terraform.show(path)
    finally:
        file.unlink(missing_ok=True)
        adoption.write_imports(terraform.directory, {})


def excluded(plan: Mapping[str, Any], autoscaled: Mapping[str, Autoscaled]) -> list[Move]:
    """The counts that the changed bounds of a plan (JSON plan format) exclude."""
    moves = []
    for entry in plan.get("resource_changes", []):
        paths, change = autoscaled.get(entry["type"]), entry["change"]
        if paths is None or change["actions"] != ["update"]:
            continue
        before, after = change["before"], change["after"]
        bounds = [[_value(values, one) or 0 for one in (paths.minimum, paths.maximum)] for values in (before, after)]
        current = _value(before, paths.count)
        if current is None or bounds[0] == bounds[1]:
            continue
        each = len(_value(after, paths.per) or [None]) if paths.per else 1
        count = _nearest(current, *bounds[1], each)
        if count != current:
            moves.append(Move(entry["type"], entry["name"], current * each, *bounds[1], count))
    return moves


def _nearest(count: int, minimum: int, maximum: int, each: int) -> int:
    """The nearest count whose `each`-fold is within the bounds; of none, the one below the maximum."""
    if count * each < minimum:
        count = math.ceil(minimum / each)
    return math.floor(maximum / each) if count * each > maximum else count


def override(stack: Mapping[str, Any], moves: list[Move], autoscaled: Mapping[str, Autoscaled]) -> dict[str, Any]:
    """An override of the stack that sets the counts and no longer ignores them."""
    resources: dict[str, dict[str, Any]] = {}
    for move in moves:
        paths = autoscaled[move.type]
        written = stack["resource"][move.type][move.name]
        top, *steps = _STEP.findall(paths.count)
        body = {top: copy.deepcopy(written[top]) if steps else move.count}
        if steps:
            block = body[top][0] if isinstance(body[top], list) else body[top]
            block[steps[-1]] = move.count
        ignored = written.get("lifecycle", {}).get("ignore_changes", [])
        if paths.count in ignored:
            body["lifecycle"] = {"ignore_changes": [one for one in ignored if one != paths.count] or [paths.unset]}
        resources.setdefault(move.type, {})[move.name] = body
    return {"resource": resources}


def _value(values: Mapping[str, Any], path: str) -> Any:
    """The value at a path such as `scaling_config[0].min_size`; None if there is none."""
    found: Any = values
    for step in _STEP.findall(path):
        if isinstance(found, list):
            found = found[int(step)] if int(step) < len(found) else None
        else:
            found = found.get(step) if isinstance(found, Mapping) else None
    return found
