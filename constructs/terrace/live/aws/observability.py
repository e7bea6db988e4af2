"""Checks of CloudWatch and SNS (OBS-1 to OBS-5)."""

import json
from collections.abc import Iterator
from typing import Any, get_args

from terrace.assurance.evaluation import Observation, asked, at_least, check, empty, equal, includes
from terrace.aws import names
from terrace.capabilities.observability import EmailChannel, LogGroup
from terrace.environment.schema import Environment
from terrace.live.aws import keys, logs
from terrace.live.aws.checks import Deployment

_ELSEWHERE: tuple[LogGroup, ...] = ("flow", "cluster", "trail")  # their retention: NET-5, K8S-3 and AUD-1

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
"""The metrics that every deployment needs alarms on, besides refusals by the lake and the budget."""

_DATABASE_EVENTS = ("availability", "deletion", "failover", "failure", "low storage", "maintenance", "recovery")


def _alarms(deployment: Deployment) -> list[dict[str, Any]]:
    return deployment.pages(
        "cloudwatch",
        "describe_alarms",
        "MetricAlarms",
        AlarmNamePrefix=f"{deployment.prefix}-",
        AlarmTypes=["MetricAlarm"],
    )


def _notified(deployment: Deployment, alarms: list[dict[str, Any]]) -> list[str]:
    """The severities whose topics these alarms notify."""
    topics = {names.topic_arn(deployment.target, severity): severity for severity in ("warning", "critical")}
    armed = [alarm for alarm in alarms if alarm.get("ActionsEnabled")]
    return [topics[action] for alarm in armed for action in alarm.get("AlarmActions", []) if action in topics]


def _gateways(deployment: Deployment) -> int:
    network = deployment.environment.network
    return network.zones if network.egress.nat == "per_zone" else 1


def signals(environment: Environment) -> tuple[tuple[str, str], ...]:
    """The metrics of what the environment does not leave out, and of the foundation's own network and cluster."""
    published = {"cache": "AWS/ElastiCache", "database": "AWS/RDS"}
    published |= {"network": "AWS/NATGateway", "cluster": "ContainerInsights"}
    without = {published[name] for name in (*environment.left_out, *environment.existing.kinds) if name in published}
    return tuple(metric for metric in SIGNALS if metric[0] not in without)


@check("OBS-1")
def kept_and_encrypted(deployment: Deployment) -> Iterator[Observation]:
    for name in get_args(LogGroup):
        if name == "cluster" and deployment.target.existing.cluster:
            continue  # its owner's
        found = logs.group(deployment, name)
        yield keys.used(deployment, found["logGroupName"], "kmsKeyId", found.get("kmsKeyId"), "logs")
        if name not in _ELSEWHERE:
            yield logs.kept(deployment, name, deployment.environment.observability.retention_days)


@check("OBS-2")
def signals_alarm(deployment: Deployment) -> Iterator[Observation]:
    alarms = _alarms(deployment)
    cache = deployment.environment.cache
    counts = {"AWS/ElastiCache": cache.replicas + 1 if cache else 0, "AWS/NATGateway": _gateways(deployment)}
    for namespace, metric in signals(deployment.environment):
        by_place: dict[str, list[dict[str, Any]]] = {}
        for alarm in alarms:
            if (alarm.get("Namespace"), alarm.get("MetricName")) == (namespace, metric):
                by_place.setdefault(json.dumps(alarm.get("Dimensions", [])), []).append(alarm)
        resource = f"alarms on {namespace} {metric}"
        yield at_least(resource, "monitored resources", len(by_place), counts.get(namespace, 1))
        for watching in by_place.values():
            yield includes(resource, "severities", _notified(deployment, watching), ["warning", "critical"])
    group = names.log_group(deployment.target, "trail")
    filters = deployment.pages("logs", "describe_metric_filters", "metricFilters", logGroupName=group)
    refusals = {
        (transformation["metricNamespace"], transformation["metricName"])
        for entry in filters
        if "s3.amazonaws.com" in entry.get("filterPattern", "") and "AccessDenied" in entry["filterPattern"]
        for transformation in entry["metricTransformations"]
    }
    on_refusals = [alarm for alarm in alarms if (alarm.get("Namespace"), alarm.get("MetricName")) in refusals]
    yield includes("alarms on lake denials", "severities", _notified(deployment, on_refusals), ["warning", "critical"])


@check("OBS-3")
def people_hear(deployment: Deployment) -> Iterator[Observation]:
    spec = deployment.environment.observability
    for severity, channels in (("warning", spec.escalation.warning), ("critical", spec.escalation.critical)):
        topic = names.topic_arn(deployment.target, severity)
        found = deployment.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic)
        subscribed = {entry["Endpoint"]: entry["SubscriptionArn"] for entry in found}
        expected = [
            channel.address if isinstance(channel, EmailChannel) else channel.url
            for channel in (spec.channels[name] for name in channels)
        ]
        resource = f"topic {deployment.prefix}-{severity}"
        yield includes(resource, "subscribers", subscribed, expected)
        unconfirmed = [endpoint for endpoint in expected if not subscribed.get(endpoint, "arn:").startswith("arn:")]
        yield empty(resource, "unconfirmed subscribers", unconfirmed)


@check("OBS-4")
def dashboard(deployment: Deployment) -> Iterator[Observation]:
    resource = f"dashboard {deployment.prefix}"
    body = json.loads(deployment.call("cloudwatch", "get_dashboard", DashboardName=deployment.prefix)["DashboardBody"])
    text = json.dumps(body)
    yield at_least(resource, "widgets", len(body.get("widgets", [])), 1)
    # a graph names its metrics, or an alarm on them
    drawn = {alarm.get("MetricName") for alarm in _alarms(deployment) if alarm["AlarmArn"] in text}
    absent = [
        f"{namespace} {metric}"
        for namespace, metric in signals(deployment.environment)
        if metric not in drawn and f'"{metric}"' not in text
    ]
    yield empty(resource, "signals not shown", absent)
    if deployment.environment.network.entry:
        objective = f"{deployment.environment.observability.slo_percent:g} %"
        yield equal(resource, f"shows the {objective} objective", objective in text, True)


@check("OBS-5")
def database_events(deployment: Deployment) -> Iterator[Observation]:
    asked(deployment.environment.database, "database")
    resource = f"event subscription {deployment.prefix}"
    (found,) = deployment.call("rds", "describe_event_subscriptions", SubscriptionName=deployment.prefix)[
        "EventSubscriptionsList"
    ]
    yield equal(resource, "Enabled", found.get("Enabled"), True)
    topics = [names.topic_arn(deployment.target, severity) for severity in ("warning", "critical")]
    topic = found.get("SnsTopicArn")
    yield Observation(resource, f"SnsTopicArn = {topic}", topic in topics, "a topic of the environment")
    yield includes(resource, "sources", found.get("SourceIdsList", []), [deployment.prefix])
    yield includes(resource, "EventCategoriesList", found.get("EventCategoriesList", []), _DATABASE_EVENTS)
