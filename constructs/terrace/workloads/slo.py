"""Service level objectives: recording rules, the error budget, and alerts on the rate at which it is spent (OBS-4).

An alert needs a long window, which shows that the errors matter, and a short one, which ends the alert soon after the
errors end. Source: Google, The Site Reliability Workbook, chapter "Alerting on SLOs", section "Multiwindow,
Multi-Burn-Rate Alerts": the pages and the three-day ticket; the one-day ticket spends 10 % of the budget in a day.
"""

from dataclasses import dataclass
from typing import Any

from terrace.capabilities.spec import Severity
from terrace.errors import AnswerIsNo
from terrace.modules.contract import Slo
from terrace.modules.enabled import EnabledModule
from terrace.workloads.alerts import prometheus_rule, runbook
from terrace.workloads.context import Context, Object

PERIOD_DAYS = 30
"""Days over which the error budget counts."""


@dataclass(frozen=True)
class BurnRate:
    """A rate of spending the error budget, as a multiple of the rate that would spend it exactly in the period."""

    short: str
    long: str
    factor: float
    severity: Severity

    @property
    def in_words(self) -> str:
        return f"{self.factor:g} times the rate that the objective allows"


BURN_RATES = (
    BurnRate("5m", "1h", 14.4, "critical"),
    BurnRate("30m", "6h", 6, "critical"),
    BurnRate("2h", "1d", 3, "warning"),
    BurnRate("6h", "3d", 1, "warning"),
)

WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """The PrometheusRule of a module's objective, if it has one and a module provides `metrics`."""
    slo = module.contract.observability.slo
    if slo is None or context.provider("metrics") is None:
        return []
    return [prometheus_rule(f"{module.name}-slo", groups(module, slo, context), module, context)]


def groups(module: EnabledModule, slo: Slo, context: Context) -> list[dict[str, Any]]:
    """The rule groups: ratios of errors by window, the budget, the alerts. Raises AnswerIsNo without `$window`."""
    for name, expression in (("good", slo.good), ("total", slo.total)):
        if "$window" not in expression:
            where = f"{module.folder.name}/module.yaml"
            message = f"observability.slo.{name} has no $window: {expression!r}"
            raise AnswerIsNo(message, where=where, hint="Write the range as [$window].")
    labels = {"module": module.name}
    ratios = [
        {"record": f"terrace:slo_errors:ratio_rate{window}", "expr": error_ratio(slo, window), "labels": labels}
        for window in WINDOWS
    ]
    return [
        {"name": f"{module.name}-slo-ratios", "interval": "1m", "rules": ratios},
        {"name": f"{module.name}-slo-budget", "interval": "5m", "rules": _budget(slo, labels)},
        {"name": f"{module.name}-slo-alerts", "interval": "1m", "rules": _alerts(slo, labels, module, context)},
    ]


def error_ratio(slo: Slo, window: str) -> str:
    """The share of bad events over a window. Without a good event it is 1; without any event it has no value."""
    good, total = (expression.replace("$window", window) for expression in (slo.good, slo.total))
    return f"1 - (sum({good}) or vector(0)) / (sum({total}) > 0)"


def _budget(slo: Slo, labels: dict[str, str]) -> list[dict[str, Any]]:
    """The share of the error budget that remains, weighted by events; from recorded rates, since 30 days of raw
    samples are slow to read."""
    good, total = (expression.replace("$window", "5m") for expression in (slo.good, slo.total))
    selector = f'{{module="{labels["module"]}"}}[{PERIOD_DAYS}d]'
    errors = f"sum_over_time(terrace:slo_errors:rate5m{selector})"
    events = f"sum_over_time(terrace:slo_events:rate5m{selector})"
    return [
        {"record": "terrace:slo_events:rate5m", "expr": f"sum({total})", "labels": labels},
        {"record": "terrace:slo_errors:rate5m", "expr": f"sum({total}) - (sum({good}) or vector(0))", "labels": labels},
        {
            "record": "terrace:slo_budget:remaining_ratio30d",
            "expr": f"1 - ({errors} / ({events} > 0)) / {_allowed(slo):g}",
            "labels": labels,
        },
    ]


def _alerts(slo: Slo, labels: dict[str, str], module: EnabledModule, context: Context) -> list[dict[str, Any]]:
    """An alert per severity. Burn rates that the objective makes impossible are left out."""
    rules = []
    for severity in ("critical", "warning"):
        possible = [rate for rate in BURN_RATES if rate.severity == severity and rate.factor * _allowed(slo) < 1]
        conditions = [_condition(rate, slo, module) for rate in possible]
        if not conditions:
            continue
        rules.append(
            {
                "alert": "ErrorBudgetBurns",
                "expr": "\nor\n".join(conditions),
                "labels": labels | {"severity": severity, "owner": context.environment.ownership.owner},
                "annotations": {
                    "summary": f"{module.name} spends its error budget at "
                    + " or ".join(rate.in_words for rate in possible),
                    "description": f"{{{{ $value | humanizePercentage }}}} of the events of {module.name} are bad; the "
                    f"objective of {slo.objective:g} % allows {_allowed(slo):.3%}.",
                    "runbook_url": runbook(module, context),
                },
            }
        )
    return rules


def _condition(rate: BurnRate, slo: Slo, module: EnabledModule) -> str:
    limit = f"{rate.factor * _allowed(slo):g}"
    selector = f'{{module="{module.name}"}}'
    return (
        f"(terrace:slo_errors:ratio_rate{rate.long}{selector} > {limit}"
        f" and terrace:slo_errors:ratio_rate{rate.short}{selector} > {limit})"
    )


def _allowed(slo: Slo) -> float:
    """The share of events that may be bad."""
    return round(1 - slo.objective / 100, 10)
