"""The gate verdict that is saved beside a plan, and the record of applying a plan that the gate refused."""

import getpass
import json
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from terrace.errors import AnswerIsNo, UsageError

_SHOWN = 10  # blocking findings that a refusal lists


@dataclass(frozen=True)
class GateVerdict:
    """The gate's decision about one plan. `blocking` are sentences, each with its check and construct."""

    passes: bool
    blocking: tuple[str, ...] = ()
    warnings: int = 0
    waived: int = 0
    resources: int = 0

    def __str__(self) -> str:
        counts = ((len(self.blocking), "blocking"), (self.warnings, "warnings"), (self.waived, "waived"))
        listed = ", ".join(f"{count} {word}" for count, word in counts if count) or "no findings"
        return f"the gate {'passes' if self.passes else 'does not pass'}: {self.resources} resources checked, {listed}"

    def as_data(self) -> dict[str, Any]:
        """As JSON data, for the file beside the plan and for --json."""
        return {**asdict(self), "blocking": list(self.blocking)}

    @classmethod
    def of(cls, data: Mapping[str, Any] | None) -> "GateVerdict | None":
        """The verdict that `as_data` returned; None for a plan that the gate did not check."""
        return cls(**{**data, "blocking": tuple(data["blocking"])}) if data else None


Gate = Callable[[Mapping[str, Any], str], GateVerdict]
"""Checks a plan in Terraform's JSON format, of a stack given as JSON text."""


class GateRefuses(AnswerIsNo):
    """The plan did not pass the gate, or the gate did not check it."""


def refuse(gated: GateVerdict | None, environment: str) -> None:
    """Raise GateRefuses unless the gate passed."""
    if gated is None:
        raise GateRefuses(
            "the gate has not checked this plan", hint=f"plan again: `terrace plan {environment}` runs the gate"
        )
    if gated.passes:
        return
    raise GateRefuses(
        refusal(gated),
        hint=f"`terrace gate {environment}` shows the remediation of each; --break-glass 'REASON' applies it anyway",
    )


def refusal(gated: GateVerdict) -> str:
    """The first blocking findings, a line each."""
    listed = "".join(f"\n  {sentence}" for sentence in gated.blocking[:_SHOWN])
    more = f"\n  and {len(gated.blocking) - _SHOWN} more" if len(gated.blocking) > _SHOWN else ""
    return f"the plan does not pass the gate:{listed}{more}"


def break_glass(log: Path, reason: str, **details: Any) -> None:
    """Append a JSON line to `log`: who applied a plan that the gate refused, and why. Raises UsageError."""
    if len(reason.split()) < 3:
        raise UsageError("--break-glass needs a reason that others understand", hint="give at least three words")
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
