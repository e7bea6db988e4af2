"""The gate's verdict about a plan, which is saved beside it, and the record of plans applied in spite of it."""

import getpass
import json
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from terrace.errors import AnswerIsNo, UsageError

_MAX_LISTED = 10


@dataclass(frozen=True)
class AccessChange:
    """A path or a right that a plan adds or removes, in the words of the access model. `what` is the traffic of a path
    and the verb of a grant; `by` are the resources that allow it. Of kind `unknown` is a plan that cannot be compared;
    `what` then has the reason."""

    change: Literal["add", "remove"]
    kind: Literal["path", "grant", "unknown"]
    source: str
    what: str
    destination: str
    by: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind == "unknown":
            return f"cannot be compared: {self.what}"
        edge = (
            f"{self.source} -> {self.destination} on {self.what}"
            if self.kind == "path"
            else f"{self.source} may {self.what} {self.destination}"
        )
        return f"{'+' if self.change == 'add' else '-'} {edge}" + (f", by {' and '.join(self.by)}" if self.by else "")


@dataclass(frozen=True)
class GateVerdict:
    """The gate's decision about one plan. `blocking` are sentences, each with its check and construct; `access` is what
    the plan changes of what anyone reaches or may do."""

    passes: bool
    blocking: tuple[str, ...] = ()
    warnings: int = 0
    waived: int = 0
    resources: int = 0
    access: tuple[AccessChange, ...] = ()

    def __str__(self) -> str:
        counts = (
            (len(self.blocking), "blocking"),
            (self.warnings, "warning" if self.warnings == 1 else "warnings"),
            (self.waived, "waived"),
        )
        findings = ", ".join(f"{count} {word}" for count, word in counts if count) or "no findings"
        return f"the gate {'passes' if self.passes else 'fails'}: {self.resources} resources evaluated, {findings}"

    def as_data(self) -> dict[str, Any]:
        """For the plan's sidecar and for --json."""
        access = [{**asdict(one), "by": list(one.by)} for one in self.access]
        return {**asdict(self), "blocking": list(self.blocking), "access": access}

    @classmethod
    def from_data(cls, data: Mapping[str, Any] | None) -> "GateVerdict | None":
        """The inverse of `as_data`; None if the gate did not evaluate the plan."""
        if not data:
            return None
        access = tuple(AccessChange(**{**one, "by": tuple(one["by"])}) for one in data["access"])
        return cls(**{**data, "blocking": tuple(data["blocking"]), "access": access})


Gate = Callable[[Mapping[str, Any], str], GateVerdict]
"""Evaluates a plan in Terraform's JSON format, of a stack given as JSON text."""


class GateRefuses(AnswerIsNo):
    """The plan did not pass the gate, or the gate has not evaluated it."""


def require_pass(verdict: GateVerdict | None, environment: str) -> None:
    """Raise GateRefuses unless the gate passed."""
    if verdict is None:
        raise GateRefuses(
            "the gate has not evaluated this plan",
            hint=f"plan again with `terrace plan {environment}`, which runs the gate",
        )
    if not verdict.passes:
        raise GateRefuses(
            blocking_text(verdict),
            hint=f"`terrace gate {environment}` shows how to fix each finding; in an emergency, apply with "
            "--break-glass 'REASON', which is recorded",
        )


def blocking_text(verdict: GateVerdict) -> str:
    """The first blocking findings, one a line."""
    listed = "".join(f"\n  {sentence}" for sentence in verdict.blocking[:_MAX_LISTED])
    rest = len(verdict.blocking) - _MAX_LISTED
    return f"the plan does not pass the gate:{listed}" + (f"\n  and {rest} more" if rest > 0 else "")


def require_reason(reason: str) -> None:
    """Raise UsageError if a reason to break glass says too little."""
    if len(reason.split()) < 3:
        raise UsageError("the reason for --break-glass is too short", hint="give at least three words")


def record_break_glass(log: Path, reason: str, **details: Any) -> None:
    """Append a line of JSON to `log`: who applied what the gate refused, and why. Raises UsageError."""
    require_reason(reason)
    line = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "who": getpass.getuser(),
        "host": socket.gethostname(),
        "reason": reason,
        **details,
    }
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
