"""Logs, alerts, messages, jobs."""

import pytest

from tests.emulator.gcp.conftest import PLACE, PROJECT, Google
from tests.emulator.gcp.refusals.wrong import DAY, Wrong, accepted, ids, refused, with_locked_log_bucket, with_topic
from tests.emulator.gcp.test_round_trips import AT, nothing

MONITORING = f"monitoring/v3/projects/{PROJECT}"


def _service(google: Google) -> None:
    google.make(f"{MONITORING}/services?serviceId=platform", {"custom": {}})


ALERT = {
    "displayName": "down",
    "combiner": "OR",
    "conditions": [{"displayName": "down", "conditionAbsent": {"filter": "x", "duration": "120s"}}],
}
SUBSCRIPTION = {"topic": f"{AT}/topics/events", "ackDeadlineSeconds": 20}
JOB = {"name": f"{PLACE}/jobs/sleep", "schedule": "0 20 * * 1-5", "httpTarget": {"uri": "https://example.com"}}
SINK = {"name": "archive", "destination": f"pubsub.googleapis.com/{AT}/topics/events"}


MATCHED = {
    "displayName": "seen",
    "combiner": "OR",
    "conditions": [{"displayName": "seen", "conditionMatchedLog": {"filter": "severity=ERROR"}}],
    "alertStrategy": {"notificationRateLimit": {"period": "300s"}},
}
WRONG = (
    Wrong(
        "logs-4000-days",
        f"logging/v2/{PLACE}/buckets?bucketId=trail",
        {"retentionDays": 400},
        {"retentionDays": 4000},
        "3650",
    ),
    Wrong(
        "unlocked-logs",
        f"logging/v2/{PLACE}/buckets/trail?updateMask=retentionDays",
        {"retentionDays": 400},
        {"retentionDays": 30},
        "locked bucket",
        400,
        with_locked_log_bucket,
        "PATCH",
    ),
    Wrong(
        "sink-to-nowhere",
        f"logging/v2/{AT}/sinks",
        SINK,
        {"destination": f"storage.googleapis.com/{PROJECT}-ghost"},
        "does not exist",
        404,
        with_topic,
    ),
    Wrong(
        "channel-kind",
        f"{MONITORING}/notificationChannels",
        {"type": "email", "labels": {"email_address": "a@b.example"}},
        {"type": "pager"},
        "not supported",
    ),
    Wrong(
        "channel-setting",
        f"{MONITORING}/notificationChannels",
        {"type": "email", "labels": {"email_address": "a@b.example"}},
        {"labels": {"email_address": None}},
        "required",
    ),
    Wrong("seven-conditions", f"{MONITORING}/alertPolicies", ALERT, {"conditions": ALERT["conditions"] * 7}, "1 to 6"),
    Wrong(
        "ninety-seconds",
        f"{MONITORING}/alertPolicies",
        ALERT,
        {"conditions": [{"displayName": "x", "conditionAbsent": {"duration": "90s"}}]},
        "multiple of 60",
    ),
    Wrong("closed-at-once", f"{MONITORING}/alertPolicies", ALERT, {"alertStrategy": {"autoClose": "60s"}}, "autoClose"),
    Wrong(
        "perfect",
        f"{MONITORING}/services/platform/serviceLevelObjectives",
        {"goal": 0.99, "rollingPeriod": f"{7 * DAY}s"},
        {"goal": 1},
        "0.9999",
        needs=_service,
    ),
    Wrong(
        "a-quarter",
        f"{MONITORING}/services/platform/serviceLevelObjectives",
        {"goal": 0.99, "rollingPeriod": f"{7 * DAY}s"},
        {"rollingPeriod": f"{90 * DAY}s"},
        "1 to 30",
        needs=_service,
    ),
    Wrong(
        "slow-acknowledgement",
        f"pubsub/v1/{AT}/subscriptions/work",
        SUBSCRIPTION,
        {"ackDeadlineSeconds": 900},
        "10 to 600",
        400,
        with_topic,
        "PUT",
    ),
    Wrong(
        "expires-first",
        f"pubsub/v1/{AT}/subscriptions/work",
        SUBSCRIPTION,
        {"expirationPolicy": {"ttl": f"{2 * DAY}s"}},
        "ttl",
        400,
        with_topic,
        "PUT",
    ),
    Wrong("six-fields", f"cloudscheduler/v1/{PLACE}/jobs", JOB, {"schedule": "0 0 20 * * 1-5"}, "Schedule"),
    Wrong(
        "two-targets",
        f"cloudscheduler/v1/{PLACE}/jobs",
        JOB,
        {"pubsubTarget": {"topicName": "x"}},
        "exactly one target",
    ),
    Wrong(
        "log-bucket-id", f"logging/v2/{PLACE}/buckets?bucketId=the%20trail", {}, {}, "Invalid bucket id", broken=True
    ),
    Wrong(
        "strange-sink",
        f"logging/v2/{AT}/sinks",
        SINK,
        {"destination": "redis.googleapis.com/x"},
        "Invalid sink destination",
        needs=with_topic,
    ),
    Wrong(
        "sink-to-missing-bucket",
        f"logging/v2/{AT}/sinks",
        SINK,
        {"destination": f"logging.googleapis.com/{PLACE}/buckets/ghost"},
        "does not exist",
        404,
        with_topic,
    ),
    Wrong(
        "no-address-of-mail",
        f"{MONITORING}/notificationChannels",
        {"type": "email", "labels": {"email_address": "a@b.example"}},
        {"labels": {"email_address": "platform"}},
        "Invalid email",
    ),
    Wrong("unlimited-logs", f"{MONITORING}/alertPolicies", MATCHED, {"alertStrategy": None}, "notificationRateLimit"),
    Wrong(
        "topic-of-google",
        f"pubsub/v1/{AT}/topics/goog-events",
        {},
        {},
        "Invalid resource name",
        400,
        nothing,
        "PUT",
        broken=True,
    ),
    Wrong(
        "kept-a-minute",
        f"pubsub/v1/{AT}/subscriptions/work",
        SUBSCRIPTION,
        {"messageRetentionDuration": "60s"},
        "10 minutes",
        400,
        with_topic,
        "PUT",
    ),
    Wrong(
        "three-attempts",
        f"pubsub/v1/{AT}/subscriptions/work",
        SUBSCRIPTION,
        {"deadLetterPolicy": {"deadLetterTopic": f"{AT}/topics/events", "maxDeliveryAttempts": 3}},
        "5 to 100",
        400,
        with_topic,
        "PUT",
    ),
)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_a_fault_is_refused_with_its_reason(google: Google, wrong: Wrong) -> None:
    refused(google, wrong)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_without_the_fault_it_is_accepted(google: Google, wrong: Wrong) -> None:
    accepted(google, wrong)
