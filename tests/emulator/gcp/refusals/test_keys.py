"""Keys, and their use."""

import pytest

from tests.emulator.gcp.conftest import NUMBER, PLACE, Google
from tests.emulator.gcp.refusals.wrong import BUCKET, BUCKETS, KEY, Wrong, accepted, ids, kms, refused, with_ring

WRONG = (
    Wrong("rotated-hourly", kms("lake"), KEY, {"rotationPeriod": "3600s"}, "24 hours", needs=with_ring),
    Wrong("rotation-never-begins", kms("lake"), KEY, {"nextRotationTime": None}, "nextRotationTime", needs=with_ring),
    Wrong("destroyed-at-once", kms("lake"), KEY, {"destroyScheduledDuration": "3600s"}, "120 days", needs=with_ring),
    Wrong(
        "algorithm",
        kms("lake"),
        KEY,
        {"versionTemplate": {"algorithm": "EC_SIGN_P256_SHA256"}},
        "not for the purpose",
        needs=with_ring,
    ),
    Wrong(
        "ungranted-key",
        BUCKETS,
        BUCKET,
        {"encryption": {"defaultKmsKeyName": f"{PLACE}/keyRings/ring/cryptoKeys/key"}},
        "Permission denied on Cloud KMS key",
        403,
        lambda google: google.key(),
    ),
    Wrong("key-id", f"cloudkms/v1/{PLACE}/keyRings?keyRingId=a.ring", {}, {}, "Invalid id", broken=True),
    Wrong(
        "rotated-signer",
        kms("lake"),
        KEY,
        {"purpose": "ASYMMETRIC_SIGN", "versionTemplate": {"algorithm": "EC_SIGN_P256_SHA256"}},
        "only for keys",
        needs=with_ring,
    ),
    Wrong(
        "other-delay",
        f"cloudkms/v1/{PLACE}/keyRings/ring/cryptoKeys/key?updateMask=destroyScheduledDuration",
        {"destroyScheduledDuration": "2592000s"},
        {"destroyScheduledDuration": "864000s"},
        "cannot be changed",
        400,
        lambda google: google.key(),
        "PATCH",
    ),
)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_a_fault_is_refused_with_its_reason(google: Google, wrong: Wrong) -> None:
    refused(google, wrong)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_without_the_fault_it_is_accepted(google: Google, wrong: Wrong) -> None:
    accepted(google, wrong)


def test_a_key_is_used_once_its_agent_may_and_where_the_resource_is(google: Google) -> None:
    agent = f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com"
    encrypted = BUCKET | {"encryption": {"defaultKmsKeyName": google.key(agent, "europe-west9")}}
    assert "must be in europe-west3" in google.call("POST", BUCKETS, encrypted)[1]["error"]["message"]
    encrypted = BUCKET | {"encryption": {"defaultKmsKeyName": google.key(agent)}}
    google.make(f"cloudkms/v1/{google.key()}/cryptoKeyVersions/1:destroy", {})
    assert "not enabled" in google.call("POST", BUCKETS, encrypted)[1]["error"]["message"]
    google.make(f"cloudkms/v1/{google.key()}/cryptoKeyVersions/1:restore", {})
    assert "not enabled" in google.call("POST", BUCKETS, encrypted)[1]["error"]["message"]
