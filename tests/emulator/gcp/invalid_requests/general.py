"""Refusals of every service."""

from tests.emulator.gcp.conftest import PROJECT
from tests.emulator.gcp.invalid_requests.invalid_request import (
    BUCKET,
    BUCKETS,
    POLICY,
    PROJECT_POLICY,
    SUBNETWORK,
    SUBNETWORKS,
    InvalidRequest,
    binding,
)
from tests.emulator.gcp.round_trip import PROJECT_NAME, with_network

INVALID_REQUESTS = (
    InvalidRequest(
        "missing-reference",
        SUBNETWORKS,
        SUBNETWORK,
        {"network": f"{PROJECT_NAME}/global/networks/nut"},
        "was not found",
        setup=with_network,
    ),
    InvalidRequest(
        "missing-account",
        PROJECT_POLICY,
        POLICY,
        binding(members=[f"serviceAccount:ghost@{PROJECT}.iam.gserviceaccount.com"]),
        "does not exist",
    ),
    InvalidRequest(
        "missing-identity-pool",
        PROJECT_POLICY,
        POLICY,
        binding(members=[f"serviceAccount:{PROJECT}.svc.id.goog[ns/sa]"]),
        "Identity Pool does not exist",
    ),
    InvalidRequest("label-in-capitals", BUCKETS, BUCKET, {"labels": {"owner": "Data Platform"}}, "Invalid label"),
    InvalidRequest(
        "sixty-five-labels",
        BUCKETS,
        BUCKET,
        {"labels": {f"label-{each}": "x" for each in range(65)}},
        "up to 64 labels",
    ),
)
