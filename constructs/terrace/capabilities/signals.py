"""What the signals have in common on every cloud: severities, durations, burn rates, saved queries (OBS-2 to OBS-4).

Thresholds are settings (`observability.thresholds`). Each cloud's `signals` maps the signals to its metrics.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from terrace.capabilities.observability import EscalationSpec, LogGroup
from terrace.capabilities.spec import Severity

Comparison = Literal["above", "below"]
"""The side of the threshold on which a signal raises an alarm."""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)

WARNING_MINUTES = 15
"""Minutes until a persisting signal raises a warning; a single step over the threshold is noise."""
TOLERATED_DENIALS = 20
"""Denied API calls in five minutes that raise no alarm: consoles make calls that their users may not make."""


@dataclass(frozen=True)
class Burn:
    """A burn rate of the error budget: `rate` over `window_seconds` raises an alarm of `severity`.

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
    """A saved query of a log group, in the cloud's query language."""

    group: LogGroup
    text: str


def lasting_minutes(escalation: EscalationSpec, severity: Severity) -> int:
    """Minutes that a signal persists before it raises an alarm of this severity (OBS-3)."""
    return {"warning": WARNING_MINUTES, "critical": escalation.critical_after_minutes}[severity]
