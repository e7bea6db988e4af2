"""Cloud Logging and Monitoring (OBS-1 to OBS-5)."""

import json
from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import on_metric, on_records, seconds, severities, unset, uses
from terrace.assurance.checks.gcp.lookup import recorded as sends_all
from terrace.assurance.evaluation import Observation, asked, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import Resource, at, blocks
from terrace.capabilities.observability import EmailChannel
from terrace.capabilities.spec import Severity
from terrace.environment.schema import Environment
from terrace.gcp import names
from terrace.gcp.signals import FILTERS

SIGNALS = (
    "cloudsql.googleapis.com/database/cpu/utilization",
    "cloudsql.googleapis.com/database/disk/bytes_used",
    "cloudsql.googleapis.com/database/postgresql/num_backends",
    "memorystore.googleapis.com/instance/node/memory/utilization",
    "memorystore.googleapis.com/instance/node/stats/evicted_keys_count",
    "kubernetes.io/node/cpu/allocatable_utilization",
    "kubernetes.io/node/memory/allocatable_utilization",
    "router.googleapis.com/nat/dropped_sent_packets_count",
)
"""The metrics that every deployment has alarms on. Lake denials have their own check, the budget is COST-1."""
_ALIGNERS = ("MEAN", "MAX", "MAX", "MAX", "DELTA", "MEAN", "MEAN", "DELTA")
"""How each of them is evaluated over five minutes."""
_SEVERITIES: tuple[Severity, ...] = ("warning", "critical")
_ON_RECORDS = ("owner-made", "trail-stopped", "key-ended")
_ON_DATABASE = ("database-failover", "database-deleted", "database-grown")
_STATES: tuple[tuple[str, tuple[Severity, ...]], ...] = (("failed", _SEVERITIES), ("maintenance", ("warning",)))


def signals(environment: Environment) -> tuple[str, ...]:
    """The metrics of what the environment does not leave out, and of the foundation's own network and cluster."""
    published = {"cache": "memorystore.", "database": "cloudsql.", "network": "router.", "cluster": "kubernetes."}
    missing = (*environment.left_out, *environment.existing.kinds)
    without = tuple(published[name] for name in missing if name in published)
    return tuple(metric for metric in SIGNALS if not metric.startswith(without))


@check("OBS-1")
def log_storage(stack: Subject) -> Iterator[Observation]:
    for log_bucket in stack.all("google_logging_project_bucket_config"):
        yield uses(stack, log_bucket, log_bucket.get("cmek_settings.kms_key_name"), "kms_key_name", "logs")
    if not stack.target.existing.monitoring:
        platform = stack.one("google_logging_project_bucket_config", "observability/platform-log")
        days = stack.environment.observability.retention_days  # NET-5 and AUD-1 check the retention of the others
        yield at_least(str(platform), "retention_days", platform.get("retention_days"), days)
    buckets: tuple[names.LogBucket, ...] = ("platform", "trail")
    for name in buckets:
        sink = stack.one("google_logging_project_sink", f"observability/{name}-sink")
        expected = names.log_bucket_id(stack.target, name)
        ok = str(sink.get("destination")).endswith(expected)
        yield Observation(str(sink), f"destination = {sink.get('destination')}", ok, expected)
    yield from sends_all(stack.one("google_logging_project_sink", "observability/platform-sink"), FILTERS["platform"])


def _alarms_on(stack: Subject, metric: str) -> list[Resource]:
    return [
        alarm
        for alarm in stack.all("google_monitoring_alert_policy")
        if any(f'"{metric}"' in str(at(one, "condition_threshold.filter", "")) for one in alarm.blocks("conditions"))
        and not alarm.path.startswith("alarms/platform-")
    ]


@check("OBS-2")
def signal_alarms(stack: Subject) -> Iterator[Observation]:
    for metric in signals(stack.environment):
        yield includes(f"alarms on {metric}", "severities", severities(stack, _alarms_on(stack, metric)), _SEVERITIES)


@check("OBS-2")
def lake_denial_alarms(stack: Subject) -> Iterator[Observation]:
    metric = stack.one("google_logging_metric", "alarms/lake-denials-count")
    yield equal(
        str(metric), "filter", metric.get("filter"), 'resource.type="gcs_bucket" AND protoPayload.status.code=7'
    )
    yield from unset(metric, "disabled")
    alarms = _alarms_on(stack, f"logging.googleapis.com/user/{metric.get('name')}")
    yield includes("alarms on lake denials", "severities", severities(stack, alarms), _SEVERITIES)


@check("OBS-2")
def alarm_thresholds(stack: Subject) -> Iterator[Observation]:
    expected = stack.environment.observability.thresholds
    limits = (
        expected.database_cpu_percent / 100,
        (stack.environment.database.max_storage_gb if stack.environment.database else 0) * 2**30,
        expected.database_connections,
        expected.cache_memory_percent / 100,
        expected.cache_evictions,
        expected.node_cpu_percent / 100,
        expected.node_memory_percent / 100,
        0,
    )
    for metric, limit, aligner in zip(SIGNALS, limits, _ALIGNERS, strict=True):
        for alarm in _alarms_on(stack, metric):
            for condition in alarm.blocks("conditions"):
                value = at(condition, "condition_threshold.threshold_value")
                yield at_most(str(alarm), "threshold_value", value, limit)
                yield equal(str(alarm), "filter", at(condition, "condition_threshold.filter"), _filter(stack, metric))
                aligned = [
                    at(one, "per_series_aligner") for one in blocks(condition, "condition_threshold.aggregations")
                ]
                yield equal(str(alarm), "aligners", aligned, [f"ALIGN_{aligner}"])
    for alarm in stack.all("google_monitoring_alert_policy"):
        for condition in alarm.blocks("conditions"):
            if not at(condition, "condition_threshold"):
                continue
            yield equal(str(alarm), "comparison", at(condition, "condition_threshold.comparison"), "COMPARISON_GT")
            series = at(condition, "condition_threshold.trigger.count", 1)
            yield equal(str(alarm), "series that trigger it", series, 1)


def _filter(stack: Subject, metric: str) -> str:
    """The deployment's own resources that publish a metric, in Monitoring's syntax."""
    name, project = stack.target.prefix, names.account(stack.target)
    resource, labels = {
        "cloudsql": ("cloudsql_database", {"resource.labels.database_id": f"{project}:{name}"}),
        "memorystore": ("memorystore.googleapis.com/InstanceNode", {"resource.labels.instance_id": name}),
        "kubernetes": ("k8s_node", {"resource.labels.cluster_name": name}),
        "router": (
            "nat_gateway",
            {"resource.labels.gateway_name": name, "metric.labels.reason": "OUT_OF_RESOURCES"},
        ),
    }[metric.partition(".")[0]]
    selectors = {"metric.type": metric, "resource.type": resource, **labels}
    return " AND ".join(f'{key}="{value}"' for key, value in selectors.items())


@check("OBS-2")
def alarms_on_records(stack: Subject) -> Iterator[Observation]:
    """The alarms on the records that no other guarantee names."""
    yield from on_records(stack, *_ON_RECORDS)


@check("OBS-3")
def notification_channels(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.observability
    addresses: dict[str, str] = {}
    for channel in stack.all("google_monitoring_notification_channel"):
        yield equal(str(channel), "enabled", channel.get("enabled", True), True)
        yield _of_the_environment(stack, channel)
        if channel.get("enabled", True):
            labels = channel.get("labels", {})
            addresses[str(channel)] = str(labels.get("email_address") or labels.get("url") or labels.get("topic"))
    escalation = {"warning": spec.escalation.warning, "critical": spec.escalation.critical}
    for severity, channels in escalation.items():
        chosen_channels = [spec.channels[name] for name in channels]
        expected = [one.address if isinstance(one, EmailChannel) else one.url for one in chosen_channels]
        for alarm in stack.all("google_monitoring_alert_policy"):
            if alarm.path.endswith(f"-{severity}"):
                receivers = [
                    addresses.get(str(stack.view.target(one)), "") for one in alarm.get("notification_channels", [])
                ]
                yield includes(str(alarm), "receivers", receivers, expected)
    for severity in _SEVERITIES:
        topic = stack.one("google_pubsub_topic", f"observability/{severity}")
        yield uses(stack, topic, topic.get("kms_key_name"), "kms_key_name", "events")


def _of_the_environment(stack: Subject, channel: Resource) -> Observation:
    """Whether a channel is one of the environment's, or the topic of a severity."""
    name = channel.path.removeprefix("observability/").removeprefix("channel-")
    spec = stack.environment.observability.channels.get(name)
    if spec is None:
        severity = name.removesuffix("-channel")
        return equal(str(channel), "topic", channel.get("labels.topic"), names.topic(stack.target, severity))
    if isinstance(spec, EmailChannel):
        return equal(str(channel), "address", channel.get("labels.email_address"), spec.address)
    return equal(str(channel), "url", channel.get("labels.url"), spec.url)


@check("OBS-3")
def critical_escalation(stack: Subject) -> Iterator[Observation]:
    minutes = stack.environment.observability.escalation.critical_after_minutes
    for alarm in stack.all("google_monitoring_alert_policy"):
        if alarm.path.endswith("-critical"):
            for condition in alarm.blocks("conditions"):
                if duration := seconds(at(condition, "condition_threshold.duration")):
                    yield at_most(str(alarm), "minutes until critical", duration / 60, minutes)


@check("OBS-4")
def dashboard(stack: Subject) -> Iterator[Observation]:
    board = stack.view.only("google_monitoring_dashboard")
    text = json.dumps(board.get("dashboard_json"), default=str)
    yield empty(
        str(board), "signals not shown", [metric for metric in signals(stack.environment) if metric not in text]
    )
    if stack.environment.network.entry:
        objective = f"{stack.environment.observability.slo_percent:g} %"
        yield equal(str(board), f"shows the {objective} objective", objective in text, True)


@check("OBS-4")
def slo_burn_rate_alarms(stack: Subject) -> Iterator[Observation]:
    asked(stack.environment.network.entry, "entry")  # the objective is the entry's
    objective = stack.view.only("google_monitoring_slo")
    expected = round(stack.environment.observability.slo_percent / 100, 6)
    yield equal(str(objective), "goal", objective.get("goal"), expected)
    for speed in ("fast", "slow"):
        alarm = stack.one("google_monitoring_alert_policy", f"alarms/objective-{speed}")
        filter_text = str(at(alarm.get("conditions"), "condition_threshold.filter", ""))
        yield equal(str(alarm), "filter reads the burn rate", "select_slo_burn_rate" in filter_text, True)
        yield at_least(str(alarm), "notified channels", len(severities(stack, [alarm])), 1)


@check("OBS-5")
def database_events(stack: Subject) -> Iterator[Observation]:
    asked(stack.environment.database, "database")
    yield from on_records(stack, *_ON_DATABASE)
    server = f"{names.account(stack.target)}:{stack.target.prefix}"
    for state, levels in _STATES:
        filter = (
            'metric.type="cloudsql.googleapis.com/database/instance_state" AND resource.type="cloudsql_database"'
            f' AND resource.labels.database_id=starts_with("{server}") AND metric.labels.state="{state.upper()}"'
        )
        for severity in levels:
            yield from on_metric(stack, f"alarms/database-{state}-{severity}", severity, filter)
