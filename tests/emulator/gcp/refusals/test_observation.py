"""Logs, alerts, messages, jobs."""

import pytest

from tests.emulator.gcp.conftest import PLACE, PROJECT, Google
from tests.emulator.gcp.refusals.wrong import DAY, Wrong, accepted, ids, refused, with_locked_log_bucket, with_topic
from tests.emulator.gcp.test_round_trips import AT

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
)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_a_fault_is_refused_with_its_reason(google: Google, wrong: Wrong) -> None:
    refused(google, wrong)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_without_the_fault_it_is_accepted(google: Google, wrong: Wrong) -> None:
    accepted(google, wrong)
