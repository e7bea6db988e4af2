"""How long the rest of an apply takes: along the longest chain of what is still to do.

The duration of an action on a type of resource is the longest in the logs of earlier applies on this machine; without
one, what the cloud's documentation states. Other resources count as no time, so an estimate is a lower bound.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from terrace.capabilities.cloud import facts
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Event, ResourceEvent, parse
from terrace.words import counted

Durations = Mapping[tuple[str, str], float]
"""Seconds, by type of resource and Terraform's action."""
_ACTIONS = {"add": ("create",), "change": ("update",), "replace": ("delete", "create"), "destroy": ("delete",)}
_NOTICEABLE = 1.0  # seconds


@dataclass
class Estimate:
    """The actions that are still to do, by address. `after` are the resources that a resource refers to."""

    todo: dict[str, tuple[str, ...]]
    usual: Durations
    after: Mapping[str, Collection[str]] = field(default_factory=dict)
    elapsed: dict[str, float] = field(default_factory=dict)

    def see(self, event: Event) -> None:
        """Take an event into account."""
        if not isinstance(event, ResourceEvent) or event.phase != "apply" or event.address not in self.todo:
            return
        self.elapsed[event.address] = event.seconds
        if event.moment in ("complete", "errored"):
            rest = tuple(action for action in self.todo[event.address] if action != event.action)
            self.todo[event.address] = rest if event.moment == "complete" else ()
            self.elapsed[event.address] = 0.0

    @property
    def others(self) -> int:
        """Resources still to do without a known duration."""
        known = set(self.usual)
        return sum(any((_type(one), action) not in known for action in each) for one, each in self.todo.items() if each)

    @property
    def seconds(self) -> float:
        """The time that the rest takes at least."""
        longest: dict[str, float] = {}

        def chain(address: str) -> float:
            if address not in longest:
                longest[address] = 0.0  # a reference back ends the chain
                before = max((chain(one) for one in self.after.get(address, ())), default=0.0)
                longest[address] = before + self._own(address)
            return longest[address]

        return max(map(chain, {*self.todo, *self.after}), default=0.0)

    def _own(self, address: str) -> float:
        usual = sum(self.usual.get((_type(address), action), 0.0) for action in self.todo.get(address, ()))
        return max(0.0, usual - self.elapsed.get(address, 0.0))

    def __str__(self) -> str:
        """ "about 12 min left, without 340 others"; empty where nothing is known."""
        if not self.seconds:
            return ""
        rest = f", without {counted(self.others, 'other')}" if self.others else ""
        minutes = round(self.seconds / 60)
        return f"about {minutes} min left{rest}" if minutes else f"less than a minute left{rest}"


def of(deployment: Deployment, verbs: Mapping[str, str]) -> Estimate | None:
    """The estimate of changes, by address; None on an emulated cloud, whose durations say nothing."""
    if deployment.emulated:
        return None
    documented = {(one.type, one.action): one.minutes * 60.0 for one in facts(deployment.cloud).durations}
    try:
        stack = json.loads((deployment.project.stack(deployment.stack_id) / "cdk.tf.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        stack = {}
    todo = {address: actions for address, verb in verbs.items() if (actions := _ACTIONS.get(verb))}
    return Estimate(todo, documented | learned(deployment.project.logs), references(stack))


def learned(logs: Path) -> dict[tuple[str, str], float]:
    """The longest duration of each action in the logs of applies; those of emulated clouds have another name."""
    found: dict[tuple[str, str], float] = {}
    for log in logs.glob("*-apply-*.jsonl"):
        if "-emulated-apply-" in log.name:
            continue
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            event = parse(line) if '"apply_complete"' in line else None
            if isinstance(event, ResourceEvent) and event.seconds >= _NOTICEABLE:
                key = _type(event.address), event.action
                found[key] = max(found.get(key, 0.0), event.seconds)
    return found


def references(stack: Mapping[str, Any]) -> dict[str, set[str]]:
    """The resources that each resource of a synthesized stack refers to, by address."""
    bodies = {
        f"{type}.{name}": json.dumps({key: value for key, value in body.items() if key != "//"})
        for type, group in stack.get("resource", {}).items()
        for name, body in group.items()
    }
    return {
        address: {one for one in re.findall(r"\b[a-z][a-z0-9_]*\.[A-Za-z0-9_-]+", text) if one in bodies} - {address}
        for address, text in bodies.items()
    }


def _type(address: str) -> str:
    return address.partition(".")[0]
