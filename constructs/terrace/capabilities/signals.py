"""What is watched on every cloud, how soon somebody hears of it, and what is looked for afterwards (OBS-2 to OBS-4).

Thresholds are the environment's (`observability.thresholds`). Where a signal is read, each cloud's `signals` says in
that cloud's words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from terrace.capabilities.observability import EscalationSpec, LogGroup
from terrace.capabilities.spec import Severity

Comparison = Literal["above", "below"]
"""On which side of its threshold a signal is wrong."""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)

WARNING_MINUTES = 15
"""How long a signal lasts before somebody is told at all: one bad step is weather."""
TOLERATED_DENIALS = 20
"""Refused calls of the cloud in five minutes that are nobody's concern: consoles ask for what people may not see."""


@dataclass(frozen=True)
class Burn:
    """How fast the error budget may go: at `rate` over `window_seconds` somebody of `severity` hears of it.

    Rates and windows are those of the SRE workbook, "Alerting on SLOs": 2 % of a month's budget in an hour, 5 % in six.
    """

    rate: float
    window_seconds: int
    severity: Severity


BURNS: Mapping[str, Burn] = {
    "fast": Burn(rate=14.4, window_seconds=3600, severity="critical"),
    "slow": Burn(rate=6.0, window_seconds=21600, severity="warning"),
}


@dataclass(frozen=True)
class Query:
    """A saved search of a log group, in the cloud's language."""

    group: LogGroup
    text: str


def lasting_minutes(escalation: EscalationSpec, severity: Severity) -> int:
    """How long a signal is wrong before somebody of this severity hears of it (OBS-3)."""
    return {"warning": WARNING_MINUTES, "critical": escalation.critical_after_minutes}[severity]
