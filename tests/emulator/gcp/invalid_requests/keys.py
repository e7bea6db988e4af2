"""Keys and their use."""

from tests.emulator.gcp.conftest import LOCATION
from tests.emulator.gcp.invalid_requests.invalid_request import (
    BUCKET,
    BUCKETS,
    KEY,
    InvalidRequest,
    kms,
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
