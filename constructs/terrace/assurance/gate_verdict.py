"""What the gate said of a plan, beside the plan; and what is written down when somebody applies one that it refused."""

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

_TOLD = 10  # blocking findings that a refusal spells out


@dataclass(frozen=True)
class GateVerdict:
    """The gate's answer to one plan. `blocking` are sentences, each with its check and construct."""

    passes: bool
    blocking: tuple[str, ...] = ()
    warnings: int = 0
    waived: int = 0
    resources: int = 0

    def __str__(self) -> str:
        counts = ((len(self.blocking), "blocking"), (self.warnings, "warnings"), (self.waived, "waived"))
        told = ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing found"
        return f"the gate {'passes' if self.passes else 'does not pass'}: {self.resources} resources judged, {told}"

    def as_data(self) -> dict[str, Any]:
        """For the plan's sidecar and for --json."""
        return {**asdict(self), "blocking": list(self.blocking)}

    @classmethod
    def of(cls, data: Mapping[str, Any] | None) -> "GateVerdict | None":
        """What `as_data` gave; None when the gate was not asked."""
        return cls(**{**data, "blocking": tuple(data["blocking"])}) if data else None


Gate = Callable[[Mapping[str, Any], str], GateVerdict]
"""Judges a plan in Terraform's JSON format, of a stack given as JSON text."""


class GateRefuses(AnswerIsNo):
    """The plan did not pass the gate, or was never judged."""


def refuse(gated: GateVerdict | None, environment: str) -> None:
    """Raise GateRefuses unless the gate passed."""
    if gated is None:
        raise GateRefuses(
            "the gate has not judged this plan", hint=f"plan again: `terrace plan {environment}` runs the gate"
        )
    if gated.passes:
        return
    raise GateRefuses(
        told(gated),
        hint=f"`terrace gate {environment}` says how to mend each; in an emergency --break-glass 'REASON' is recorded",
    )


def told(gated: GateVerdict) -> str:
    """What blocks, the first of it, a line each."""
    listed = "".join(f"\n  {sentence}" for sentence in gated.blocking[:_TOLD])
    more = f"\n  and {len(gated.blocking) - _TOLD} more" if len(gated.blocking) > _TOLD else ""
    return f"the plan does not pass the gate:{listed}{more}"


def break_glass(log: Path, reason: str, **what: Any) -> None:
    """Write down who applied what the gate refused, and why: a line of JSON at the end of `log`. Raises UsageError."""
    if len(reason.split()) < 3:
        raise UsageError("--break-glass wants a reason that others can follow", hint="at least a few words")
    line = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "who": getpass.getuser(),
        "host": socket.gethostname(),
        "reason": reason,
        **what,
    }
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
