"""Checks of Cloud Logging and Monitoring (OBS-1 to OBS-5)."""

import json
from collections.abc import Iterator
from typing import Any, get_args

from terrace.assurance.checks.gcp import lookup
from terrace.assurance.evaluation import Observation, asked, at_least, at_most, check, empty, equal, includes
from terrace.calls import Absent
from terrace.capabilities.audit import AuditHandle
from terrace.capabilities.observability import EmailChannel, LogGroup
from terrace.capabilities.spec import Severity
from terrace.environment.schema import Environment
from terrace.gcp import names
from terrace.gcp.records import events
from terrace.live.gcp import keys, logs
from terrace.live.gcp.checks import Deployment, named, seconds

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
"""The metrics that every deployment needs alarms on, besides refusals by the lake."""
_ON_DATABASE = ("database-failover", "database-deleted", "database-grown")
_STATES: tuple[tuple[str, Severity], ...] = (("failed", "warning"), ("failed", "critical"), ("maintenance", "warning"))
_SEVERITIES: tuple[Severity, ...] = ("warning", "critical")


def alarms(deployment: Deployment) -> list[dict[str, Any]]:
    """The deployment's enabled alert policies."""
    found = deployment.pages("monitoring", "projects.alertPolicies.list", "alertPolicies", name=deployment.project)
    return [
        alarm
        for alarm in found
        if str(alarm.get("displayName")).startswith(f"{deployment.prefix}-") and alarm.get("enabled", True)
    ]


def channels(deployment: Deployment) -> dict[str, str]:
    """Each enabled channel: its name and its recipient (address, URL or topic)."""
    found = deployment.pages(
        "monitoring", "projects.notificationChannels.list", "notificationChannels", name=deployment.project
    )
    return {
        str(one["name"]): str(
            next((one["labels"][k] for k in ("email_address", "url", "topic") if k in one["labels"]), "")
        )
        for one in found
        if one.get("enabled", True)
    }


def _reached(deployment: Deployment, watching: list[dict[str, Any]]) -> list[str]:
    """The severities whose topics these alarms notify."""
    known = channels(deployment)
    notified = {known.get(str(channel), "") for alarm in watching for channel in alarm.get("notificationChannels", [])}
    return [word for word in _SEVERITIES if names.topic(deployment.target, word) in notified]


def _thresholds(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    return [one["conditionThreshold"] for one in alarm.get("conditions", []) if "conditionThreshold" in one]


def _on(deployment: Deployment, metric: str) -> list[dict[str, Any]]:
    """The alarms on one metric only."""
    return [
        alarm
        for alarm in alarms(deployment)
        if len(alarm.get("conditions", [])) == 1
        and any(f'"{metric}"' in str(one.get("filter")) for one in _thresholds(alarm))
    ]


def on_records(deployment: Deployment, *kinds: str) -> Iterator[Observation]:
    """The alarms on a single record of the logs, for these of `lookup.RECORDS`."""
    known = events(AuditHandle(trail=names.log_group(deployment.target, "trail")), deployment.target, database=True)
    for kind in kinds:
        for severity in lookup.RECORDS[kind][0]:
            alarm = _notifying(deployment, f"{kind}-{severity}")
            filters = [one.get("conditionMatchedLog", {}).get("filter") for one in alarm.get("conditions", [])]
            yield equal(str(alarm["displayName"]), "filters", filters, [known[kind].filter])
            yield lookup.words(str(alarm["displayName"]), filters, kind)
            yield includes(str(alarm["displayName"]), "severities", _reached(deployment, [alarm]), [severity])


def on_metric(
    deployment: Deployment, name: str, severity: Severity, *selected: str, most: float = 0
) -> Iterator[Observation]:
    """The alarm on a metric above `most`; `selected` are parts of its filter."""
    alarm = _notifying(deployment, f"{name}-{severity}")
    conditions = [
        (all(part in str(one.get("filter")) for part in selected), one.get("thresholdValue", 0))
        for one in _thresholds(alarm)
    ]
    yield equal(str(alarm["displayName"]), "conditions", conditions, [(True, most)])
    yield includes(str(alarm["displayName"]), "severities", _reached(deployment, [alarm]), [severity])


def _notifying(deployment: Deployment, name: str) -> dict[str, Any]:
    """The enabled alarm of a name. Raises Absent."""
    expected = f"{deployment.prefix}-{name}"
    found = [alarm for alarm in alarms(deployment) if alarm["displayName"] == expected]
    if not found:
        raise Absent(f"enabled alarm {expected}")
    return found[0]


def signals(environment: Environment) -> tuple[str, ...]:
    """The metrics of what the environment does not leave out, and of the foundation's own network and cluster."""
    published = {"cache": "memorystore.", "database": "cloudsql.", "network": "router.", "cluster": "kubernetes."}
    missing = (*environment.left_out, *environment.existing.kinds)
    without = tuple(published[name] for name in missing if name in published)
    return tuple(metric for metric in SIGNALS if not metric.startswith(without))


@check("OBS-1")
def kept_and_encrypted(deployment: Deployment) -> Iterator[Observation]:
    groups: dict[str, LogGroup] = {names.log_group_id(deployment.target, name): name for name in get_args(LogGroup)}
    for bucket, name in groups.items():
        key = logs.group(deployment, name).get("cmekSettings", {}).get("kmsKeyName")
        kind = "monitoring" if names.log_bucket(name) == "platform" else ""
        yield keys.sealed(deployment, f"log bucket {named(bucket)}", "kmsKeyName", key, "logs", kind)
    # NET-5 and AUD-1 check the retention of the other buckets
    yield logs.kept(deployment, "postgresql", deployment.environment.observability.retention_days)
    yield from logs.filled(deployment, "postgresql")


@check("OBS-2")
def signals_alarm(deployment: Deployment) -> Iterator[Observation]:
    spec, thresholds = deployment.environment, deployment.environment.observability.thresholds
    limits = (
        thresholds.database_cpu_percent / 100,
        (spec.database.max_storage_gb if spec.database else 0) * 2**30,
        thresholds.database_connections,
        thresholds.cache_memory_percent / 100,
        thresholds.cache_evictions,
        thresholds.node_cpu_percent / 100,
        thresholds.node_memory_percent / 100,
        0,
    )
    for metric, most in zip(SIGNALS, limits, strict=True):
        if metric not in signals(deployment.environment):
            continue
        watching = _on(deployment, metric)
        yield includes(f"alarms on {metric}", "severities", _reached(deployment, watching), _SEVERITIES)
        for alarm in watching:
            for condition in _thresholds(alarm):
                yield at_most(str(alarm["displayName"]), "thresholdValue", condition.get("thresholdValue", 0), most)
    found = deployment.pages("logging", "projects.metrics.list", "metrics", parent=deployment.project)
    counted = [
        str(metric["name"])
        for metric in found
        if str(metric["name"]).startswith(f"{deployment.prefix}/") and "gcs_bucket" in str(metric.get("filter"))
    ]
    yield at_least("metrics of bucket denials", "number", len(counted), 1)
    refusals = [alarm for name in counted for alarm in _on(deployment, f"logging.googleapis.com/user/{name}")]
    yield includes("alarms on lake denials", "severities", _reached(deployment, refusals), _SEVERITIES)


@check("OBS-3")
def people_hear(deployment: Deployment) -> Iterator[Observation]:
    spec, known = deployment.environment.observability, channels(deployment)
    chosen = {"warning": spec.escalation.warning, "critical": spec.escalation.critical}
    for severity, ways in chosen.items():
        expected = [
            way.address if isinstance(way, EmailChannel) else way.url for way in (spec.channels[name] for name in ways)
        ]
        ours = [one for one in alarms(deployment) if one.get("severity") == severity.upper()]
        yield at_least(f"{severity} alarms", "number", len(ours), 1)
        for alarm in ours:
            recipients = [known.get(str(channel), "") for channel in alarm.get("notificationChannels", [])]
            yield includes(str(alarm["displayName"]), "recipients", recipients, expected)
    minutes = spec.escalation.critical_after_minutes
    for alarm in alarms(deployment):
        if alarm.get("severity") == "CRITICAL":
            for condition in _thresholds(alarm):
                if lasted := seconds(condition.get("duration")):
                    yield at_most(str(alarm["displayName"]), "minutes until critical", lasted / 60, minutes)
    for word in _SEVERITIES:
        topic = deployment.call("pubsub", "projects.topics.get", topic=names.topic(deployment.target, word))
        key = topic.get("kmsKeyName")
        yield keys.used(deployment, f"topic {named(topic['name'])}", "kmsKeyName", key, "events")


@check("OBS-4")
def dashboard(deployment: Deployment) -> Iterator[Observation]:
    boards = deployment.pages("monitoring/v1", "projects.dashboards.list", "dashboards", parent=deployment.project)
    ours = [board for board in boards if board.get("displayName") == deployment.prefix]
    if not ours:
        raise Absent(f"dashboard {deployment.prefix}")
    resource, text = f"dashboard {deployment.prefix}", json.dumps(ours[0])
    yield empty(
        resource, "signals not shown", [metric for metric in signals(deployment.environment) if metric not in text]
    )
    if deployment.environment.network.entry is None:
        return  # the objective is the entry's
    percent = deployment.environment.observability.slo_percent
    yield equal(resource, f"shows the {percent:g} % objective", f"{percent:g} %" in text, True)
    name = f"{deployment.project}/services/{deployment.prefix}/serviceLevelObjectives/availability"
    objective = deployment.call("monitoring", "services.serviceLevelObjectives.get", name=name)
    yield equal(f"objective of {deployment.prefix}", "goal", objective.get("goal"), round(percent / 100, 6))
    burning = [
        alarm
        for alarm in alarms(deployment)
        if any("select_slo_burn_rate" in str(one.get("filter")) for one in _thresholds(alarm))
    ]
    yield includes("alarms on the error budget", "severities", _reached(deployment, burning), _SEVERITIES)


@check("OBS-5")
def database_events(deployment: Deployment) -> Iterator[Observation]:
    asked(deployment.environment.database, "database")
    yield from on_records(deployment, *_ON_DATABASE)
    server = f'starts_with("{names.account(deployment.target)}:{deployment.prefix}")'
    for state, severity in _STATES:
        selected = ("database/instance_state", f'state="{state.upper()}"', server)
        yield from on_metric(deployment, f"database-{state}", severity, *selected)
