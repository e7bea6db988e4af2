"""What changed outside of Terraform: which attribute of which resource, from what to what, and who owns it in the
code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from terrace.deployment.changes import Owner, Paths, capability_of, differing, dotted, verb_of

HIDDEN = "(sensitive)"


@dataclass(frozen=True)
class AttributeDrift:
    """One value: as Terraform last knew it, and as the cloud has it now. Sensitive values are never shown."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Drift:
    """One resource that differs from what was applied.

    `repaired` says that the next apply would undo it. A difference that no apply would undo, for example one in an
    attribute the stack ignores, is informational.
    """

    address: str
    type: str
    kind: Literal["changed", "deleted"]
    attributes: tuple[AttributeDrift, ...] = ()
    construct: str = ""
    capability: str = ""
    owner: str | None = None
    repaired: bool = True

    def as_data(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "kind": self.kind,
            "construct": self.construct,
            "capability": self.capability,
            "environment_line": self.owner,
            "repaired_by_apply": self.repaired,
            "attributes": [{"path": a.path, "before": a.before, "after": a.after} for a in self.attributes],
        }


@dataclass(frozen=True)
class DriftReport:
    """`drifts` in address order. `pending` are changes that an apply would make for another reason: the stack moved
    on.
    """

    drifts: tuple[Drift, ...]
    pending: tuple[str, ...] = ()

    @property
    def effective(self) -> list[Drift]:
        """What counts as drift: an apply would undo it."""
        return [drift for drift in self.drifts if drift.repaired]

    def as_data(self) -> dict[str, Any]:
        return {
            "drift": [drift.as_data() for drift in self.effective],
            "informational": [drift.as_data() for drift in self.drifts if not drift.repaired],
            "pending": list(self.pending),
        }


def report(plan: Mapping[str, Any], paths: Mapping[str, str], owner: Owner = lambda construct: None) -> DriftReport:
    """The drift in a plan (JSON plan format) that was made with a refresh.

    Terraform reports as drift whatever a refresh changed in the state; what matters is whether the plan acts on it.
    A resource without a recorded drift that the plan changes is `pending`.
    """
    known = Paths(paths)
    planned = {record["address"]: record for record in plan.get("resource_changes", [])}
    acting = {address for address, record in planned.items() if verb_of(record["change"]["actions"]) != "none"}
    drifts = []
    for record in plan.get("resource_drift", []):
        address = record["address"]
        change = record["change"]
        deleted = verb_of(change["actions"]) == "destroy"
        attributes = () if deleted else _attributes(change)
        if not deleted and not attributes:
            continue
        construct = known.of(address)
        drifts.append(
            Drift(
                address=address,
                type=record["type"],
                kind="deleted" if deleted else "changed",
                attributes=attributes,
                construct=construct,
                capability=capability_of(construct),
                owner=owner(construct) if construct else None,
                repaired=address in acting and (deleted or _undone(attributes, planned[address]["change"])),
            )
        )
    told = {drift.address for drift in drifts if drift.repaired}
    pending = tuple(sorted(address for address in acting - told if planned[address].get("mode") == "managed"))
    return DriftReport(tuple(sorted(drifts, key=lambda drift: drift.address)), pending)


def _attributes(change: Mapping[str, Any]) -> tuple[AttributeDrift, ...]:
    """The differing values of a drift record, without `tags_all` where `tags` says the same."""
    paths = [path for path in differing({"before": change.get("before"), "after": change.get("after")}) if path]
    said = {path[1:] for path in paths if path[0] == "tags"}
    found = []
    for path in paths:
        if path[0] == "tags_all" and path[1:] in said:
            continue
        hidden = _marked(change.get("before_sensitive"), path) or _marked(change.get("after_sensitive"), path)
        before, after = _value(change.get("before"), path), _value(change.get("after"), path)
        if _empty(before) and _empty(after):
            continue  # null, "" and [] are the same to the providers
        found.append(AttributeDrift(dotted(path), HIDDEN if hidden else before, HIDDEN if hidden else after))
    return tuple(found)


def _undone(attributes: tuple[AttributeDrift, ...], change: Mapping[str, Any]) -> bool:
    """Whether the planned change touches one of the drifted attributes."""
    touched = {dotted(path[:1]) for path in differing(change) if path}
    return any(attribute.path.partition(".")[0].partition("[")[0] in touched for attribute in attributes)


def _value(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _marked(marks: Any, path: tuple[Any, ...]) -> bool:
    """Whether Terraform marks the value at `path`, something above it or something in it as sensitive."""
    for step in path:
        if marks is True:
            return True
        marks = _value(marks, (step,))
    return _holds_true(marks)


def _holds_true(marks: Any) -> bool:
    if isinstance(marks, dict):
        return any(_holds_true(below) for below in marks.values())
    if isinstance(marks, list):
        return any(_holds_true(below) for below in marks)
    return marks is True


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}
