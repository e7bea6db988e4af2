"""Refusals of every service."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.emulator.gcp.conftest import LOCATION, PROJECT, REGION, Google
from tests.emulator.gcp.refusals.invalid_request import (
    BUCKET,
    BUCKETS,
    BUDGET,
    COMPUTE,
    DATABASE,
    KEY,
    POLICY,
    PROJECT_POLICY,
    SQL,
    SUBNETWORK,
    SUBNETWORKS,
    InvalidRequest,
    assert_accepted,
    assert_refused,
    binding,
    database,
    kms,
    merged,
    request_id,
    with_locked_log_bucket,
    with_record,
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


@pytest.mark.parametrize("invalid", INVALID_REQUESTS, ids=request_id)
def test_an_invalid_request_is_refused(google: Google, invalid: InvalidRequest) -> None:
    assert_refused(google, invalid)


@pytest.mark.parametrize("invalid", INVALID_REQUESTS, ids=request_id)
def test_the_valid_request_is_accepted(google: Google, invalid: InvalidRequest) -> None:
    assert_accepted(google, invalid)


def test_a_disabled_service_is_refused() -> None:
    status, response = Google().call("POST", BUCKETS, BUCKET)
    assert (status, response["error"]["errors"][0]["reason"]) == (403, "SERVICE_DISABLED")


def test_another_project_is_refused(google: Google) -> None:
    assert google.call("GET", "compute/compute/v1/projects/another-project/global/networks")[0] == 403
    assert google.call("POST", "billingbudgets/v1/billingAccounts/AAAAAA-BBBBBB-CCCCCC/budgets", BUDGET)[0] == 403


def test_an_existing_resource_cannot_be_created_again(google: Google) -> None:
    google.send(BUCKETS, BUCKET)
    assert google.call("POST", BUCKETS, BUCKET)[0] == 409


def test_a_missing_parent_is_refused(google: Google) -> None:
    status, response = google.call("POST", kms("lake"), KEY)
    assert (status, "keyRings/ring" in response["error"]["message"]) == (404, True)


def test_a_resource_in_use_is_not_deleted(google: Google) -> None:
    google.network()
    status, response = google.call("DELETE", f"{COMPUTE}/global/networks/net")
    assert (status, "subnetworks/nodes" in response["error"]["message"]) == (400, True)
    google.send(f"{COMPUTE}/regions/{REGION}/subnetworks/nodes", {}, method="DELETE")
    google.send(f"{COMPUTE}/global/networks/net", {}, method="DELETE")


@pytest.mark.parametrize(
    ("setup", "url", "message"),
    [
        (with_record, f"dns/dns/v1/{PROJECT_NAME}/managedZones/zone", "not empty"),
        (with_locked_log_bucket, f"logging/v2/{LOCATION}/buckets/trail", "locked"),
        (
            lambda google: google.send(SQL, merged(DATABASE, database(deletionProtectionEnabled=True))),
            f"{SQL}/main",
            "protected",
        ),
    ],
    ids=["zone", "log-bucket", "database"],
)
def test_a_protected_resource_is_not_deleted(
    google: Google, setup: Callable[[Google], Any], url: str, message: str
) -> None:
    setup(google)
    status, response = google.call("DELETE", url)
    assert (status, message in response["error"]["message"]) == (400, True), response


def test_a_stale_etag_is_refused(google: Google) -> None:
    google.send(BUCKETS, BUCKET)
    policy = google.send("storage/storage/v1/b/dpf-lake/iam", {"bindings": []}, method="PUT")
    google.send("storage/storage/v1/b/dpf-lake/iam", policy, method="PUT")
    assert google.call("PUT", "storage/storage/v1/b/dpf-lake/iam", policy)[0] == 409
