"""Cloud Logging and Monitoring (OBS-1 to OBS-4)."""

import json
from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import seconds, uses
from terrace.assurance.evaluation import Observation, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import Resource, at
from terrace.capabilities.observability import EmailChannel
from terrace.capabilities.spec import Severity

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
_SEVERITIES: tuple[Severity, ...] = ("warning", "critical")


@check("OBS-1")
def log_storage(stack: Subject) -> Iterator[Observation]:
    for log_bucket in stack.all("google_logging_project_bucket_config"):
        yield uses(stack, log_bucket, log_bucket.get("cmek_settings.kms_key_name"), "kms_key_name", "logs")
    platform = stack.one("google_logging_project_bucket_config", "observability/platform-log")
    days = stack.environment.observability.retention_days  # NET-5 and AUD-1 check the retention of the others
    yield at_least(str(platform), "retention_days", platform.get("retention_days"), days)
    for name in ("platform", "trail"):
        sink = stack.one("google_logging_project_sink", f"observability/{name}-sink")
        expected = f"buckets/{stack.target.prefix}-{name}"
        ok = str(sink.get("destination")).endswith(expected) and not sink.get("disabled")
        yield Observation(str(sink), f"destination = {sink.get('destination')}", ok, expected)


def _severities(stack: Subject, alarms: list[Resource]) -> list[str]:
    """The severities whose channels these alarms notify."""
    channels = [
        str(stack.view.target(channel))
        for alarm in alarms
        if alarm.get("enabled", True)
        for channel in alarm.get("notification_channels", [])
    ]
    return [severity for severity in _SEVERITIES if f"observability/{severity}-channel" in channels]


def _alarms_on(stack: Subject, metric: str) -> list[Resource]:
    return [
        alarm
        for alarm in stack.all("google_monitoring_alert_policy")
        if any(f'"{metric}"' in str(at(one, "condition_threshold.filter", "")) for one in alarm.blocks("conditions"))
        and not alarm.path.startswith("alarms/platform-")
    ]


@check("OBS-2")
def signal_alarms(stack: Subject) -> Iterator[Observation]:
    for metric in SIGNALS:
        yield includes(f"alarms on {metric}", "severities", _severities(stack, _alarms_on(stack, metric)), _SEVERITIES)


@check("OBS-2")
def lake_denial_alarms(stack: Subject) -> Iterator[Observation]:
    metric = stack.one("google_logging_metric", "alarms/lake-denials-count")
    yield equal(str(metric), "filter includes gcs_bucket", "gcs_bucket" in str(metric.get("filter")), True)
    alarms = _alarms_on(stack, f"logging.googleapis.com/user/{metric.get('name')}")
    yield includes("alarms on lake denials", "severities", _severities(stack, alarms), _SEVERITIES)


@check("OBS-2")
def alarm_thresholds(stack: Subject) -> Iterator[Observation]:
    expected = stack.environment.observability.thresholds
    limits = (
        expected.database_cpu_percent / 100,
        stack.environment.database.max_storage_gb * 2**30,
        expected.database_connections,
        expected.cache_memory_percent / 100,
        expected.cache_evictions,
        expected.node_cpu_percent / 100,
        expected.node_memory_percent / 100,
        0,
    )
    for metric, limit in zip(SIGNALS, limits, strict=True):
        for alarm in _alarms_on(stack, metric):
            for condition in alarm.blocks("conditions"):
                value = at(condition, "condition_threshold.threshold_value")
                yield at_most(str(alarm), "threshold_value", value, limit)


@check("OBS-3")
def notification_channels(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.observability
    addresses: dict[str, str] = {}
    for channel in stack.all("google_monitoring_notification_channel"):
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
    yield empty(str(board), "signals not shown", [metric for metric in SIGNALS if metric not in text])
    objective = f"{stack.environment.observability.slo_percent:g} %"
    yield equal(str(board), f"shows the {objective} objective", objective in text, True)


@check("OBS-4")
def slo_burn_rate_alarms(stack: Subject) -> Iterator[Observation]:
    objective = stack.view.only("google_monitoring_slo")
    expected = round(stack.environment.observability.slo_percent / 100, 6)
    yield equal(str(objective), "goal", objective.get("goal"), expected)
    for speed in ("fast", "slow"):
        alarm = stack.one("google_monitoring_alert_policy", f"alarms/objective-{speed}")
        filter_text = str(at(alarm.get("conditions"), "condition_threshold.filter", ""))
        yield equal(str(alarm), "filter reads the burn rate", "select_slo_burn_rate" in filter_text, True)
        yield at_least(str(alarm), "notified channels", len(_severities(stack, [alarm])), 1)
