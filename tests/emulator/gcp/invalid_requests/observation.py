"""Logs, alerts, messages, jobs."""

from tests.emulator.gcp.conftest import LOCATION, PROJECT, Google
from tests.emulator.gcp.invalid_requests.invalid_request import (
    DAY,
    InvalidRequest,
    with_locked_log_bucket,
)
from tests.emulator.gcp.round_trip import PROJECT_NAME, nothing, with_topic

MONITORING = f"monitoring/v3/projects/{PROJECT}"


def _service(google: Google) -> None:
    google.send(f"{MONITORING}/services?serviceId=platform", {"custom": {}})


ALERT = {
    "displayName": "down",
    "combiner": "OR",
    "conditions": [{"displayName": "down", "conditionAbsent": {"filter": "x", "duration": "120s"}}],
}
SUBSCRIPTION = {"topic": f"{PROJECT_NAME}/topics/events", "ackDeadlineSeconds": 20}
JOB = {"name": f"{LOCATION}/jobs/sleep", "schedule": "0 20 * * 1-5", "httpTarget": {"uri": "https://example.com"}}
SINK = {"name": "archive", "destination": f"pubsub.googleapis.com/{PROJECT_NAME}/topics/events"}


MATCHED = {
    "displayName": "seen",
    "combiner": "OR",
    "conditions": [{"displayName": "seen", "conditionMatchedLog": {"filter": "severity=ERROR"}}],
    "alertStrategy": {"notificationRateLimit": {"period": "300s"}},
}
INVALID_REQUESTS = (
    InvalidRequest(
        "log-retention-4000-days",
        f"logging/v2/{LOCATION}/buckets?bucketId=trail",
        {"retentionDays": 400},
        {"retentionDays": 4000},
        "3650",
    ),
    InvalidRequest(
        "locked-log-bucket-changed",
        f"logging/v2/{LOCATION}/buckets/trail?updateMask=retentionDays",
        {"retentionDays": 400},
        {"retentionDays": 30},
        "locked bucket",
        400,
        with_locked_log_bucket,
        "PATCH",
    ),
    InvalidRequest(
        "sink-to-missing-storage-bucket",
        f"logging/v2/{PROJECT_NAME}/sinks",
        SINK,
        {"destination": f"storage.googleapis.com/{PROJECT}-ghost"},
        "does not exist",
        404,
        with_topic,
    ),
    InvalidRequest(
        "channel-kind",
        f"{MONITORING}/notificationChannels",
        {"type": "email", "labels": {"email_address": "a@b.example"}},
        {"type": "pager"},
        "not supported",
    ),
    InvalidRequest(
        "channel-setting",
        f"{MONITORING}/notificationChannels",
        {"type": "email", "labels": {"email_address": "a@b.example"}},
        {"labels": {"email_address": None}},
        "required",
    ),
    InvalidRequest(
        "seven-conditions", f"{MONITORING}/alertPolicies", ALERT, {"conditions": ALERT["conditions"] * 7}, "1 to 6"
    ),
    InvalidRequest(
        "alert-duration",
        f"{MONITORING}/alertPolicies",
        ALERT,
        {"conditions": [{"displayName": "x", "conditionAbsent": {"duration": "90s"}}]},
        "multiple of 60",
    ),
    InvalidRequest(
        "auto-close-too-short",
        f"{MONITORING}/alertPolicies",
        ALERT,
        {"alertStrategy": {"autoClose": "60s"}},
        "autoClose",
    ),
    InvalidRequest(
        "slo-goal",
        f"{MONITORING}/services/platform/serviceLevelObjectives",
        {"goal": 0.99, "rollingPeriod": f"{7 * DAY}s"},
        {"goal": 1},
        "0.9999",
        setup=_service,
    ),
    InvalidRequest(
        "slo-period",
        f"{MONITORING}/services/platform/serviceLevelObjectives",
        {"goal": 0.99, "rollingPeriod": f"{7 * DAY}s"},
        {"rollingPeriod": f"{90 * DAY}s"},
        "1 to 30",
        setup=_service,
    ),
    InvalidRequest(
        "ack-deadline-too-long",
        f"pubsub/v1/{PROJECT_NAME}/subscriptions/work",
        SUBSCRIPTION,
        {"ackDeadlineSeconds": 900},
        "10 to 600",
        400,
        with_topic,
        "PUT",
    ),
    InvalidRequest(
        "expiry-before-retention",
        f"pubsub/v1/{PROJECT_NAME}/subscriptions/work",
        SUBSCRIPTION,
        {"expirationPolicy": {"ttl": f"{2 * DAY}s"}},
        "ttl",
        400,
        with_topic,
        "PUT",
    ),
    InvalidRequest(
        "schedule-with-six-fields",
        f"cloudscheduler/v1/{LOCATION}/jobs",
        JOB,
        {"schedule": "0 0 20 * * 1-5"},
        "Schedule",
    ),
    InvalidRequest(
        "two-targets",
        f"cloudscheduler/v1/{LOCATION}/jobs",
        JOB,
        {"pubsubTarget": {"topicName": "x"}},
        "exactly one target",
    ),
    InvalidRequest(
        "log-bucket-id",
        f"logging/v2/{LOCATION}/buckets?bucketId=the%20trail",
        {},
        {},
        "Invalid bucket id",
        invalid_url=True,
    ),
    InvalidRequest(
        "unknown-sink-destination",
        f"logging/v2/{PROJECT_NAME}/sinks",
        SINK,
        {"destination": "redis.googleapis.com/x"},
        "Invalid sink destination",
        setup=with_topic,
    ),
    InvalidRequest(
        "sink-to-missing-log-bucket",
        f"logging/v2/{PROJECT_NAME}/sinks",
        SINK,
        {"destination": f"logging.googleapis.com/{LOCATION}/buckets/ghost"},
        "does not exist",
        404,
        with_topic,
    ),
    InvalidRequest(
        "invalid-email",
        f"{MONITORING}/notificationChannels",
        {"type": "email", "labels": {"email_address": "a@b.example"}},
        {"labels": {"email_address": "platform"}},
        "Invalid email",
    ),
    InvalidRequest(
        "no-notification-rate-limit",
        f"{MONITORING}/alertPolicies",
        MATCHED,
        {"alertStrategy": None},
        "notificationRateLimit",
    ),
    InvalidRequest(
        "reserved-topic-name",
        f"pubsub/v1/{PROJECT_NAME}/topics/goog-events",
        {},
        {},
        "Invalid resource name",
        400,
        nothing,
        "PUT",
        invalid_url=True,
    ),
    InvalidRequest(
        "message-retention-too-short",
        f"pubsub/v1/{PROJECT_NAME}/subscriptions/work",
        SUBSCRIPTION,
        {"messageRetentionDuration": "60s"},
        "10 minutes",
        400,
        with_topic,
        "PUT",
    ),
    InvalidRequest(
        "too-few-delivery-attempts",
        f"pubsub/v1/{PROJECT_NAME}/subscriptions/work",
        SUBSCRIPTION,
        {"deadLetterPolicy": {"deadLetterTopic": f"{PROJECT_NAME}/topics/events", "maxDeliveryAttempts": 3}},
        "5 to 100",
        400,
        with_topic,
        "PUT",
    ),
)
