"""Drift: which attributes of which resources were changed outside Terraform, and the construct they belong to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any, Literal

from terrace.assurance.drift_ignores import Ignore
from terrace.assurance.drift_severity import ORDER, DriftSeverity, Grade, worst
from terrace.capabilities.cloud import CLOUDS, facts
from terrace.deployment.changes import EnvironmentLine, construct_at, verb_of
from terrace.deployment.values import HIDDEN, changed_paths, dotted, is_marked, value_at
from terrace.project.source_map import capability_of


@dataclass(frozen=True)
class AttributeDrift:
    """One value in the state and in the cloud. Sensitive values are replaced by HIDDEN. `reverted`: the next apply
    changes it; otherwise the cloud computes it, such as a time."""

    path: str
    before: Any
    after: Any
    reverted: bool = True


@dataclass(frozen=True)
class Drift:
    """One resource that differs from the state.

    `repaired`: the next apply undoes the difference. Otherwise it is informational, for example in an attribute under
    `ignore_changes`. `grade` is None for what is not graded, `ignore` the entry that accepts it. `id` is the cloud's
    name of the resource, as far as its attributes have one, `names` are all that an audit log may use.
    """

    address: str
    type: str
    kind: Literal["changed", "deleted"]
    attributes: tuple[AttributeDrift, ...] = ()
    construct: str = ""
    capability: str = ""
    environment_line: str | None = None
    repaired: bool = True
    grade: Grade | None = None
    ignore: Ignore | None = None
    id: str = ""
    names: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "type": self.type,
            "id": self.id,
            "kind": self.kind,
            "severity": self.grade.severity if self.grade else None,
            "guarantees": list(self.grade.guarantees) if self.grade else [],
            "reasons": list(self.grade.reasons) if self.grade else [],
            "construct": self.construct,
            "capability": self.capability,
            "environment_line": self.environment_line,
            "repaired_by_apply": self.repaired,
            "attributes": [{"path": a.path, "before": a.before, "after": a.after} for a in self.attributes],
        }


@dataclass(frozen=True)
class DriftReport:
    """`drifts` in address order. `pending` are resources that an apply would change because the stack has changed.
    `expired` are entries of the ignore list whose last day has passed; they accept nothing.
    """

    drifts: tuple[Drift, ...]
    pending: tuple[str, ...] = ()
    expired: tuple[Ignore, ...] = ()

    @property
    def effective(self) -> list[Drift]:
        """Drift that an apply undoes and that is not ignored, the most serious first."""
        found = [drift for drift in self.drifts if drift.repaired and drift.ignore is None]
        return sorted(found, key=lambda drift: -ORDER.index(drift.grade.severity) if drift.grade else -len(ORDER))

    @property
    def ignored(self) -> list[Drift]:
        """Drift that the ignore list accepts."""
        return [drift for drift in self.drifts if drift.ignore is not None]

    @property
    def severity(self) -> DriftSeverity | None:
        """The severity of the most serious drift; None without drift, or if it is not graded."""
        return worst(drift.grade.severity for drift in self.effective if drift.grade)

    def as_data(self) -> dict[str, Any]:
        return {
            "severity": self.severity,
            "drift": [drift.as_data() for drift in self.effective],
            "ignored": [
                drift.as_data() | {"ignored_by": drift.ignore.as_data()} for drift in self.ignored if drift.ignore
            ],
            "expired_ignores": [ignore.as_data() for ignore in self.expired],
            "informational": [drift.as_data() for drift in self.drifts if not drift.repaired],
            "pending": list(self.pending),
        }


def graded(found: DriftReport, grades: Mapping[str, Grade]) -> DriftReport:
    """The report with grades, by address."""
    return replace(found, drifts=tuple(replace(one, grade=grades.get(one.address)) for one in found.drifts))


def without_ignored(found: DriftReport, ignores: Sequence[Ignore], today: date) -> DriftReport:
    """The report with what the entries of one environment and cloud accept today."""
    valid = [ignore for ignore in ignores if not ignore.expired(today)]

    def marked(drift: Drift) -> Drift:
        paths = [attribute.path for attribute in drift.attributes if attribute.reverted]
        entry = next((one for one in valid if one.covers(drift.address, paths)), None)
        return replace(drift, ignore=entry) if drift.repaired else drift

    expired = tuple(ignore for ignore in ignores if ignore.expired(today))
    return replace(found, drifts=tuple(marked(drift) for drift in found.drifts), expired=expired)


def report(
    plan: Mapping[str, Any], paths: Mapping[str, str], environment_line: EnvironmentLine = lambda construct: None
) -> DriftReport:
    """The drift in a plan (JSON plan format) that was made with a refresh.

    Terraform records every change that a refresh makes to the state; only those that the plan reverts are drift.
    A resource that the plan changes without a recorded drift is `pending`.
    """
    planned = {record["address"]: record for record in plan.get("resource_changes", [])}
    acting = {address for address, record in planned.items() if verb_of(record["change"]["actions"]) != "none"}
    drifts = []
    for record in plan.get("resource_drift", []):
        address = record["address"]
        change = record["change"]
        deleted = verb_of(change["actions"]) == "destroy"
        reverting = changed_paths(planned[address]["change"]) if address in acting else None
        attributes = () if deleted else _attributes(change, reverting, _volatile(record["type"]))
        if not deleted and not attributes:
            continue
        construct = construct_at(paths, address)
        drifts.append(
            Drift(
                address=address,
                type=record["type"],
                kind="deleted" if deleted else "changed",
                attributes=attributes,
                construct=construct,
                capability=capability_of(construct),
                environment_line=environment_line(construct) if construct else None,
                id=_id(change.get("before") or change.get("after") or {}),
                names=_names(change.get("before") or change.get("after") or {}),
                repaired=address in acting and (deleted or _reverts(planned[address]["change"], attributes)),
            )
        )
    repaired = {drift.address for drift in drifts if drift.repaired}
    pending = tuple(sorted(address for address in acting - repaired if planned[address].get("mode") == "managed"))
    return DriftReport(tuple(sorted(drifts, key=lambda drift: drift.address)), pending)


@cache
def _volatile(type: str) -> frozenset[str]:
    """The attributes of a type that change by themselves."""
    tables = [facts(cloud).volatile for cloud in CLOUDS]
    return frozenset[str]().union(*(table.get(name, ()) for table in tables for name in (type, "*")))


def _id(values: Mapping[str, Any]) -> str:
    return str(values.get("id") or values.get("arn") or values.get("self_link") or "")


def _names(values: Mapping[str, Any]) -> tuple[str, ...]:
    found = [values.get(name) for name in ("id", "arn", "self_link", "name", "identifier", "bucket")]
    found += [value for name, value in values.items() if name.endswith(("_name", "_identifier"))]
    return tuple(dict.fromkeys(name for name in found if isinstance(name, str) and name))


def _attributes(
    change: Mapping[str, Any], reverting: Sequence[tuple[Any, ...]] | None, volatile: frozenset[str]
) -> tuple[AttributeDrift, ...]:
    """The differing values of a drift record, without those that change by themselves, and without `tags_all` where
    `tags` has the same difference. `reverting` are the paths that the plan changes; None: it does not change the
    resource."""
    paths = [path for path in changed_paths({"before": change.get("before"), "after": change.get("after")}) if path]
    paths = [path for path in paths if path[0] not in volatile]
    in_tags = {path[1:] for path in paths if path[0] == "tags"}
    attributes = []
    for path in paths:
        if path[0] == "tags_all" and path[1:] in in_tags:
            continue
        hidden = is_marked(change.get("before_sensitive"), path) or is_marked(change.get("after_sensitive"), path)
        before, after = value_at(change.get("before"), path), value_at(change.get("after"), path)
        if _empty(before) and _empty(after):
            continue  # providers treat null, "" and [] alike
        reverted = reverting is None or any(path[: len(one)] == one[: len(path)] for one in reverting)
        before, after = (HIDDEN, HIDDEN) if hidden else (before, after)
        attributes.append(AttributeDrift(dotted(path), before, after, reverted))
    return tuple(attributes)


def _reverts(planned_change: Mapping[str, Any], attributes: tuple[AttributeDrift, ...]) -> bool:
    """Whether the planned change affects one of the drifted attributes."""
    affected = {dotted(path[:1]) for path in changed_paths(planned_change) if path}
    return any(attribute.path.partition(".")[0].partition("[")[0] in affected for attribute in attributes)


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}
