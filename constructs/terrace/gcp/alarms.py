"""Alarms on the signals, the entry's objective, a dashboard and saved queries in Cloud Monitoring (OBS-2 to OBS-4)."""

import json
from typing import Any

from cdktn_provider_google.logging_metric import LoggingMetric, LoggingMetricMetricDescriptor
from cdktn_provider_google.logging_saved_query import LoggingSavedQuery, LoggingSavedQueryLoggingQuery
from cdktn_provider_google.monitoring_alert_policy import (
    MonitoringAlertPolicy,
    MonitoringAlertPolicyAlertStrategy,
    MonitoringAlertPolicyAlertStrategyNotificationChannelStrategy,
    MonitoringAlertPolicyAlertStrategyNotificationRateLimit,
    MonitoringAlertPolicyConditions,
    MonitoringAlertPolicyConditionsConditionMatchedLog,
    MonitoringAlertPolicyConditionsConditionThreshold,
    MonitoringAlertPolicyConditionsConditionThresholdAggregations,
    MonitoringAlertPolicyConditionsConditionThresholdTrigger,
)
from cdktn_provider_google.monitoring_custom_service import MonitoringCustomService
from cdktn_provider_google.monitoring_dashboard import MonitoringDashboard
from cdktn_provider_google.monitoring_slo import (
    MonitoringSlo,
    MonitoringSloRequestBasedSli,
    MonitoringSloRequestBasedSliGoodTotalRatio,
)
from constructs import Construct

from terrace.capabilities.audit import AuditHandle
from terrace.capabilities.cache import CacheHandle, CacheSpec
from terrace.capabilities.cluster import ClusterHandle
from terrace.capabilities.database import DatabaseHandle, DatabaseSpec
from terrace.capabilities.entry import EntryHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle, ObservabilitySpec
from terrace.capabilities.signals import BURNS, Burn, lasting_minutes
from terrace.capabilities.spec import Severity
from terrace.capabilities.target import Target
from terrace.gcp import names
from terrace.gcp.providers import service
from terrace.gcp.records import Event, events
from terrace.gcp.signals import QUERIES, Signal, signals

_PERIOD_SECONDS = 300
"""Every signal is evaluated in steps of five minutes."""
_LONGEST_SECONDS = 84600
"""The longest duration of a condition. Source: Monitoring API, AlertPolicy, duration (23 hours 30 minutes)."""
_RENOTIFY = "1800s"


class Alarms(Construct):
    """Two alerts per signal, a warning first and critical if it persists; alerts on single records of the logs; the
    entry's objective; a dashboard; saved queries. Built last, because it watches what the other capabilities created.

    Alerts on single records match the log itself: a metric that counts them exists only minutes after it is created.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: ObservabilitySpec,
        target: Target,
        *,
        database_spec: DatabaseSpec | None,
        cache_spec: CacheSpec | None,
        network: NetworkHandle,
        entry: EntryHandle | None,
        cluster: ClusterHandle | None,
        database: DatabaseHandle | None,
        cache: CacheHandle | None,
        observability: ObservabilityHandle,
        audit: AuditHandle,
    ) -> None:
        super().__init__(scope, id)
        self._target, self._spec, self._observability = target, spec, observability
        watched = signals(
            spec.thresholds,
            target,
            database_spec=database_spec,
            cache_spec=cache_spec,
            network=network,
            cluster=cluster,
            database=database,
            cache=cache,
            audit=audit,
        )
        recorded = events(audit, target, database=database is not None)
        counted = [self._count(name, event) for name, event in recorded.items() if not event.at_once]
        for name, signal in watched.items():
            for severity in signal.severities:
                self._alarm(name, signal, severity, counted if name in recorded else [])
        for name, event in recorded.items():
            for severity in event.severities if event.at_once else ():
                self._at_once(name, event, severity)
        objectives = [self._objective(entry)] if entry else []
        for name, burn in BURNS.items() if entry else ():
            self._policy(f"objective-{name}", burn.severity, [self._burning(name, burn)], after=objectives)
        causes = ("database-cpu", "database-storage", "nodes-failed") if entry else ()
        for cause in (name for name in causes if name in watched):
            # Users see failures, and a likely cause is in alarm
            both = [self._burning("fast", BURNS["fast"]), self._lasting(cause, watched[cause], _PERIOD_SECONDS)]
            self._policy(f"platform-{cause}", "critical", both, after=objectives)
        MonitoringDashboard(  # OBS-4
            self,
            "dashboard",
            dashboard_json=_dashboard(target, watched, spec.slo_percent if entry else None),
            depends_on=objectives or [service(self, "monitoring")],
        )
        for name, query in QUERIES.items():
            LoggingSavedQuery(
                self,
                f"{name}-query",
                name=f"{target.prefix}-{name}",
                display_name=f"{target.prefix}: {name}",
                parent=f"projects/{names.account(target)}",
                location="global",
                visibility="SHARED",
                logging_query=LoggingSavedQueryLoggingQuery(filter=query.text),
                depends_on=[service(self, "logging")],
            )

    def _count(self, name: str, event: Event) -> LoggingMetric:
        """A metric that counts records."""
        return LoggingMetric(  # OBS-2
            self,
            f"{name}-count",
            name=f"{self._target.prefix}/{event.metric}",
            description=event.title,
            filter=event.filter,
            metric_descriptor=LoggingMetricMetricDescriptor(metric_kind="DELTA", value_type="INT64", unit="1"),
            depends_on=[service(self, "logging")],
        )

    def _alarm(self, name: str, signal: Signal, severity: Severity, after: list[LoggingMetric]) -> None:
        """OBS-2, OBS-3: the alert of a signal for one severity; the severities differ in how long the signal lasts."""
        lasting = 0 if signal.at_once else lasting_minutes(self._spec.escalation, severity)
        seconds = min(lasting * 60, _LONGEST_SECONDS)
        self._policy(f"{name}-{severity}", severity, [self._lasting(signal.title, signal, seconds)], after=after)

    def _lasting(self, title: str, signal: Signal, seconds: int) -> MonitoringAlertPolicyConditions:
        return MonitoringAlertPolicyConditions(
            display_name=title,
            condition_threshold=MonitoringAlertPolicyConditionsConditionThreshold(
                filter=signal.filter,
                comparison="COMPARISON_GT" if signal.comparison == "above" else "COMPARISON_LT",
                threshold_value=signal.threshold,
                duration=f"{seconds}s",
                aggregations=[
                    MonitoringAlertPolicyConditionsConditionThresholdAggregations(
                        alignment_period=f"{_PERIOD_SECONDS}s", per_series_aligner=signal.statistic
                    )
                ],
                trigger=MonitoringAlertPolicyConditionsConditionThresholdTrigger(count=1),
            ),
        )

    def _burning(self, name: str, burn: Burn) -> MonitoringAlertPolicyConditions:
        """OBS-4: the burn rate of the entry's error budget, as a multiple of the allowed rate."""
        objective = _objective_id(self._target)
        return MonitoringAlertPolicyConditions(
            display_name=f"The error budget burns {burn.rate:g} times too fast ({name})",
            condition_threshold=MonitoringAlertPolicyConditionsConditionThreshold(
                filter=f'select_slo_burn_rate("{objective}", "{burn.window_seconds}s")',
                comparison="COMPARISON_GT",
                threshold_value=burn.rate,
                duration="0s",
            ),
        )

    def _at_once(self, name: str, event: Event, severity: Severity) -> None:
        """An alert on a single record; notifies at most once in five minutes."""
        matched = MonitoringAlertPolicyConditions(
            display_name=event.title,
            condition_matched_log=MonitoringAlertPolicyConditionsConditionMatchedLog(filter=event.filter),
        )
        self._policy(f"{name}-{severity}", severity, [matched], matched=True)

    def _policy(
        self,
        name: str,
        severity: Severity,
        conditions: list[MonitoringAlertPolicyConditions],
        *,
        after: Any = (),
        matched: bool = False,
    ) -> None:
        channels = list(self._observability.channels[severity])
        repetition = MonitoringAlertPolicyAlertStrategyNotificationChannelStrategy(
            renotify_interval=_RENOTIFY, notification_channel_names=channels
        )
        limit = MonitoringAlertPolicyAlertStrategyNotificationRateLimit(period=f"{_PERIOD_SECONDS}s")
        MonitoringAlertPolicy(  # OBS-2
            self,
            name,
            display_name=f"{self._target.prefix}-{name}",
            combiner="OR" if len(conditions) == 1 else "AND",
            severity=severity.upper(),
            conditions=conditions,
            notification_channels=channels,  # OBS-3
            alert_strategy=MonitoringAlertPolicyAlertStrategy(
                auto_close="86400s",
                notification_rate_limit=limit if matched else None,
                # Critical alerts repeat until they are closed
                notification_channel_strategy=[repetition] if severity == "critical" and not matched else None,
            ),
            user_labels=names.labels(self._target),
            depends_on=[*after, *self._observability.ready, service(self, "monitoring")],
        )

    def _objective(self, entry: EntryHandle) -> MonitoringSlo:
        target, percent = self._target, self._spec.slo_percent
        watched = MonitoringCustomService(
            self,
            "service",
            service_id=target.prefix,
            display_name=f"{target.prefix}: what users see",
            user_labels=names.labels(target),
            depends_on=[service(self, "monitoring")],
        )
        requests = (
            'metric.type="loadbalancing.googleapis.com/https/request_count" AND resource.type="https_lb_rule"'
            f' AND resource.labels.url_map_name="{entry.load_balancer}"'
        )
        return MonitoringSlo(  # OBS-4
            self,
            "objective",
            service=watched.service_id,
            slo_id="availability",
            display_name=f"{percent:g} % of requests succeed",
            goal=round(percent / 100, 6),
            rolling_period_days=28,
            request_based_sli=MonitoringSloRequestBasedSli(
                good_total_ratio=MonitoringSloRequestBasedSliGoodTotalRatio(
                    total_service_filter=requests,
                    bad_service_filter=f"{requests} AND metric.labels.response_code_class=500",
                )
            ),
            user_labels=names.labels(target),
        )


def _objective_id(target: Target) -> str:
    return f"projects/{names.number(target)}/services/{target.prefix}/serviceLevelObjectives/availability"


def _dashboard(target: Target, watched: dict[str, Signal], slo_percent: float | None) -> str:
    """The entry's objective on top, below it each signal with its threshold, in three columns (total width 48)."""
    burn = f'select_slo_burn_rate("{_objective_id(target)}", "3600s")'
    tiles = []
    if slo_percent:
        title = f"Objective: {slo_percent:g} % of requests succeed; error budget's burn"
        tiles.append(_tile(0, 0, 48, 12, title, burn, None, 14.4))
    top = 12 * len(tiles)
    for position, signal in enumerate(watched.values()):
        row, column = divmod(position, 3)
        tiles.append(
            _tile(16 * column, top + 12 * row, 16, 12, signal.title, signal.filter, signal.statistic, signal.threshold)
        )
    return json.dumps(
        {
            "displayName": target.prefix,
            "labels": names.labels(target),
            "mosaicLayout": {"columns": 48, "tiles": tiles},
        }
    )


def _tile(
    x: int, y: int, width: int, height: int, title: str, filter: str, aligner: str | None, threshold: float
) -> dict[str, Any]:
    aggregation = {"alignmentPeriod": f"{_PERIOD_SECONDS}s", **({"perSeriesAligner": aligner} if aligner else {})}
    series = {"timeSeriesQuery": {"timeSeriesFilter": {"filter": filter, "aggregation": aggregation}}}
    chart = {"dataSets": [series], "thresholds": [{"label": "alarm", "value": threshold}]}
    return {"xPos": x, "yPos": y, "width": width, "height": height, "widget": {"title": title, "xyChart": chart}}
