"""Secrets."""

import base64

import pytest

from tests.emulator.gcp.conftest import REGION, Google
from tests.emulator.gcp.refusals.wrong import Wrong, accepted, ids, refused, with_topic
from tests.emulator.gcp.test_round_trips import AT


def _secret(google: Google) -> None:
    google.make(f"secretmanager/v1/{AT}/secrets?secretId=login", SECRET)


SECRET = {"replication": {"userManaged": {"replicas": [{"location": REGION}]}}}
ROTATED = {
    "topics": [{"name": f"{AT}/topics/events"}],
    "rotation": {"rotationPeriod": "604800s", "nextRotationTime": "2099-01-01T00:00:00Z"},
}
SECRETS = f"secretmanager/v1/{AT}/secrets?secretId="


WRONG = (
    Wrong("no-topic", f"{SECRETS}login", SECRET | ROTATED, {"topics": None}, "at least one topic", needs=with_topic),
    Wrong(
        "rotated-each-minute",
        f"{SECRETS}login",
        SECRET | ROTATED,
        {"rotation": {"rotationPeriod": "60s"}},
        "3600s",
        needs=with_topic,
    ),
    Wrong(
        "rotated-yesterday",
        f"{SECRETS}login",
        SECRET | ROTATED,
        {"rotation": {"nextRotationTime": "2020-01-01T00:00:00Z"}},
        "in the future",
        needs=with_topic,
    ),
    Wrong(
        "same-place-twice",
        f"{SECRETS}login",
        SECRET,
        {"replication": {"userManaged": {"replicas": [{"location": REGION}] * 2}}},
        "another location",
    ),
    Wrong(
        "empty-secret",
        f"secretmanager/v1/{AT}/secrets/login:addVersion",
        {"payload": {"data": base64.b64encode(b"x").decode()}},
        {"payload": {"data": ""}},
        "0 bytes",
        needs=_secret,
    ),
    Wrong("secret-id", f"{SECRETS}the.login", SECRET, {}, "Secret ID", broken=True),
    Wrong(
        "first-rotation",
        f"{SECRETS}login",
        SECRET | ROTATED,
        {"rotation": {"nextRotationTime": None}},
        "next_rotation_time",
        needs=with_topic,
    ),
    Wrong(
        "moved-secret",
        f"secretmanager/v1/{AT}/secrets/login?updateMask=replication",
        SECRET,
        {"replication": {"userManaged": {"replicas": [{"location": "europe-west9"}]}}},
        "cannot be changed",
        400,
        _secret,
        "PATCH",
    ),
)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_a_fault_is_refused_with_its_reason(google: Google, wrong: Wrong) -> None:
    refused(google, wrong)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_without_the_fault_it_is_accepted(google: Google, wrong: Wrong) -> None:
    accepted(google, wrong)
