"""Alarms on the signals, the entry's objective, a dashboard and saved queries in CloudWatch (OBS-2 to OBS-4, AUD-6)."""

import json
from collections.abc import Mapping
from typing import Any

from cdktn_provider_aws.cloudwatch_composite_alarm import CloudwatchCompositeAlarm
from cdktn_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from cdktn_provider_aws.cloudwatch_log_metric_filter import (
    CloudwatchLogMetricFilter,
    CloudwatchLogMetricFilterMetricTransformation,
)
from cdktn_provider_aws.cloudwatch_metric_alarm import (
    CloudwatchMetricAlarm,
    CloudwatchMetricAlarmMetricQuery,
    CloudwatchMetricAlarmMetricQueryMetric,
)
from cdktn_provider_aws.cloudwatch_query_definition import CloudwatchQueryDefinition
from constructs import Construct

from terrace.aws import names
from terrace.aws.records import events
from terrace.aws.signals import QUERIES, Signal, signals
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
from terrace.capabilities.signals import BURNS, Burn, lasting_minutes
from terrace.capabilities.spec import Severity
from terrace.capabilities.target import Target

_PERIOD_SECONDS = 300
"""Every signal is evaluated in steps of five minutes."""


class Alarms(Construct):
    """Two alarms per signal, a warning first and critical if it persists; the entry's objective; a dashboard; saved
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
        )
        self._count_events(target, observability)
        alarms = {
            f"{name}-{severity}": self._alarm(target, name, signal, severity, spec, observability)
            for name, signal in watched.items()
            for severity in signal.severities
        }
        if entry:
            for name, burn in BURNS.items():
                alarms[f"objective-{name}"] = self._burn_rate(
                    target, name, burn, spec.slo_percent, entry, observability
                )
        if entry:
            causes = [name for name in ("database-cpu", "database-storage", "nodes-failed") if name in watched]
            CloudwatchCompositeAlarm(  # OBS-2
                self,
                "platform",
                alarm_name=f"{target.prefix}-platform-down",
                alarm_description="Users see failures, and the database or nodes are unhealthy: page the on-call "
                "engineer.",
                alarm_rule=_trouble(alarms["objective-fast"], *(alarms[f"{name}-critical"] for name in causes)),
                alarm_actions=[observability.topics["critical"]],
                ok_actions=[observability.topics["critical"]],
            )
        CloudwatchDashboard(  # OBS-4
            self,
            "dashboard",
            dashboard_name=target.prefix,
            dashboard_body=_dashboard(target, watched, spec.slo_percent if entry else None),
        )
        for name, query in QUERIES.items():
            CloudwatchQueryDefinition(
                self,
                f"{name}-query",
                name=f"{target.prefix}/{name}",
                log_group_names=[observability.logs[query.group]],
                query_string=query.text,
            )

    def _count_events(self, target: Target, observability: ObservabilityHandle) -> None:
        """Metric filters that count records of the trail."""
        for name, event in events().items():
            CloudwatchLogMetricFilter(  # OBS-2, AUD-6
                self,
                f"{name}-count",
                name=f"{target.prefix}-{name}",
                log_group_name=observability.logs["trail"],
                pattern=event.pattern,
                metric_transformation=CloudwatchLogMetricFilterMetricTransformation(
                    name=event.metric, namespace=names.metric_namespace(target), value="1", default_value="0"
                ),
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
    ) -> CloudwatchMetricAlarm:
        """OBS-2, OBS-3: the alarm of a signal for one severity; the severities differ in how long the signal lasts."""
        periods = 1 if signal.event else lasting_minutes(spec.escalation, severity) * 60 // _PERIOD_SECONDS
        return CloudwatchMetricAlarm(  # OBS-2
            self,
            f"{name}-{severity}",
            alarm_name=_alarm_name(target, f"{name}-{severity}"),
            alarm_description=f"{signal.title}: {signal.comparison} {signal.threshold:g}"
            + ("" if signal.event else f" for {periods * _PERIOD_SECONDS // 60} minutes"),
            namespace=signal.namespace,
            metric_name=signal.metric,
            statistic=signal.statistic,
            comparison_operator="GreaterThanThreshold" if signal.comparison == "above" else "LessThanThreshold",
            threshold=signal.threshold,
            dimensions=dict(signal.dimensions) or None,
            period=_PERIOD_SECONDS,
            evaluation_periods=periods,
            datapoints_to_alarm=periods,
            # A service without data (asleep, deleted) may be unhealthy. The kit's own counters report 0 when idle.
            treat_missing_data="missing" if signal.dimensions else "notBreaching",
            alarm_actions=[observability.topics[severity]],
            ok_actions=[observability.topics[severity]],
        )

    def _burn_rate(
        self,
        target: Target,
        name: str,
        burn: Burn,
        slo_percent: float,
        entry: EntryHandle,
        observability: ObservabilityHandle,
    ) -> CloudwatchMetricAlarm:
        """OBS-4: the burn rate of the entry's error budget, as a multiple of the allowed rate."""
        budget = round(1 - slo_percent / 100, 6)
        sums = {"failed": "HTTPCode_Target_5XX_Count", "refused": "HTTPCode_ELB_5XX_Count", "answered": "RequestCount"}
        # Without a healthy target the load balancer counts a request as rejected and not in RequestCount.
        bad, all_of_them = "(FILL(failed, 0) + FILL(refused, 0))", "(FILL(answered, 0) + FILL(refused, 0))"
        return CloudwatchMetricAlarm(  # OBS-4
            self,
            f"objective-{name}",
            alarm_name=_alarm_name(target, f"objective-{name}"),
            alarm_description=f"The error budget of {slo_percent:g} % burns {burn.rate:g} times too fast",
            comparison_operator="GreaterThanThreshold",
            threshold=burn.rate,
            evaluation_periods=1,
            treat_missing_data="notBreaching",
            alarm_actions=[observability.topics[burn.severity]],
            ok_actions=[observability.topics[burn.severity]],
            metric_query=[
                CloudwatchMetricAlarmMetricQuery(
                    id="burn",
                    expression=f"IF({all_of_them} > 0, {bad} / {all_of_them} / {budget:g}, 0)",
                    label="burn rate",
                    return_data=True,
                ),
                *(
                    CloudwatchMetricAlarmMetricQuery(
                        id=id,
                        metric=CloudwatchMetricAlarmMetricQueryMetric(
                            namespace="AWS/ApplicationELB",
                            metric_name=metric,
                            period=burn.window_seconds,
                            stat="Sum",
                            dimensions={"LoadBalancer": entry.load_balancer},
                        ),
                    )
                    for id, metric in sums.items()
                ),
            ],
        )


def _alarm_name(target: Target, name: str) -> str:
    return f"{target.prefix}-{name}"


def _alarm_arn(target: Target, name: str) -> str:
    return names.arn(target, "cloudwatch", f"alarm:{_alarm_name(target, name)}")


def _trouble(effect: CloudwatchMetricAlarm, *causes: CloudwatchMetricAlarm) -> str:
    """True while users are affected and at least one of the causes is in alarm, if any is watched."""
    any_cause = " OR ".join(f'ALARM("{cause.alarm_name}")' for cause in causes)
    return f'ALARM("{effect.alarm_name}")' + (f" AND ({any_cause})" if causes else "")


def _dashboard(target: Target, watched: Mapping[str, Signal], slo_percent: float | None) -> str:
    """The entry's objective on top, below it each signal with its threshold, in three columns (total width 24)."""
    widgets = _objective_widgets(target, slo_percent) if slo_percent else []
    top = 8 if widgets else 0
    for position, signal in enumerate(watched.values()):
        row, column = divmod(position, 3)
        dimensions = [part for pair in signal.dimensions.items() for part in pair]
        drawn: dict[str, Any] = {
            "title": signal.title,
            "region": target.region,
            "period": _PERIOD_SECONDS,
            "stat": signal.statistic,
            "metrics": [[signal.namespace, signal.metric, *dimensions]],
            "annotations": {"horizontal": [{"label": "alarm", "value": signal.threshold}]},
        }
        widgets.append({"type": "metric", **_place(8 * column, top + 6 * row, 8, 6), "properties": drawn})
    return json.dumps({"widgets": widgets})


def _objective_widgets(target: Target, slo_percent: float) -> list[dict[str, Any]]:
    objectives = [_alarm_arn(target, f"objective-{name}") for name in BURNS]
    title = f"Objective: {slo_percent:g} % of requests succeed"
    widgets: list[dict[str, Any]] = [
        {"type": "alarm", **_place(0, 0, 24, 2), "properties": {"title": title, "alarms": objectives}}
    ]
    for column, (name, arn) in enumerate(zip(BURNS, objectives, strict=True)):
        burning = {"title": f"Error budget, {name} burn", "region": target.region, "annotations": {"alarms": [arn]}}
        widgets.append({"type": "metric", **_place(12 * column, 2, 12, 6), "properties": burning})
    return widgets


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "width": width, "height": height}
