"""Refusals of Logging, Monitoring, Pub/Sub and Cloud Scheduler."""

import re
from collections.abc import Iterator

from terrace.emulator.gcp.call import Call, Refused
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses, refuses_delete

DAY = 86400
SETTINGS = {
    "email": "email_address",
    "pagerduty": "service_key",
    "pubsub": "topic",
    "slack": "channel_name",
    "sms": "number",
    "webhook_basicauth": "url",
    "webhook_tokenauth": "url",
}
"""Type of channel -> its required setting. Source: Monitoring API, notificationChannelDescriptors.list."""


def seconds(text: str | None, default: float = 0) -> float:
    """`86400s` -> 86400.0"""
    return float(text.removesuffix("s")) if text else default


@refuses("logging", "buckets")
def log_bucket(bucket: Json, call: Call) -> Iterator[str]:
    """Source: Cloud Logging documentation, "Configure log buckets": 1 to 3650 days; a locked one cannot change."""
    days = int(bucket.get("retentionDays") or 30)
    if not 1 <= days <= 3650:
        yield f"Retention days must be between 1 and 3650, not {days}."
    current = call.store.get(call.key) or {}
    if current.get("locked") and (days != int(current.get("retentionDays", 30)) or not bucket.get("locked")):
        yield "A locked bucket cannot be unlocked, nor its retention be changed."


@refuses("logging", "buckets")
def log_bucket_name(bucket: Json, call: Call) -> Iterator[str]:
    """Source: Cloud Logging API, buckets.create, bucketId: at most 100 letters, digits, _ . and -."""
    id = str(bucket.get("name", "")).rpartition("/")[2]
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", id):
        yield f"Invalid bucket id '{id}'."


@refuses_delete("logging", "buckets")
def locked_log_bucket(bucket: Json, call: Call) -> Iterator[Refused]:
    """Source: Cloud Logging documentation, "Lock a log bucket": a locked one with logs in it cannot be deleted."""
    if bucket.get("locked") and bucket.get("lifecycleState") == "ACTIVE":
        yield Refused(400, "FAILED_PRECONDITION", "The bucket is locked and cannot be deleted.")


@refuses("logging", "sinks")
def destination(sink: Json, call: Call) -> Iterator[str | Refused]:
    """Source: Cloud Logging documentation, "Route logs": one of four kinds, which exists."""
    match = re.fullmatch(r"(\w+)\.googleapis\.com/(.+)", str(sink.get("destination", "")))
    if not match or match[1] not in ("storage", "bigquery", "pubsub", "logging"):
        yield f"Invalid sink destination '{sink.get('destination')}'."
    elif match[1] == "storage" and f"storage/b/{match[2]}" not in call.store:
        yield Refused(404, "NOT_FOUND", f"The destination bucket '{match[2]}' does not exist.")
    elif match[1] in ("pubsub", "logging") and f"projects/{call.cloud.project}/" in match[2]:
        is_built_in = match[2].rpartition("/")[2] in ("_Default", "_Required")
        if not is_built_in and f"{match[1]}/{match[2]}" not in call.store:
            yield Refused(404, "NOT_FOUND", f"The destination '{match[2]}' does not exist.")


@refuses("monitoring", "notificationChannels")
def channel(resource: Json, call: Call) -> Iterator[str]:
    """Source: Monitoring API, notificationChannelDescriptors."""
    kind, labels = str(resource.get("type", "")), {**resource.get("labels", {}), **resource.get("sensitiveLabels", {})}
    if kind not in SETTINGS:
        yield f"The channel type '{kind}' is not supported."
    elif not labels.get(SETTINGS[kind]):
        yield f"Field 'labels[\"{SETTINGS[kind]}\"]' is required for the channel type '{kind}'."
    if kind == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", str(labels.get("email_address", ""))):
        yield f"Invalid email address '{labels.get('email_address')}'."


@refuses("monitoring", "alertPolicies")
def alert(policy: Json, call: Call) -> Iterator[str]:
    """Source: Monitoring API, AlertPolicy: 1 to 6 conditions; durations in minutes; auto-close after 30 min."""
    conditions = policy.get("conditions", ())
    if not 1 <= len(conditions) <= 6:
        yield f"An alert policy must have 1 to 6 conditions, not {len(conditions)}."
    for condition in conditions:
        for field in ("conditionThreshold", "conditionAbsent", "conditionPrometheusQueryLanguage"):
            duration = seconds((condition.get(field) or {}).get("duration"))
            if duration % 60:
                yield f"Field {field}.duration must be a multiple of 60 seconds."
    strategy = policy.get("alertStrategy") or {}
    if not 1800 <= seconds(strategy.get("autoClose"), 1800) <= 7 * DAY:
        yield "alertStrategy.autoClose must be between 30 minutes and 7 days."
    if any("conditionMatchedLog" in each for each in conditions) and not strategy.get("notificationRateLimit"):
        yield "A log-based alert policy must have alertStrategy.notificationRateLimit."


@refuses("monitoring", "serviceLevelObjectives")
def objective(resource: Json, call: Call) -> Iterator[str]:
    """Source: Monitoring API, ServiceLevelObjective: above 0, at most 0.9999, over 1 to 30 whole days."""
    if not 0 < float(resource.get("goal", 0)) <= 0.9999:
        yield f"The goal must be greater than 0 and at most 0.9999, not {resource.get('goal')}."
    period = seconds(resource.get("rollingPeriod"), DAY)
    if period % DAY or not DAY <= period <= 30 * DAY:
        yield "The rolling period must be 1 to 30 whole days."


@refuses("pubsub", "topics", "subscriptions")
def pubsub_name(resource: Json, call: Call) -> Iterator[str]:
    """Source: Pub/Sub documentation, "Naming guidelines": 3 to 255 characters, not with the prefix goog."""
    name = str(resource.get("name", "")).rpartition("/")[2]
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9._~%+-]{2,254}", name) or name.startswith("goog"):
        yield f"Invalid resource name '{name}'."


@refuses("pubsub", "subscriptions")
def subscription(resource: Json, call: Call) -> Iterator[str]:
    """Source: Pub/Sub API, Subscription: 10 to 600 s to acknowledge, 10 min to 31 d retention, later expiry."""
    if not 10 <= int(resource.get("ackDeadlineSeconds") or 10) <= 600:
        yield f"ackDeadlineSeconds must be 10 to 600, not {resource['ackDeadlineSeconds']}."
    retention = seconds(resource.get("messageRetentionDuration"), 7 * DAY)
    if not 600 <= retention <= 31 * DAY:
        yield "messageRetentionDuration must be 10 minutes to 31 days."
    ttl = (resource.get("expirationPolicy") or {}).get("ttl")
    if ttl and (seconds(ttl) < DAY or seconds(ttl) < retention):
        yield "expirationPolicy.ttl must be at least a day and not less than messageRetentionDuration."
    attempts = (resource.get("deadLetterPolicy") or {}).get("maxDeliveryAttempts")
    if attempts and not 5 <= int(attempts) <= 100:
        yield f"maxDeliveryAttempts must be 5 to 100, not {attempts}."


@refuses("cloudscheduler", "jobs")
def job(resource: Json, call: Call) -> Iterator[str]:
    """Source: Cloud Scheduler documentation, "Cron job format and time zone"; one target."""
    if len(str(resource.get("schedule", "")).split()) != 5 and not str(resource.get("schedule", "")).startswith(
        "every "
    ):
        yield f"Schedule or time zone is invalid: '{resource.get('schedule')}'"
    targets = [each for each in ("pubsubTarget", "appEngineHttpTarget", "httpTarget") if resource.get(each)]
    if len(targets) != 1:
        yield f"A job must have exactly one target, not {len(targets)}."
