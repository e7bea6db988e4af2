"""The text of `terrace drift`: drifted resources with their severity, attributes, construct and environment line."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from terrace.words import counted

if TYPE_CHECKING:
    from terrace.deployment.drift import Drift, DriftReport
    from terrace.live.cluster import ObjectDrift
    from terrace.live.writes import LastWrites

_MOST_NAMED = 5
_MOST_REASONS = 3
_CHANGES = {"changed": "was changed", "deleted": "is missing", "unreadable": "cannot be compared"}


def report_lines(report: "DriftReport", writes: "Mapping[str, LastWrites] | None" = None) -> Iterator[str]:
    """Every drift, the most serious first, then what is accepted and what an apply does not revert. `writes` are the
    last writes of each resource, by address."""
    for drift in report.effective:
        yield from drift_lines(drift)
        if writes and (last := writes.get(drift.address)):
            yield from (f"  last write: {one}" for one in last.writes)
            if last.unknown:
                yield f"  changed by: unknown; {last.unknown}"
    for drift in report.ignored:
        if drift.ignore:
            entry = drift.ignore
            yield f"ignored until {entry.until} by {entry.owner} ({entry.line}): {drift.address}"
    for entry in report.expired:
        yield f"expired on {entry.until}: the entry of {entry.owner} for {entry.address} ({entry.line}) accepts nothing"
    for drift in report.drifts:
        if not drift.repaired:
            yield "not reverted by an apply:"
            yield from (f"  {line}" for line in drift_lines(drift))
    if report.pending:
        shown = ", ".join([*report.pending[:_MOST_NAMED], *["..."] * (len(report.pending) > _MOST_NAMED)])
        yield f"not drift: an apply would also change {counted(len(report.pending), 'resource')}: {shown}"


def drift_lines(drift: "Drift") -> list[str]:
    """A resource, its changed attributes, and the construct and environment line behind it."""
    grade = f" [{drift.grade.severity}]" if drift.grade else ""
    lines = [f"{drift.address} was {'deleted' if drift.kind == 'deleted' else 'changed'}{grade}"]
    lines += [f"  {a.path}: {_short(a.before)} → {_short(a.after)}" for a in drift.attributes]
    if drift.grade:
        reasons = list(drift.grade.reasons)
        more = [f"and {len(reasons) - _MOST_REASONS} more"] if len(reasons) > _MOST_REASONS else []
        lines += [f"  {reason}" for reason in [*reasons[:_MOST_REASONS], *more]]
    if drift.construct:
        line = f", environment {drift.environment_line}" if drift.environment_line else ""
        lines.append(f"  construct {drift.construct}{line}")
    return lines


def object_lines(one: "ObjectDrift") -> Iterator[str]:
    """An object in the cluster and its differences from the release's manifest."""
    yield f"{one} of release {one.release} {_CHANGES[one.change]}{f': {one.reason}' if one.reason else ''}"
    for path, expected, actual in one.attributes:
        yield f"  {path}: {_short(expected)} → {_short(actual)}"


def _short(value: Any) -> str:
    from terrace.cli.console import shortened, width

    return shortened(json.dumps(value, ensure_ascii=False), width() // 2)
