"""Keys and their use."""

import pytest

from tests.emulator.gcp.conftest import LOCATION, NUMBER, Google
from tests.emulator.gcp.refusals.invalid_request import (
    BUCKET,
    BUCKETS,
    KEY,
    InvalidRequest,
    assert_accepted,
    assert_refused,
    kms,
    request_id,
    with_ring,
)

INVALID_REQUESTS = (
    InvalidRequest("rotation-too-frequent", kms("lake"), KEY, {"rotationPeriod": "3600s"}, "24 hours", setup=with_ring),
    InvalidRequest(
        "no-first-rotation", kms("lake"), KEY, {"nextRotationTime": None}, "nextRotationTime", setup=with_ring
    ),
    InvalidRequest(
        "destroy-delay-too-short", kms("lake"), KEY, {"destroyScheduledDuration": "3600s"}, "120 days", setup=with_ring
    ),
    InvalidRequest(
        "algorithm",
        kms("lake"),
        KEY,
        {"versionTemplate": {"algorithm": "EC_SIGN_P256_SHA256"}},
        "not for the purpose",
        setup=with_ring,
    ),
    InvalidRequest(
        "key-without-grant",
        BUCKETS,
        BUCKET,
        {"encryption": {"defaultKmsKeyName": f"{LOCATION}/keyRings/ring/cryptoKeys/key"}},
        "Permission denied on Cloud KMS key",
        403,
        lambda google: google.key(),
    ),
    InvalidRequest(
        "key-id", f"cloudkms/v1/{LOCATION}/keyRings?keyRingId=a.ring", {}, {}, "Invalid id", invalid_url=True
    ),
    InvalidRequest(
        "rotation-of-signing-key",
        kms("lake"),
        KEY,
        {"purpose": "ASYMMETRIC_SIGN", "versionTemplate": {"algorithm": "EC_SIGN_P256_SHA256"}},
        "only for keys",
        setup=with_ring,
    ),
    InvalidRequest(
        "destroy-delay-changed",
        f"cloudkms/v1/{LOCATION}/keyRings/ring/cryptoKeys/key?updateMask=destroyScheduledDuration",
        {"destroyScheduledDuration": "2592000s"},
        {"destroyScheduledDuration": "864000s"},
        "cannot be changed",
        400,
        lambda google: google.key(),
        "PATCH",
    ),
)


@pytest.mark.parametrize("invalid", INVALID_REQUESTS, ids=request_id)
def test_an_invalid_request_is_refused(google: Google, invalid: InvalidRequest) -> None:
    assert_refused(google, invalid)


@pytest.mark.parametrize("invalid", INVALID_REQUESTS, ids=request_id)
def test_the_valid_request_is_accepted(google: Google, invalid: InvalidRequest) -> None:
    assert_accepted(google, invalid)


def test_a_key_needs_a_granted_agent_and_the_resources_location(google: Google) -> None:
    agent = f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com"
    encrypted = BUCKET | {"encryption": {"defaultKmsKeyName": google.key(agent, "europe-west9")}}
    assert "must be in europe-west3" in google.call("POST", BUCKETS, encrypted)[1]["error"]["message"]
    encrypted = BUCKET | {"encryption": {"defaultKmsKeyName": google.key(agent)}}
    google.send(f"cloudkms/v1/{google.key()}/cryptoKeyVersions/1:destroy", {})
    assert "not enabled" in google.call("POST", BUCKETS, encrypted)[1]["error"]["message"]
    google.send(f"cloudkms/v1/{google.key()}/cryptoKeyVersions/1:restore", {})
    assert "not enabled" in google.call("POST", BUCKETS, encrypted)[1]["error"]["message"]
