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
"""What every deployment watches, in Monitoring's words; refusals by the lake come apart, the budget is COST-1's."""
_SEVERITIES: tuple[Severity, ...] = ("warning", "critical")


@check("OBS-1")
def kept_and_encrypted(stack: Subject) -> Iterator[Observation]:
    for kept in stack.all("google_logging_project_bucket_config"):
        yield uses(stack, kept, kept.get("cmek_settings.kms_key_name"), "kms_key_name", "logs")
    platform = stack.one("google_logging_project_bucket_config", "observability/platform-log")
    days = stack.environment.observability.retention_days  # NET-5 and AUD-1 say how long the others are kept
    yield at_least(str(platform), "retention_days", platform.get("retention_days"), days)
    for name in ("platform", "trail"):
        sink = stack.one("google_logging_project_sink", f"observability/{name}-sink")
        wanted = f"buckets/{stack.target.prefix}-{name}"
        good = str(sink.get("destination")).endswith(wanted) and not sink.get("disabled")
        yield Observation(str(sink), f"destination = {sink.get('destination')}", good, wanted)


def _reached(stack: Subject, alarms: list[Resource]) -> list[str]:
    """The severities whose channels these alarms reach."""
    found = [
        str(stack.view.target(channel))
        for alarm in alarms
        if alarm.get("enabled", True)
        for channel in alarm.get("notification_channels", [])
    ]
    return [word for word in _SEVERITIES if f"observability/{word}-channel" in found]


def _on(stack: Subject, metric: str) -> list[Resource]:
    return [
        alarm
        for alarm in stack.all("google_monitoring_alert_policy")
        if any(f'"{metric}"' in str(at(one, "condition_threshold.filter", "")) for one in alarm.blocks("conditions"))
        and not alarm.path.startswith("alarms/platform-")
    ]


@check("OBS-2")
def signals_alarm(stack: Subject) -> Iterator[Observation]:
    for metric in SIGNALS:
        yield includes(f"alarms on {metric}", "severities", _reached(stack, _on(stack, metric)), _SEVERITIES)
    counted = stack.one("google_logging_metric", "alarms/lake-denials-count")
    yield equal(str(counted), "counts refusals by buckets", "gcs_bucket" in str(counted.get("filter")), True)
    refusals = _on(stack, f"logging.googleapis.com/user/{counted.get('name')}")
    yield includes("alarms on refusals by the lake", "severities", _reached(stack, refusals), _SEVERITIES)


@check("OBS-2")
def thresholds(stack: Subject) -> Iterator[Observation]:
    wanted = stack.environment.observability.thresholds
    limits = (
        wanted.database_cpu_percent / 100,
        stack.environment.database.max_storage_gb * 2**30,
        wanted.database_connections,
        wanted.cache_memory_percent / 100,
        wanted.cache_evictions,
        wanted.node_cpu_percent / 100,
        wanted.node_memory_percent / 100,
        0,
    )
    for metric, most in zip(SIGNALS, limits, strict=True):
        for alarm in _on(stack, metric):
            for condition in alarm.blocks("conditions"):
                value = at(condition, "condition_threshold.threshold_value")
                yield at_most(str(alarm), "threshold_value", value, most)


@check("OBS-3")
def people_hear(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.observability
    addresses: dict[str, str] = {}
    for channel in stack.all("google_monitoring_notification_channel"):
        if channel.get("enabled", True):
            labels = channel.get("labels", {})
            addresses[str(channel)] = str(labels.get("email_address") or labels.get("url") or labels.get("topic"))
    chosen = {"warning": spec.escalation.warning, "critical": spec.escalation.critical}
    for severity, channels in chosen.items():
        ways = [spec.channels[name] for name in channels]
        wanted = [one.address if isinstance(one, EmailChannel) else one.url for one in ways]
        for alarm in stack.all("google_monitoring_alert_policy"):
            if alarm.path.endswith(f"-{severity}"):
                told = [
                    addresses.get(str(stack.view.target(one)), "") for one in alarm.get("notification_channels", [])
                ]
                yield includes(str(alarm), "who hears", told, wanted)
    for severity in _SEVERITIES:
        topic = stack.one("google_pubsub_topic", f"observability/{severity}")
        yield uses(stack, topic, topic.get("kms_key_name"), "kms_key_name", "events")


@check("OBS-3")
def escalates(stack: Subject) -> Iterator[Observation]:
    minutes = stack.environment.observability.escalation.critical_after_minutes
    for alarm in stack.all("google_monitoring_alert_policy"):
        if alarm.path.endswith("-critical"):
            for condition in alarm.blocks("conditions"):
                if lasted := seconds(at(condition, "condition_threshold.duration")):
                    yield at_most(str(alarm), "minutes until it is critical", lasted / 60, minutes)


@check("OBS-4")
def dashboard(stack: Subject) -> Iterator[Observation]:
    board = stack.view.only("google_monitoring_dashboard")
    text = json.dumps(board.get("dashboard_json"), default=str)
    yield empty(str(board), "signals that it does not show", [metric for metric in SIGNALS if metric not in text])
    objective = f"{stack.environment.observability.slo_percent:g} %"
    yield equal(str(board), f"shows the objective of {objective}", objective in text, True)


@check("OBS-4")
def objective_burns(stack: Subject) -> Iterator[Observation]:
    objective = stack.view.only("google_monitoring_slo")
    wanted = round(stack.environment.observability.slo_percent / 100, 6)
    yield equal(str(objective), "goal", objective.get("goal"), wanted)
    for word in ("fast", "slow"):
        alarm = stack.one("google_monitoring_alert_policy", f"alarms/objective-{word}")
        asked = str(at(alarm.get("conditions"), "condition_threshold.filter", ""))
        yield equal(str(alarm), "asks for the burn rate", "select_slo_burn_rate" in asked, True)
        yield at_least(str(alarm), "channels told", len(_reached(stack, [alarm])), 1)
