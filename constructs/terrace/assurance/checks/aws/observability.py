"""CloudWatch and SNS (OBS-1 to OBS-4)."""

import json
from collections.abc import Iterator
from typing import get_args

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.evaluation import Observation, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import Resource
from terrace.aws import names
from terrace.capabilities.observability import EmailChannel, LogGroup, WebhookChannel
from terrace.capabilities.spec import Severity

_OTHER_RETENTION: tuple[LogGroup, ...] = ("flow", "cluster", "trail")  # checked by NET-5, K8S-3 and AUD-1
_SEVERITIES: tuple[Severity, ...] = ("warning", "critical")

SIGNALS: tuple[tuple[str, str], ...] = (
    ("AWS/RDS", "CPUUtilization"),
    ("AWS/RDS", "FreeStorageSpace"),
    ("AWS/RDS", "DatabaseConnections"),
    ("AWS/ElastiCache", "DatabaseMemoryUsagePercentage"),
    ("AWS/ElastiCache", "Evictions"),
    ("ContainerInsights", "node_cpu_utilization"),
    ("ContainerInsights", "node_memory_utilization"),
    ("AWS/NATGateway", "ErrorPortAllocation"),
)
"""The metrics that every deployment has alarms on. Lake denials have their own check, the budget is COST-1."""


@check("OBS-1")
def log_storage(stack: Subject) -> Iterator[Observation]:
    known_groups = set()
    for name in get_args(LogGroup):
        log_group = lookup.group(stack, name)
        known_groups.add(log_group)
        yield lookup.uses(stack, log_group, log_group.get("kms_key_id"), "kms_key_id", "logs")
        if name not in _OTHER_RETENTION:
            yield lookup.retained(stack, name, stack.environment.observability.retention_days)
    for log_group in stack.all("aws_cloudwatch_log_group"):
        if log_group not in known_groups:  # a log group of one capability, such as a replica's
            yield lookup.uses(stack, log_group, log_group.get("kms_key_id"), "kms_key_id", "logs")
            retention_days = stack.environment.observability.retention_days
            yield at_least(str(log_group), "retention_in_days", log_group.get("retention_in_days"), retention_days)


@check("OBS-2")
def signal_alarms(stack: Subject) -> Iterator[Observation]:
    network = stack.environment.network
    min_resources = {
        "AWS/ElastiCache": stack.environment.cache.replicas + 1,
        "AWS/NATGateway": network.zones if network.egress.nat == "per_zone" else 1,
    }
    for namespace, metric in SIGNALS:
        by_dimensions: dict[str, list[Resource]] = {}
        for alarm in stack.all("aws_cloudwatch_metric_alarm"):
            if (alarm.get("namespace"), alarm.get("metric_name")) == (namespace, metric):
                dimensions = str(sorted((key, str(value)) for key, value in alarm.get("dimensions", {}).items()))
                by_dimensions.setdefault(dimensions, []).append(alarm)
        resource = f"alarms on {namespace} {metric}"
        yield at_least(resource, "resources with an alarm", len(by_dimensions), min_resources.get(namespace, 1))
        for alarms in by_dimensions.values():
            yield includes(resource, "severities", _severities(stack, alarms), _SEVERITIES)


@check("OBS-2")
def lake_denial_alarms(stack: Subject) -> Iterator[Observation]:
    group = names.log_group(stack.target, "trail")
    denial_metrics = {
        (change.get("namespace"), change.get("name"))
        for entry in stack.all("aws_cloudwatch_log_metric_filter")
        if entry.get("log_group_name") == group
        and "s3.amazonaws.com" in str(entry.get("pattern"))
        and "AccessDenied" in str(entry.get("pattern"))
        for change in entry.blocks("metric_transformation")
    }
    alarms = [
        alarm
        for alarm in stack.all("aws_cloudwatch_metric_alarm")
        if (alarm.get("namespace"), alarm.get("metric_name")) in denial_metrics
    ]
    yield includes("alarms on lake denials", "severities", _severities(stack, alarms), _SEVERITIES)


@check("OBS-2")
def alarm_thresholds(stack: Subject) -> Iterator[Observation]:
    expected = stack.environment.observability.thresholds
    for metric, limit in (
        ("CPUUtilization", expected.database_cpu_percent),
        ("DatabaseConnections", expected.database_connections),
        ("DatabaseMemoryUsagePercentage", expected.cache_memory_percent),
        ("Evictions", expected.cache_evictions),
        ("node_cpu_utilization", expected.node_cpu_percent),
        ("node_memory_utilization", expected.node_memory_percent),
        ("LakeDenials", expected.lake_denials),
    ):
        for alarm in stack.all("aws_cloudwatch_metric_alarm"):
            if alarm.get("metric_name") == metric:
                yield at_most(str(alarm), "threshold", alarm.get("threshold"), limit)


def _severities(stack: Subject, alarms: list[Resource]) -> list[str]:
    """The severities whose topics these alarms notify."""
    topics = {names.topic_arn(stack.target, severity): severity for severity in _SEVERITIES}
    active_alarms = [alarm for alarm in alarms if alarm.get("actions_enabled", True)]
    return [topics[action] for alarm in active_alarms for action in alarm.get("alarm_actions", []) if action in topics]


@check("OBS-3")
def notification_channels(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.observability
    for severity, channels in (("warning", spec.escalation.warning), ("critical", spec.escalation.critical)):
        topic = stack.one("aws_sns_topic", f"observability/{severity}")
        yield lookup.uses(stack, topic, topic.get("kms_master_key_id"), "kms_master_key_id", "events")
        subscriptions = stack.view.pointing("aws_sns_topic_subscription", "topic_arn", topic)
        endpoints = [str(one.get("endpoint")) for one in subscriptions]
        yield includes(str(topic), "subscriptions", endpoints, [_address(spec.channels[name]) for name in channels])


@check("OBS-3")
def critical_escalation(stack: Subject) -> Iterator[Observation]:
    minutes = stack.environment.observability.escalation.critical_after_minutes
    critical = names.topic_arn(stack.target, "critical")
    for alarm in stack.all("aws_cloudwatch_metric_alarm"):
        if critical in alarm.get("alarm_actions", []) and alarm.get("metric_name"):
            minutes_to_critical = alarm.get("period", 0) * alarm.get("evaluation_periods", 0) // 60
            yield at_most(str(alarm), "minutes until critical", minutes_to_critical, minutes)


def _address(channel: EmailChannel | WebhookChannel) -> str:
    return channel.address if isinstance(channel, EmailChannel) else channel.url


@check("OBS-4")
def dashboard(stack: Subject) -> Iterator[Observation]:
    board = stack.view.only("aws_cloudwatch_dashboard")
    widgets = board.blocks("dashboard_body.widgets")
    text = json.dumps(board.get("dashboard_body"), default=str)
    yield at_least(str(board), "widgets", len(widgets), 1)
    missing = [f"{namespace} {metric}" for namespace, metric in SIGNALS if f'"{metric}"' not in text]
    yield empty(str(board), "signals not shown", missing)
    objective = f"{stack.environment.observability.slo_percent:g} %"
    yield equal(str(board), f"shows the {objective} objective", objective in text, True)


@check("OBS-4")
def slo_burn_rate_alarms(stack: Subject) -> Iterator[Observation]:
    for speed in ("fast", "slow"):
        alarm = stack.one("aws_cloudwatch_metric_alarm", f"alarms/objective-{speed}")
        yield at_least(str(alarm), "metric queries", len(alarm.blocks("metric_query")), 2)
        yield at_least(str(alarm), "notified topics", len(_severities(stack, [alarm])), 1)
        threshold = alarm.get("threshold")
        yield at_least(str(alarm), "threshold", threshold, 0)
