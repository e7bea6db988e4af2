"""Terraform's machine-readable output (`-json`) as types.

Source: Terraform documentation, "Machine-readable UI", version 1.2. OpenTofu writes the same.
"""

import json
from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["create", "read", "update", "replace", "delete", "import", "forget", "noop"]


@dataclass(frozen=True)
class ResourceEvent:
    """A step of one resource. `seconds` is its duration so far."""

    phase: Literal["apply", "refresh"]
    moment: Literal["start", "progress", "complete", "errored"]
    address: str
    action: str = "read"
    seconds: float = 0.0


@dataclass(frozen=True)
class PlannedChange:
    """One resource that the plan changes; `drift` if it was changed outside Terraform."""

    address: str
    action: str
    drift: bool = False


@dataclass(frozen=True)
class ChangeSummary:
    operation: Literal["plan", "apply", "destroy"]
    add: int
    change: int
    remove: int
    imported: int = 0


@dataclass(frozen=True)
class Diagnostic:
    """An error or a warning. `address` is the resource that it concerns, if any."""

    severity: Literal["error", "warning"]
    summary: str
    detail: str = ""
    address: str = ""
    where: str = ""  # file:line in the synthesized stack


@dataclass(frozen=True)
class Note:
    """Anything else: free text."""

    text: str


Event = ResourceEvent | PlannedChange | ChangeSummary | Diagnostic | Note


def parse(line: str) -> Event | None:
    """One line of output as an event. A line that is not JSON is a Note; unused kinds are None."""
    if not line.startswith("{"):
        return Note(line) if line.strip() else None
    try:
        record: dict[str, Any] = json.loads(line)
    except ValueError:
        return Note(line)
    kind = str(record.get("type", ""))
    phase, _, moment = kind.partition("_")
    if phase in ("apply", "refresh") and moment in ("start", "progress", "complete", "errored"):
        hook = record.get("hook", {})
        return ResourceEvent(
            phase=phase,  # type: ignore[arg-type]  # narrowed by the line above, which mypy does not see
            moment=moment,  # type: ignore[arg-type]
            address=hook.get("resource", {}).get("addr", ""),
            action=hook.get("action", "read"),
            seconds=float(hook.get("elapsed_seconds", 0)),
        )
    if kind in ("planned_change", "resource_drift"):
        change = record.get("change", {})
        address = change.get("resource", {}).get("addr", "")
        return PlannedChange(address, change.get("action", "noop"), kind == "resource_drift")
    if kind == "change_summary":
        counts = record.get("changes", {})
        return ChangeSummary(
            operation=counts.get("operation", "plan"),
            add=counts.get("add", 0),
            change=counts.get("change", 0),
            remove=counts.get("remove", 0),
            imported=counts.get("import", 0),
        )
    if kind == "diagnostic":
        return diagnostic(record.get("diagnostic", {}))
    if record.get("@level") in ("warn", "error"):
        return Note(str(record.get("@message", "")))
    return None


def diagnostic(record: dict[str, Any]) -> Diagnostic:
    """A diagnostic in the form of `-json` output and of `terraform validate -json`."""
    range = record.get("range") or {}
    start = range.get("start") or {}
    return Diagnostic(
        severity="warning" if record.get("severity") == "warning" else "error",
        summary=str(record.get("summary", "")),
        detail=str(record.get("detail", "")),
        address=str(record.get("address", "")),
        where=f"{range['filename']}:{start.get('line', 1)}" if range.get("filename") else "",
    )
