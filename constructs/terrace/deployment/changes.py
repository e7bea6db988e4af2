"""A plan as people read it: what happens to which capability, and which stateful resources will lose their data."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from terrace.capabilities.cloud import CLOUDS, facts

Verb = Literal["add", "change", "replace", "destroy", "import", "forget", "none"]
Owner = Callable[[str], str | None]


@cache
def stateful() -> frozenset[str]:
    """Resource types of every cloud whose destruction loses data."""
    return frozenset().union(*(facts(cloud).stateful for cloud in CLOUDS))


@dataclass(frozen=True)
class Change:
    """What a plan does to one resource. `reasons` are the attributes that force a replacement; `imported` adopts it
    first.
    """

    address: str
    type: str
    verb: Verb
    construct: str = ""
    capability: str = ""
    attributes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    owner: str | None = None
    imported: str = ""

    @property
    def loses_data(self) -> bool:
        return self.type in stateful() and self.verb in ("replace", "destroy")


@dataclass(frozen=True)
class Summary:
    """All changes of a plan, in address order. `outputs` counts outputs that change."""

    changes: tuple[Change, ...]
    outputs: int = 0

    def count(self, verb: Verb, capability: str | None = None) -> int:
        return sum(
            1
            for change in self.changes
            if change.verb == verb and (capability is None or change.capability == capability)
        )

    @property
    def capabilities(self) -> list[str]:
        return list(dict.fromkeys(change.capability for change in self.changes))

    @property
    def empty(self) -> bool:
        """Nothing to do: no resource changes, none to adopt, no output changes."""
        return not self.changes and self.outputs == 0

    @property
    def losses(self) -> list[Change]:
        return [change for change in self.changes if change.loses_data]

    def as_data(self) -> dict[str, Any]:
        """For `--json`: counts, counts by capability, and each change."""
        verbs: tuple[Verb, ...] = ("add", "change", "replace", "destroy", "import", "forget")
        return {
            "counts": {verb: self.count(verb) for verb in verbs},
            "outputs": self.outputs,
            "capabilities": {name: {verb: self.count(verb, name) for verb in verbs} for name in self.capabilities},
            "changes": [
                {
                    "address": change.address,
                    "type": change.type,
                    "action": change.verb,
                    "construct": change.construct,
                    "capability": change.capability,
                    "attributes": list(change.attributes),
                    "forced_by": list(change.reasons),
                    "loses_data": change.loses_data,
                    "environment_line": change.owner,
                    "imported_id": change.imported,
                }
                for change in self.changes
            ],
        }


@dataclass
class Paths:
    """Construct paths by address; knows that an instance's index is not part of a stack's resource name."""

    by_address: Mapping[str, str] = field(default_factory=dict)

    def of(self, address: str) -> str:
        return self.by_address.get(address) or self.by_address.get(re.sub(r"\[.*\]$", "", address), "")


def capability_of(construct: str) -> str:
    """The first element below the stack's id: `dev/database/server` belongs to `database`. "other" when there is
    none.
    """
    parts = construct.split("/")
    return parts[1] if len(parts) > 2 else "other"


def summarize(plan: Mapping[str, Any], paths: Mapping[str, str], owner: Owner = lambda construct: None) -> Summary:
    """The summary of a plan in Terraform's JSON format. `owner` gives the environment line behind a construct path."""
    known = Paths(paths)
    changes = []
    for record in plan.get("resource_changes", []):
        if record.get("mode") != "managed":
            continue
        change = record["change"]
        imported = str((change.get("importing") or {}).get("id", ""))
        verb = verb_of(change["actions"])
        if verb == "none":
            if not imported:
                continue
            verb = "import"
        construct = known.of(record["address"])
        changes.append(
            Change(
                address=record["address"],
                type=record["type"],
                verb=verb,
                construct=construct,
                capability=capability_of(construct),
                attributes=tuple(sorted({path[0] for path in differing(change)}))
                if verb in ("change", "replace")
                else (),
                reasons=tuple(dotted(path) for path in change.get("replace_paths", [])) or _requested(record),
                owner=owner(construct) if construct else None,
                imported=imported,
            )
        )
    outputs = sum(1 for change in plan.get("output_changes", {}).values() if verb_of(change["actions"]) != "none")
    return Summary(tuple(sorted(changes, key=lambda change: change.address)), outputs)


def verb_of(actions: Sequence[str]) -> Verb:
    """Terraform's list of actions as one word."""
    if set(actions) == {"create", "delete"}:
        return "replace"
    words: dict[str, Verb] = {"create": "add", "update": "change", "delete": "destroy", "forget": "forget"}
    return words.get(actions[0], "none") if actions else "none"


def _requested(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Why a resource is replaced or destroyed when no attribute says so."""
    reasons = {
        "replace_because_tainted": "its creation did not finish",
        "replace_by_request": "asked for",
        "replace_by_triggers": "what it depends on is replaced",
        "delete_because_no_resource_config": "no longer in the stack",
    }
    return (reasons[reason],) if (reason := record.get("action_reason")) in reasons else ()


def dotted(path: Sequence[Any]) -> str:
    """A path into a value as people write it: `["rule", 0, "port"]` is `rule[0].port`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def differing(change: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Paths of the values in which `before` and `after` differ; a value known only after the apply differs too."""
    found: list[tuple[Any, ...]] = []
    _compare(change.get("before"), change.get("after"), (), found)
    _unknown(change.get("after_unknown"), (), found)
    return sorted(set(found), key=str)


def _compare(before: Any, after: Any, path: tuple[Any, ...], found: list[tuple[Any, ...]]) -> None:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            _compare(before.get(name), after.get(name), (*path, name), found)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            _compare(old, new, (*path, index), found)
    else:
        found.append(path)


def _unknown(marked: Any, path: tuple[Any, ...], found: list[tuple[Any, ...]]) -> None:
    if marked is True:
        found.append(path)
    elif isinstance(marked, dict):
        for name, below in marked.items():
            _unknown(below, (*path, name), found)
    elif isinstance(marked, list):
        for index, below in enumerate(marked):
            _unknown(below, (*path, index), found)
