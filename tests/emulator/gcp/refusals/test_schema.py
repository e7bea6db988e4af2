"""What the published schema forbids."""

import pytest

from tests.emulator.gcp.conftest import Google
from tests.emulator.gcp.refusals.wrong import (
    BUCKET,
    BUCKETS,
    COMPUTE,
    KEY,
    POLICY,
    PROJECT_POLICY,
    ROUTER,
    ROUTERS,
    Wrong,
    accepted,
    ids,
    kms,
    networked,
    refused,
    with_ring,
)

WRONG = (
    Wrong("unknown-parameter", f"{BUCKETS}&colour=blue", BUCKET, {}, "Cannot bind query parameter", broken=True),
    Wrong("unknown-field", BUCKETS, BUCKET, {"versionning": {"enabled": True}}, "Cannot find field"),
    Wrong(
        "unknown-enum",
        PROJECT_POLICY,
        POLICY,
        {"policy": {"auditConfigs": [{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_REED"}]}]}},
        "ENUM",
    ),
    Wrong("wrong-type", BUCKETS, BUCKET, {"versioning": {"enabled": "yes"}}, "BOOLEAN"),
    Wrong("wrong-duration", kms("lake"), KEY, {"rotationPeriod": "90 days"}, "GOOGLE-DURATION", needs=with_ring),
    Wrong("wrong-name", f"{COMPUTE}/global/networks", {"name": "net"}, {"name": "Net_1"}, "regex"),
    Wrong("nothing-required", ROUTERS, ROUTER, {"network": None}, "Missing required field 'network'", needs=networked),
    Wrong("no-list", BUCKETS, BUCKET, {"cors": {"maxAgeSeconds": 60}}, "ARRAY"),
    Wrong("no-mapping", kms("lake"), KEY, {"versionTemplate": "SOFTWARE"}, "CryptoKeyVersionTemplate", needs=with_ring),
)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_a_fault_is_refused_with_its_reason(google: Google, wrong: Wrong) -> None:
    refused(google, wrong)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_without_the_fault_it_is_accepted(google: Google, wrong: Wrong) -> None:
    accepted(google, wrong)
