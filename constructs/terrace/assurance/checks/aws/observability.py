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

_ELSEWHERE: tuple[LogGroup, ...] = ("flow", "cluster", "trail")  # NET-5, K8S-3 and AUD-1 say how long these are kept
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
"""What every deployment watches, in CloudWatch's words; refusals by the lake come apart, the budget is COST-1's."""


@check("OBS-1")
def kept_and_encrypted(stack: Subject) -> Iterator[Observation]:
    elsewhere = set()
    for name in get_args(LogGroup):
        found = lookup.group(stack, name)
        elsewhere.add(found)
        yield lookup.uses(stack, found, found.get("kms_key_id"), "kms_key_id", "logs")
        if name not in _ELSEWHERE:
            yield lookup.kept(stack, name, stack.environment.observability.retention_days)
    for found in stack.all("aws_cloudwatch_log_group"):
        if found not in elsewhere:  # of a capability's own, such as a replica's
            yield lookup.uses(stack, found, found.get("kms_key_id"), "kms_key_id", "logs")
            least = stack.environment.observability.retention_days
            yield at_least(str(found), "retention_in_days", found.get("retention_in_days"), least)


@check("OBS-2")
def signals_alarm(stack: Subject) -> Iterator[Observation]:
    network = stack.environment.network
    apart = {
        "AWS/ElastiCache": stack.environment.cache.replicas + 1,
        "AWS/NATGateway": network.zones if network.egress.nat == "per_zone" else 1,
    }
    for namespace, metric in SIGNALS:
        by_place: dict[str, list[Resource]] = {}
        for alarm in stack.all("aws_cloudwatch_metric_alarm"):
            if (alarm.get("namespace"), alarm.get("metric_name")) == (namespace, metric):
                place = str(sorted((key, str(value)) for key, value in alarm.get("dimensions", {}).items()))
                by_place.setdefault(place, []).append(alarm)
        resource = f"alarms on {namespace} {metric}"
        yield at_least(resource, "resources watched", len(by_place), apart.get(namespace, 1))
        for watching in by_place.values():
            yield includes(resource, "severities", _reached(stack, watching), _SEVERITIES)


@check("OBS-2")
def refusals_alarm(stack: Subject) -> Iterator[Observation]:
    group = names.log_group(stack.target, "trail")
    refusals = {
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
        if (alarm.get("namespace"), alarm.get("metric_name")) in refusals
    ]
    yield includes("alarms on refusals by the lake", "severities", _reached(stack, alarms), _SEVERITIES)


@check("OBS-2")
def thresholds(stack: Subject) -> Iterator[Observation]:
    wanted = stack.environment.observability.thresholds
    for metric, most in (
        ("CPUUtilization", wanted.database_cpu_percent),
        ("DatabaseConnections", wanted.database_connections),
        ("DatabaseMemoryUsagePercentage", wanted.cache_memory_percent),
        ("Evictions", wanted.cache_evictions),
        ("node_cpu_utilization", wanted.node_cpu_percent),
        ("node_memory_utilization", wanted.node_memory_percent),
        ("LakeDenials", wanted.lake_denials),
    ):
        for alarm in stack.all("aws_cloudwatch_metric_alarm"):
            if alarm.get("metric_name") == metric:
                yield at_most(str(alarm), "threshold", alarm.get("threshold"), most)


def _reached(stack: Subject, alarms: list[Resource]) -> list[str]:
    """The severities whose topics these alarms reach."""
    topics = {names.topic_arn(stack.target, severity): severity for severity in _SEVERITIES}
    armed = [alarm for alarm in alarms if alarm.get("actions_enabled", True)]
    return [topics[action] for alarm in armed for action in alarm.get("alarm_actions", []) if action in topics]


@check("OBS-3")
def people_hear(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.observability
    for severity, channels in (("warning", spec.escalation.warning), ("critical", spec.escalation.critical)):
        topic = stack.one("aws_sns_topic", f"observability/{severity}")
        yield lookup.uses(stack, topic, topic.get("kms_master_key_id"), "kms_master_key_id", "events")
        subscribed = stack.view.pointing("aws_sns_topic_subscription", "topic_arn", topic)
        told = [str(one.get("endpoint")) for one in subscribed]
        yield includes(str(topic), "subscribers", told, [_address(spec.channels[name]) for name in channels])


@check("OBS-3")
def escalates(stack: Subject) -> Iterator[Observation]:
    minutes = stack.environment.observability.escalation.critical_after_minutes
    critical = names.topic_arn(stack.target, "critical")
    for alarm in stack.all("aws_cloudwatch_metric_alarm"):
        if critical in alarm.get("alarm_actions", []) and alarm.get("metric_name"):
            lasted = alarm.get("period", 0) * alarm.get("evaluation_periods", 0) // 60
            yield at_most(str(alarm), "minutes until it is critical", lasted, minutes)


def _address(channel: EmailChannel | WebhookChannel) -> str:
    return channel.address if isinstance(channel, EmailChannel) else channel.url


@check("OBS-4")
def dashboard(stack: Subject) -> Iterator[Observation]:
    board = stack.view.only("aws_cloudwatch_dashboard")
    widgets = board.blocks("dashboard_body.widgets")
    text = json.dumps(board.get("dashboard_body"), default=str)
    yield at_least(str(board), "widgets", len(widgets), 1)
    absent = [f"{namespace} {metric}" for namespace, metric in SIGNALS if f'"{metric}"' not in text]
    yield empty(str(board), "signals that it does not show", absent)
    objective = f"{stack.environment.observability.slo_percent:g} %"
    yield equal(str(board), f"shows the objective of {objective}", objective in text, True)


@check("OBS-4")
def objective_burns(stack: Subject) -> Iterator[Observation]:
    for word in ("fast", "slow"):
        alarm = stack.one("aws_cloudwatch_metric_alarm", f"alarms/objective-{word}")
        yield at_least(str(alarm), "metrics of requests and failures", len(alarm.blocks("metric_query")), 2)
        yield at_least(str(alarm), "topics told", len(_reached(stack, [alarm])), 1)
        threshold = alarm.get("threshold")
        yield at_least(str(alarm), "threshold", threshold, 0)
