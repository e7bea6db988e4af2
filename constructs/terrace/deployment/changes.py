"""A plan as a summary: what changes in each capability, and which stateful resources lose their data."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from terrace.capabilities.cloud import CLOUDS, facts
from terrace.capabilities.effects import Effect, effect_of, effect_of_replacement, irreversible, worst
from terrace.deployment import cost
from terrace.deployment.cost import Amount
from terrace.deployment.values import Path, ValueChange, changed_paths, dotted, is_marked, value_changes
from terrace.project.source_map import capability_of

Verb = Literal["add", "change", "replace", "destroy", "import", "forget", "none"]
EnvironmentLine = Callable[[str], str | None]
"""Returns `file:line:column` in the environment's files for a construct path."""


@cache
def stateful() -> frozenset[str]:
    """Resource types of every cloud whose destruction loses data."""
    return frozenset().union(*(facts(cloud).stateful for cloud in CLOUDS))


@dataclass(frozen=True)
class Change:
    """What a plan does to one resource.

    `reasons` are the attributes that force a replacement; `imported` is the id under which it is adopted first.
    `attributes` are the top-level ones that change, `settings` the dotted paths of those that the stack sets or no
    longer sets, without what the provider computes; `values` are the old and new values of both. `created_first`: a
    replacement makes the new resource before it deletes the old one. `billed` is what the change adds to the bill,
    `unpriced` what of that is not known.
    """

    address: str
    type: str
    verb: Verb
    construct: str = ""
    capability: str = ""
    attributes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    environment_line: str | None = None
    imported: str = ""
    settings: tuple[str, ...] = ()
    billed: tuple[Amount, ...] = ()
    unpriced: str = ""
    values: tuple[ValueChange, ...] = ()
    created_first: bool = False

    @property
    def set_values(self) -> tuple[ValueChange, ...]:
        """The values that the stack sets, without what the provider computes."""
        names = {_first(name) for name in self.settings}
        return tuple(one for one in self.values if _first(one.path) in names)

    @property
    def effects(self) -> dict[str, Effect]:
        """The effect of each setting that an update in place changes."""
        found = {name: effect_of(self.type, name) for name in self.settings}
        return {name: known.effect if known else "unknown" for name, known in found.items()}

    @property
    def irreversible(self) -> tuple[str, ...]:
        """Sentences about the values that cannot be taken back."""
        found = ((one, irreversible(self.type, one.path, one.after)) for one in self.set_values)
        return tuple(f"{one.path} becomes {one.after}: {detail}" for one, detail in found if detail)

    @property
    def effect(self) -> Effect:
        """What the change does to what uses the resource."""
        if self.loses_data:
            return "data-loss"
        if self.verb == "replace" and (known := effect_of_replacement(self.type, created_first=self.created_first)):
            return known.effect
        if self.verb in ("replace", "destroy"):
            return "unknown"
        return worst(self.effects.values()) if self.verb == "change" else "none"

    @property
    def loses_data(self) -> bool:
        return self.type in stateful() and self.verb in ("replace", "destroy")


@dataclass(frozen=True)
class Summary:
    """All changes of a plan, in address order. `outputs` is the number of outputs that change."""

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
    def verbs(self) -> dict[str, Verb]:
        """The verb of each change, by address."""
        return {change.address: change.verb for change in self.changes}

    @property
    def empty(self) -> bool:
        """Whether the plan changes and adopts nothing."""
        return not self.changes and self.outputs == 0

    @property
    def losses(self) -> list[Change]:
        return [change for change in self.changes if change.loses_data]

    @property
    def irreversible(self) -> list[Change]:
        """The changes of values that cannot be taken back."""
        return [change for change in self.changes if change.irreversible]

    @property
    def risk(self) -> Effect:
        """The worst effect of all changes."""
        return worst(change.effect for change in self.changes)

    def as_data(self) -> dict[str, Any]:
        """For `--json`: counts, counts by capability, the risk, and each change."""
        verbs: tuple[Verb, ...] = ("add", "change", "replace", "destroy", "import", "forget")
        return {
            "counts": {verb: self.count(verb) for verb in verbs},
            "outputs": self.outputs,
            "risk": self.risk,
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
                    "irreversible": list(change.irreversible),
                    "environment_line": change.environment_line,
                    "imported_id": change.imported,
                    "settings": list(change.settings),
                    "effect": change.effect,
                    "billed": [{**vars(one), "quantity": str(one.quantity)} for one in change.billed],
                    "unpriced": change.unpriced,
                    "values": [vars(one) for one in change.values],
                    "created_first": change.created_first,
                }
                for change in self.changes
            ],
        }


def _first(path: str) -> str:
    """The top-level attribute of a dotted path."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def construct_at(paths: Mapping[str, str], address: str) -> str:
    """The construct path of an address; all instances (`aws_subnet.a["x"]`) have their resource's path."""
    return paths.get(address) or paths.get(re.sub(r"\[.*\]$", "", address), "")


def summarize(
    plan: Mapping[str, Any], paths: Mapping[str, str], environment_line: EnvironmentLine = lambda construct: None
) -> Summary:
    """The summary of a plan in Terraform's JSON format. `paths` maps resource addresses to construct paths."""
    written = _written(plan)
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
        construct = construct_at(paths, record["address"])
        changed = changed_paths(change) if verb in ("change", "replace") else []
        before, after = change.get("before"), change.get("after")
        kept = verb in ("import", "forget")
        billed, unpriced = cost.difference(record["type"], before, before if kept else after)
        set_by_stack = written.get(f"{record['type']}.{record.get('name', '')}")
        changes.append(
            Change(
                address=record["address"],
                type=record["type"],
                verb=verb,
                construct=construct,
                capability=capability_of(construct),
                attributes=tuple(sorted({path[0] for path in changed})),
                reasons=tuple(dotted(path) for path in change.get("replace_paths", [])) or _action_reason(record),
                environment_line=environment_line(construct) if construct else None,
                imported=imported,
                settings=tuple(dotted(path) for path in changed if _is_setting(path, change, set_by_stack)),
                billed=billed,
                unpriced=unpriced,
                values=value_changes(change) if verb in ("change", "replace") else (),
                created_first=verb == "replace" and change["actions"][0] == "create",
            )
        )
    outputs = sum(1 for change in plan.get("output_changes", {}).values() if verb_of(change["actions"]) != "none")
    return Summary(tuple(sorted(changes, key=lambda change: change.address)), outputs)


def _written(plan: Mapping[str, Any]) -> dict[str, set[str]]:
    """Resource to the arguments that the stack sets. `name` without an instance's key: `aws_subnet.a`."""
    resources = plan.get("configuration", {}).get("root_module", {}).get("resources", [])
    return {resource["address"]: set(resource.get("expressions", {})) for resource in resources}


def _is_setting(path: Path, change: Mapping[str, Any], written: set[str] | None) -> bool:
    """Whether a value is the stack's: of an argument that it sets, or of one that it no longer sets and that becomes
    empty. A removed argument that becomes its default cannot be told from a computed one."""
    if written is None or path[0] in written:
        return True
    return not (change.get("after") or {}).get(path[0]) and not is_marked(change.get("after_unknown"), path[:1])


def verb_of(actions: Sequence[str]) -> Verb:
    """Terraform's list of actions as one word."""
    if set(actions) == {"create", "delete"}:
        return "replace"
    words: dict[str, Verb] = {"create": "add", "update": "change", "delete": "destroy", "forget": "forget"}
    return words.get(actions[0], "none") if actions else "none"


def _action_reason(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Why a resource is replaced or destroyed if no attribute forces it."""
    reasons = {
        "replace_because_tainted": "tainted: its creation did not finish",
        "replace_by_request": "requested with -replace",
        "replace_by_triggers": "a resource in its replace_triggered_by changes",
        "delete_because_no_resource_config": "no longer in the stack",
    }
    return (reasons[reason],) if (reason := record.get("action_reason")) in reasons else ()
