"""CloudWatch and SNS (OBS-1 to OBS-5)."""

import json
from collections.abc import Iterator
from typing import NamedTuple, get_args

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.evaluation import Observation, asked, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import Reference, Resource
from terrace.aws import names
from terrace.capabilities.observability import EmailChannel, LogGroup, WebhookChannel
from terrace.capabilities.signals import BURNS
from terrace.capabilities.spec import Severity
from terrace.environment.schema import Environment

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
"""The metrics that every deployment has alarms on. Counts of the trail's records have their own
check, the budget is COST-1."""

_DATABASE_EVENTS = ("availability", "deletion", "failover", "failure", "low storage", "maintenance", "recovery")
"""Source: Amazon RDS User Guide, "Amazon RDS event categories and event messages"."""
_ABOVE, _BELOW = "GreaterThanThreshold", "LessThanThreshold"


def signals(environment: Environment) -> tuple[tuple[str, str], ...]:
    """The metrics of what the environment does not leave out, and of the foundation's own network and cluster."""
    published = {"cache": "AWS/ElastiCache", "database": "AWS/RDS"}
    published |= {"network": "AWS/NATGateway", "cluster": "ContainerInsights"}
    without = {published[name] for name in (*environment.left_out, *environment.existing.kinds) if name in published}
    return tuple(metric for metric in SIGNALS if metric[0] not in without)


@check("OBS-1")
def log_storage(stack: Subject) -> Iterator[Observation]:
    known_groups = set()
    for name in get_args(LogGroup):
        if name == "cluster" and stack.target.existing.cluster:
            continue  # its owner's
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
        "AWS/ElastiCache": stack.environment.cache.replicas + 1 if stack.environment.cache else 0,
        "AWS/NATGateway": network.zones if network.egress.nat == "per_zone" else 1,
    }
    for namespace, metric in signals(stack.environment):
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
def event_counts(stack: Subject) -> Iterator[Observation]:
    """The filters that count records of the trail, each with an alarm of every severity."""
    group = names.log_group(stack.target, "trail")
    filters = {
        str(change.get("name")): (entry, change)
        for entry in stack.all("aws_cloudwatch_log_metric_filter")
        for change in entry.blocks("metric_transformation")
    }
    yield includes("trail", "counted events", filters, _patterns())
    for metric, pattern in _patterns().items():
        if metric not in filters:
            continue
        entry, change = filters[metric]
        yield equal(str(entry), "log_group_name", entry.get("log_group_name"), group)
        yield equal(str(entry), "pattern", entry.get("pattern"), pattern)
        yield equal(str(entry), "value", str(change.get("value")), "1")
        yield from lookup.unnarrowed(entry, "metric_transformation.dimensions")
        alarms = [
            alarm
            for alarm in stack.all("aws_cloudwatch_metric_alarm")
            if (alarm.get("namespace"), alarm.get("metric_name")) == (change.get("namespace"), metric)
        ]
        yield includes(f"alarms on {metric}", "severities", _severities(stack, alarms), _SEVERITIES)


@check("OBS-2")
def alarm_thresholds(stack: Subject) -> Iterator[Observation]:
    """Alarms compare in the right direction, at the environment's threshold, on the environment's resources."""
    expected = _signals(stack)
    for alarm in stack.all("aws_cloudwatch_metric_alarm"):
        signal = expected.get((str(alarm.get("namespace")), str(alarm.get("metric_name"))))
        if signal is None:
            continue
        above = signal.comparison == "GreaterThanThreshold"
        threshold = alarm.get("threshold")
        yield equal(str(alarm), "comparison_operator", alarm.get("comparison_operator"), signal.comparison)
        limit = at_most if above else at_least
        yield limit(str(alarm), "threshold", threshold, signal.threshold)
        yield equal(str(alarm), "statistic", alarm.get("statistic"), signal.statistic)
        yield equal(str(alarm), "actions_enabled", alarm.get("actions_enabled", True), True)
        periods = alarm.get("evaluation_periods", 0)
        yield at_most(str(alarm), "datapoints_to_alarm", alarm.get("datapoints_to_alarm", periods), periods)
        targets = [stack.view.target(one) or one for one in alarm.get("dimensions", {}).values()]
        dimensions = {str(one) for one in targets if not isinstance(one, Reference)}  # else its resource is missing
        outside = sorted(one for one in dimensions if signal.watches and one not in signal.watches)
        yield empty(str(alarm), "watches something else", outside)


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
        addresses = [_address(spec.channels[name]) for name in channels]
        yield includes(str(topic), "subscriptions", endpoints, addresses)
        for one in subscriptions:
            declared = one.get("endpoint") in addresses
            yield Observation(str(one), f"endpoint = {one.get('endpoint')}", declared, "a channel of the environment")
            yield from lookup.unnarrowed(one, "filter_policy")


@check("OBS-5")
def database_events(stack: Subject) -> Iterator[Observation]:
    asked(stack.environment.database, "database")
    instances = [str(one) for one in stack.all("aws_db_instance")]
    events = stack.one("aws_db_event_subscription", "database/events")
    yield equal(str(events), "enabled", events.get("enabled", True), True)
    topics = [names.topic_arn(stack.target, severity) for severity in _SEVERITIES]
    topic = events.get("sns_topic")
    yield Observation(str(events), f"sns_topic = {topic}", topic in topics, "a topic of the environment")
    yield equal(str(events), "source_type", events.get("source_type"), "db-instance")
    sources = [str(stack.view.target(one) or one) for one in events.get("source_ids", [])]
    yield includes(str(events), "source_ids", sources, instances)
    yield includes(str(events), "event_categories", events.get("event_categories", []), _DATABASE_EVENTS)


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
    missing = [f"{namespace} {metric}" for namespace, metric in signals(stack.environment) if f'"{metric}"' not in text]
    yield empty(str(board), "signals not shown", missing)
    if stack.environment.network.entry:
        objective = f"{stack.environment.observability.slo_percent:g} %"
        yield equal(str(board), f"shows the {objective} objective", objective in text, True)


@check("OBS-4")
def slo_burn_rate_alarms(stack: Subject) -> Iterator[Observation]:
    asked(stack.environment.network.entry, "entry")  # the objective is the entry's
    for speed in ("fast", "slow"):
        alarm = stack.one("aws_cloudwatch_metric_alarm", f"alarms/objective-{speed}")
        yield at_least(str(alarm), "metric queries", len(alarm.blocks("metric_query")), 2)
        yield at_least(str(alarm), "notified topics", len(_severities(stack, [alarm])), 1)
        yield equal(str(alarm), "threshold", alarm.get("threshold"), BURNS[speed].rate)
        yield equal(str(alarm), "comparison_operator", alarm.get("comparison_operator"), "GreaterThanThreshold")


class _Expected(NamedTuple):
    """How an alarm compares a metric. `watches` are the values of its dimensions, none: any."""

    statistic: str
    comparison: str
    threshold: float
    watches: tuple[str, ...] = ()


def _signals(stack: Subject) -> dict[tuple[str, str], _Expected]:
    """How each alarm compares its metric, by namespace and metric, from the environment alone (OBS-2)."""
    spec, limits = stack.environment, stack.environment.observability.thresholds
    storage_gb = spec.database.storage_gb if spec.database else 0
    spare_bytes = storage_gb * 1024**3 * limits.database_free_storage_percent // 100
    prefix = stack.target.prefix
    server = (prefix,)
    replicas = spec.cache.replicas if spec.cache else 0
    nodes = tuple(f"{prefix}-{number:03}" for number in range(1, replicas + 2))
    cluster = tuple(str(one) for one in stack.all("aws_eks_cluster", or_none=not stack.environment.makes_cluster))
    gateways = tuple(str(one) for one in stack.all("aws_nat_gateway", or_none=bool(stack.target.existing.network)))
    counted = {"LakeDenials": limits.lake_denials}
    own = names.metric_namespace(stack.target)
    return {
        ("AWS/RDS", "CPUUtilization"): _Expected("Average", _ABOVE, limits.database_cpu_percent, server),
        ("AWS/RDS", "FreeStorageSpace"): _Expected("Minimum", _BELOW, spare_bytes, server),
        ("AWS/RDS", "DatabaseConnections"): _Expected("Maximum", _ABOVE, limits.database_connections, server),
        ("AWS/ElastiCache", "DatabaseMemoryUsagePercentage"): _Expected(
            "Maximum", _ABOVE, limits.cache_memory_percent, nodes
        ),
        ("AWS/ElastiCache", "Evictions"): _Expected("Sum", _ABOVE, limits.cache_evictions, nodes),
        ("ContainerInsights", "node_cpu_utilization"): _Expected("Average", _ABOVE, limits.node_cpu_percent, cluster),
        ("ContainerInsights", "node_memory_utilization"): _Expected(
            "Average", _ABOVE, limits.node_memory_percent, cluster
        ),
        ("ContainerInsights", "cluster_failed_node_count"): _Expected("Maximum", _ABOVE, 0, cluster),
        ("AWS/NATGateway", "ErrorPortAllocation"): _Expected("Sum", _ABOVE, 0, gateways),
        **{(own, metric): _Expected("Sum", _ABOVE, limit) for metric, limit in counted.items()},
    }


def _patterns() -> dict[str, str]:
    """The filter patterns of counted records, by metric; those of changes are AUD-6's."""
    return {"LakeDenials": '{ ($.eventSource = "s3.amazonaws.com") && ($.errorCode = "AccessDenied") }'}
