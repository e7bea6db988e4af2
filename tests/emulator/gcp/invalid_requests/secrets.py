"""Secrets."""

import base64

from tests.emulator.gcp.conftest import REGION, Google
from tests.emulator.gcp.invalid_requests.invalid_request import (
    InvalidRequest,
)
from tests.emulator.gcp.round_trip import PROJECT_NAME, with_topic


def _secret(google: Google) -> None:
    google.send(f"secretmanager/v1/{PROJECT_NAME}/secrets?secretId=login", SECRET)


SECRET = {"replication": {"userManaged": {"replicas": [{"location": REGION}]}}}
ROTATED = {
    "topics": [{"name": f"{PROJECT_NAME}/topics/events"}],
    "rotation": {"rotationPeriod": "604800s", "nextRotationTime": "2099-01-01T00:00:00Z"},
}
SECRETS = f"secretmanager/v1/{PROJECT_NAME}/secrets?secretId="


INVALID_REQUESTS = (
    InvalidRequest(
        "no-topic", f"{SECRETS}login", SECRET | ROTATED, {"topics": None}, "at least one topic", setup=with_topic
    ),
    InvalidRequest(
        "secret-rotation-too-frequent",
        f"{SECRETS}login",
        SECRET | ROTATED,
        {"rotation": {"rotationPeriod": "60s"}},
        "3600s",
        setup=with_topic,
    ),
    InvalidRequest(
        "secret-rotation-in-the-past",
        f"{SECRETS}login",
        SECRET | ROTATED,
        {"rotation": {"nextRotationTime": "2020-01-01T00:00:00Z"}},
        "in the future",
        setup=with_topic,
    ),
    InvalidRequest(
        "duplicate-replica-location",
        f"{SECRETS}login",
        SECRET,
        {"replication": {"userManaged": {"replicas": [{"location": REGION}] * 2}}},
        "another location",
    ),
    InvalidRequest(
        "empty-secret",
        f"secretmanager/v1/{PROJECT_NAME}/secrets/login:addVersion",
        {"payload": {"data": base64.b64encode(b"x").decode()}},
        {"payload": {"data": ""}},
        "0 bytes",
        setup=_secret,
    ),
    InvalidRequest("secret-id", f"{SECRETS}the.login", SECRET, {}, "Secret ID", invalid_url=True),
    InvalidRequest(
        "no-next-rotation-time",
        f"{SECRETS}login",
        SECRET | ROTATED,
        {"rotation": {"nextRotationTime": None}},
        "next_rotation_time",
        setup=with_topic,
    ),
    InvalidRequest(
        "replication-changed",
        f"secretmanager/v1/{PROJECT_NAME}/secrets/login?updateMask=replication",
        SECRET,
        {"replication": {"userManaged": {"replicas": [{"location": "europe-west9"}]}}},
        "cannot be changed",
        400,
        _secret,
        "PATCH",
    ),
)
