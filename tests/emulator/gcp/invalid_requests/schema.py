"""Violations of the published schema."""

from tests.emulator.gcp.invalid_requests.invalid_request import (
    BUCKET,
    BUCKETS,
    COMPUTE,
    KEY,
    POLICY,
    PROJECT_POLICY,
    ROUTER,
    ROUTERS,
    InvalidRequest,
    kms,
    with_ring,
)
from tests.emulator.gcp.round_trip import with_network

INVALID_REQUESTS = (
    InvalidRequest(
        "unknown-parameter", f"{BUCKETS}&colour=blue", BUCKET, {}, "Cannot bind query parameter", invalid_url=True
    ),
    InvalidRequest("unknown-field", BUCKETS, BUCKET, {"versionning": {"enabled": True}}, "Cannot find field"),
    InvalidRequest(
        "unknown-enum",
        PROJECT_POLICY,
        POLICY,
        {"policy": {"auditConfigs": [{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_REED"}]}]}},
        "ENUM",
    ),
    InvalidRequest("wrong-type", BUCKETS, BUCKET, {"versioning": {"enabled": "yes"}}, "BOOLEAN"),
    InvalidRequest(
        "wrong-duration", kms("lake"), KEY, {"rotationPeriod": "90 days"}, "GOOGLE-DURATION", setup=with_ring
    ),
    InvalidRequest("wrong-name", f"{COMPUTE}/global/networks", {"name": "net"}, {"name": "Net_1"}, "regex"),
    InvalidRequest(
        "missing-required-field",
        ROUTERS,
        ROUTER,
        {"network": None},
        "Missing required field 'network'",
        setup=with_network,
    ),
    InvalidRequest("no-list", BUCKETS, BUCKET, {"cors": {"maxAgeSeconds": 60}}, "ARRAY"),
    InvalidRequest(
        "no-mapping", kms("lake"), KEY, {"versionTemplate": "SOFTWARE"}, "CryptoKeyVersionTemplate", setup=with_ring
    ),
)
