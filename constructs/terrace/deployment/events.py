"""Terraform's machine-readable output (`-json`) as types.

Source: Terraform documentation, "Machine-readable UI", version 1.2. OpenTofu writes the same.
"""

import json
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class ResourceEvent:
    """A step of one resource. `seconds` is its duration so far."""

    phase: Literal["apply", "refresh"]
    moment: Literal["start", "progress", "complete", "errored"]
    address: str
    action: str = "read"
    seconds: float = 0.0


@dataclass(frozen=True)
class Diagnostic:
    """An error or a warning. `address` is the resource that it concerns, if any."""

    severity: Literal["error", "warning"]
    summary: str
    detail: str = ""
    address: str = ""
    where: str = ""  # file:line in the synthesized stack


Event = ResourceEvent | Diagnostic


def parse(line: str) -> Event | None:
    """One line of output as an event; None for plain text and for every other kind of message."""
    if not line.startswith("{"):
        return None
    try:
        record: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    kind = str(record.get("type", ""))
    if kind == "diagnostic":
        return diagnostic(record.get("diagnostic", {}))
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
