"""Alarms on the signals, on records and on the entry's objective, a dashboard and saved queries (OBS-2 to OBS-5)."""

import json
from collections.abc import Mapping
from typing import Any

from cdktn_provider_azurerm.application_insights_workbook import ApplicationInsightsWorkbook
from cdktn_provider_azurerm.log_analytics_saved_search import LogAnalyticsSavedSearch
from cdktn_provider_azurerm.monitor_activity_log_alert import (
    MonitorActivityLogAlert,
    MonitorActivityLogAlertAction,
    MonitorActivityLogAlertCriteria,
    MonitorActivityLogAlertCriteriaResourceHealth,
    MonitorActivityLogAlertCriteriaServiceHealth,
)
from cdktn_provider_azurerm.monitor_metric_alert import (
    MonitorMetricAlert,
    MonitorMetricAlertAction,
    MonitorMetricAlertCriteria,
    MonitorMetricAlertCriteriaDimension,
)
from cdktn_provider_azurerm.monitor_scheduled_query_rules_alert_v2 import (
    MonitorScheduledQueryRulesAlertV2,
    MonitorScheduledQueryRulesAlertV2Action,
    MonitorScheduledQueryRulesAlertV2Criteria,
)
from constructs import Construct

from terrace.azure import names, providers
from terrace.azure.records import Event, events
from terrace.azure.signals import QUERIES, Signal, signals
from terrace.capabilities.audit import AuditHandle
from terrace.capabilities.cache import CacheHandle, CacheSpec
from terrace.capabilities.cluster import ClusterHandle
from terrace.capabilities.database import DatabaseHandle, DatabaseSpec
from terrace.capabilities.entry import EntryHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import (
    ObservabilityHandle,
    ObservabilitySpec,
)
from terrace.capabilities.signals import BURNS, SEVERITIES, Burn, lasting_minutes
from terrace.capabilities.spec import Severity
from terrace.capabilities.target import Target

_WINDOWS: Mapping[int, str] = {
    5: "PT5M",
    15: "PT15M",
    30: "PT30M",
    60: "PT1H",
    360: "PT6H",
    720: "PT12H",
    1440: "P1D",
}
"""Minutes to the evaluation windows of metric alerts."""
_SERVERS = "Microsoft.DBforPostgreSQL/flexibleServers"
_SERVICE = "Azure Database for PostgreSQL flexible servers"
"""The database in Service Health. Source: Azure Service Health, services of an alert rule."""
_LEVELS: Mapping[Severity, int] = {"warning": 2, "critical": 0}


class Alarms(Construct):
    """Two alerts per signal, a warning first and critical if it persists; the entry's objective; a workbook; saved
    queries. Built last, because it watches what the other capabilities created."""

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
        for name, signal in watched.items():
            for severity in SEVERITIES:
                self._alarm(target, name, signal, severity, spec, observability)
        for name, event in events(audit, target).items():
            self._event(target, name, event, observability)
        of_database = _database_events(target) if database else {}
        for name, (title, watched_scope, criteria) in {**of_database, **_record_events(target)}.items():
            MonitorActivityLogAlert(  # OBS-5, AUD-6
                self,
                name,
                name=f"{target.prefix}-{name}",
                description=title,
                location="global",  # GOV-2: few regions process these alerts, which hold no data
                resource_group_name=providers.home(self, target).name,
                scopes=[watched_scope],
                criteria=criteria,
                action=[MonitorActivityLogAlertAction(action_group_id=observability.topics["critical"])],
                tags=dict(target.tags),
                depends_on=list(observability.ready),
            )
        if entry:
            for name, burn in BURNS.items():
                self._burn_rate(target, name, burn, spec.slo_percent, entry, observability)
        group = providers.home(self, target)
        ApplicationInsightsWorkbook(  # OBS-4
            self,
            "dashboard",
            name=names.guid(target, "dashboard"),
            display_name=f"{target.prefix}: signals and objective",
            location=group.location,
            resource_group_name=group.name,
            source_id=names.workspace_id(target).lower(),
            category="workbook",
            data_json=_dashboard(target, watched, spec.slo_percent, entry),
            tags=dict(target.tags),
            depends_on=list(observability.ready),
        )
        for name, query in QUERIES.items():
            LogAnalyticsSavedSearch(
                self,
                f"{name}-query",
                name=name,
                display_name=name.replace("-", " ").capitalize(),
                category=target.prefix,
                log_analytics_workspace_id=observability.log_ids[query.group],
                query=f"{observability.logs[query.group]} | {query.text}",
                tags=dict(target.tags),
                depends_on=list(observability.ready),
            )

    def _alarm(
        self,
        target: Target,
        name: str,
        signal: Signal,
        severity: Severity,
        spec: ObservabilitySpec,
        observability: ObservabilityHandle,
    ) -> None:
        """OBS-2, OBS-3: the alert of a signal for one severity; the severities differ in how long the signal lasts."""
        minutes = lasting_minutes(spec.escalation, severity)
        MonitorMetricAlert(  # OBS-2
            self,
            f"{name}-{severity}",
            name=f"{target.prefix}-{name}-{severity}",
            description=f"{signal.title}: {signal.comparison} {signal.threshold:g}",
            resource_group_name=providers.home(self, target).name,
            scopes=[signal.resource],
            severity=_LEVELS[severity],
            frequency="PT5M",
            window_size=_window(minutes),
            auto_mitigate=True,
            criteria=[
                MonitorMetricAlertCriteria(
                    metric_namespace=signal.namespace,
                    metric_name=signal.metric,
                    aggregation=signal.statistic,
                    operator="GreaterThan" if signal.comparison == "above" else "LessThan",
                    threshold=signal.threshold,
                    # Azure rejects a metric that a service has not published yet
                    skip_metric_validation=True,
                    dimension=[
                        MonitorMetricAlertCriteriaDimension(name=key, operator="Include", values=list(values))
                        for key, values in signal.dimensions.items()
                    ],
                )
            ],
            action=[MonitorMetricAlertAction(action_group_id=observability.topics[severity])],
            tags=dict(target.tags),
            depends_on=[*observability.ready, *signal.after],
        )

    def _event(self, target: Target, name: str, event: Event, observability: ObservabilityHandle) -> None:
        """OBS-2, AUD-1, AUD-5, AUD-6, BAK-4: an alert on the number of records."""
        severity: Severity = "critical" if event.at_once else "warning"
        self._query_alert(
            name, target, severity, event.title, event.query, observability, minutes=15, threshold=event.tolerated
        )

    def _burn_rate(
        self,
        target: Target,
        name: str,
        burn: Burn,
        slo_percent: float,
        entry: EntryHandle,
        observability: ObservabilityHandle,
    ) -> None:
        """OBS-4: the burn rate of the entry's error budget, as a multiple of the allowed rate."""
        title = f"The error budget of {slo_percent:g} % burns {burn.rate:g} times too fast"
        query = _burn_query(entry, slo_percent, burn.rate)
        minutes = burn.window_seconds // 60
        self._query_alert(f"objective-{name}", target, burn.severity, title, query, observability, minutes=minutes)

    def _query_alert(
        self,
        name: str,
        target: Target,
        severity: Severity,
        title: str,
        query: str,
        observability: ObservabilityHandle,
        *,
        minutes: int,
        threshold: int = 0,
    ) -> None:
        group = providers.home(self, target)
        MonitorScheduledQueryRulesAlertV2(
            self,
            name,
            name=f"{target.prefix}-{name}",
            description=title,
            location=group.location,
            resource_group_name=group.name,
            scopes=[names.workspace_id(target)],
            severity=_LEVELS[severity],
            evaluation_frequency="PT15M",
            window_duration=_window(minutes),
            skip_query_validation=True,  # a table exists only from its first record on
            criteria=[
                MonitorScheduledQueryRulesAlertV2Criteria(
                    query=query, time_aggregation_method="Count", operator="GreaterThan", threshold=threshold
                )
            ],
            action=MonitorScheduledQueryRulesAlertV2Action(action_groups=[observability.topics[severity]]),
            tags=dict(target.tags),
            depends_on=list(observability.ready),
        )


def _database_events(target: Target) -> dict[str, tuple[str, str, MonitorActivityLogAlertCriteria]]:
    """OBS-5: title, scope and condition of each event of the database. Alarms on its storage are signals.

    An outage that a user initiated is not one: a schedule stops the server at night (COST-2). Azure reports a failover
    as an outage, and scheduled maintenance as an event of the service, which is one of the subscription.
    """
    group = names.group_id(target)
    return {
        "database-health": (
            "The database is degraded, unavailable or failed over",
            group,
            MonitorActivityLogAlertCriteria(
                category="ResourceHealth",
                resource_types=[_SERVERS],
                resource_health=MonitorActivityLogAlertCriteriaResourceHealth(
                    current=["Degraded", "Unavailable", "Unknown"], reason=["PlatformInitiated", "Unknown"]
                ),
            ),
        ),
        "database-maintenance": (
            "Azure announces an incident or maintenance of the database",
            names.subscription(target),
            MonitorActivityLogAlertCriteria(
                category="ServiceHealth",
                service_health=MonitorActivityLogAlertCriteriaServiceHealth(
                    events=["ActionRequired", "Incident", "Maintenance", "Security"],
                    locations=[target.region],
                    services=[_SERVICE],
                ),
            ),
        ),
        "database-deleted": (
            "A database server was deleted",
            group,
            MonitorActivityLogAlertCriteria(
                category="Administrative", operation_name=f"{_SERVERS}/delete", statuses=["Succeeded"]
            ),
        ),
    }


def _record_events(target: Target) -> dict[str, tuple[str, str, MonitorActivityLogAlertCriteria]]:
    """AUD-6: the end of a record. Queries cannot count it: they read what the trail writes to the workspace."""
    operations = {
        "records-deleted": (
            "A record of calls or requests was deleted",
            "Microsoft.Insights/diagnosticSettings/delete",
        ),
        "workspace-deleted": ("A workspace was deleted", "Microsoft.OperationalInsights/workspaces/delete"),
    }
    return {
        name: (
            title,
            names.subscription(target),
            MonitorActivityLogAlertCriteria(
                category="Administrative", operation_name=operation, statuses=["Succeeded"]
            ),
        )
        for name, (title, operation) in operations.items()
    }


def _window(minutes: int) -> str:
    """The shortest window of at least `minutes`."""
    return next(text for length, text in _WINDOWS.items() if length >= minutes)


def _burn_query(entry: EntryHandle, slo_percent: float, rate: float) -> str:
    """Times at which the entry's error budget burns faster than `rate` times the allowed rate (OBS-4)."""
    budget = round(1 - slo_percent / 100, 6)
    return (
        f"AGWAccessLogs | where _ResourceId =~ '{entry.load_balancer}'"
        " | summarize failed = countif(HttpStatus >= 500), answered = count()"
        f" | extend burn = todouble(failed) / answered / {budget:g} | where answered > 0 and burn > {rate:g}"
    )


def _objective_items(target: Target, slo_percent: float, entry: EntryHandle) -> list[dict[str, Any]]:
    return [
        {
            "type": 1,
            "name": "objective",
            "content": {"json": f"## {target.prefix}\n\nObjective: {slo_percent:g} % of requests succeed."},
        },
        {
            "type": 3,
            "name": "error-budget",
            "content": {
                "version": "KqlItem/1.0",
                "title": "Error budget, times too fast",
                "query": _burn_query(entry, slo_percent, 0),
                "queryType": 0,
                "resourceType": "microsoft.operationalinsights/workspaces",
                "crossComponentResources": [names.workspace_id(target)],
                "visualization": "timechart",
            },
        },
    ]


def _dashboard(target: Target, watched: Mapping[str, Signal], slo_percent: float, entry: EntryHandle | None) -> str:
    """The entry's objective on top, below it each signal with its threshold."""
    items = _objective_items(target, slo_percent, entry) if entry else []
    for name, signal in watched.items():
        metric = {
            "namespace": signal.namespace.lower(),
            "metric": f"{signal.namespace.lower()}--{signal.metric}",
            "aggregation": _AGGREGATIONS[signal.statistic],
        }
        items.append(
            {
                "type": 10,
                "name": name,
                "content": {
                    "version": "MetricsItem/2.0",
                    "title": f"{signal.title} (alarm {signal.comparison} {signal.threshold:g})",
                    "resourceType": signal.namespace.lower(),
                    "resourceIds": [signal.resource],
                    "chartType": 2,
                    "metrics": [metric],
                },
                "customWidth": "33",
            }
        )
    return json.dumps({"version": "Notebook/1.0", "items": items, "fallbackResourceIds": [names.workspace_id(target)]})


_AGGREGATIONS = {"Total": 1, "Minimum": 2, "Maximum": 3, "Average": 4}
"""A workbook's codes for aggregations."""
