"""Each rule refuses an invalid request; the valid request without the change is accepted."""

from collections.abc import Callable
from typing import Any

import pytest

from terrace.emulator.gcp.refusals.general import OTHER_BILLING_ACCOUNT
from tests.emulator.gcp.conftest import LOCATION, NUMBER, REGION, Google
from tests.emulator.gcp.invalid_requests import INVALID_REQUESTS
from tests.emulator.gcp.invalid_requests.identity import POOL_IDS, with_pool
from tests.emulator.gcp.invalid_requests.invalid_request import (
    BUCKET,
    BUCKETS,
    BUDGET,
    COMPUTE,
    DATABASE,
    KEY,
    SQL,
    InvalidRequest,
    database,
    kms,
    merged,
    with_locked_log_bucket,
    with_record,
)
from tests.emulator.gcp.round_trip import PROJECT_NAME


@pytest.mark.parametrize("invalid", INVALID_REQUESTS, ids=lambda invalid: invalid.id)
def test_an_invalid_request_is_refused(google: Google, invalid: InvalidRequest) -> None:
    invalid.setup(google)
    status, response = google.call(invalid.method, invalid.url, merged(invalid.valid, invalid.change))
    assert (status, invalid.message in response["error"]["message"]) == (invalid.code, True), response
    assert response["error"]["status"] and response["error"]["errors"][0]["reason"]


@pytest.mark.parametrize("invalid", INVALID_REQUESTS, ids=lambda invalid: invalid.id)
def test_the_valid_request_is_accepted(google: Google, invalid: InvalidRequest) -> None:
    invalid.setup(google)
    status, response = google.call(invalid.method, invalid.url, invalid.valid)
    assert (status == 200) != invalid.invalid_url, response


def test_ids_of_invalid_requests_are_unique() -> None:
    assert len({invalid.id for invalid in INVALID_REQUESTS}) == len(INVALID_REQUESTS) >= 40


def test_a_bucket_with_objects_is_not_deleted(google: Google) -> None:
    google.send(BUCKETS, BUCKET)
    response, _ = google.request(
        "https://storage.googleapis.com/upload/storage/v1/b/dpf-lake/o?uploadType=media&name=a", "POST", b"x"
    )
    assert response.status == 200
    assert google.call("DELETE", "storage/storage/v1/b/dpf-lake")[0] == 409


def test_a_disabled_service_is_refused() -> None:
    status, response = Google().call("POST", BUCKETS, BUCKET)
    assert (status, response["error"]["errors"][0]["reason"]) == (403, "SERVICE_DISABLED")


def test_another_project_is_refused(google: Google) -> None:
    assert google.call("GET", "compute/compute/v1/projects/another-project/global/networks")[0] == 403
    assert google.call("POST", "billingbudgets/v1/billingAccounts/AAAAAA-BBBBBB-CCCCCC/budgets", BUDGET)[0] == 403
    assert google.call("POST", f"billingbudgets/v1/billingAccounts/{OTHER_BILLING_ACCOUNT}/budgets", BUDGET)[0] == 200


def test_an_existing_resource_cannot_be_created_again(google: Google) -> None:
    google.send(BUCKETS, BUCKET)
    assert google.call("POST", BUCKETS, BUCKET)[0] == 409


def test_a_missing_parent_is_refused(google: Google) -> None:
    status, response = google.call("POST", kms("lake"), KEY)
    assert (status, "keyRings/ring" in response["error"]["message"]) == (404, True)
    assert google.call("GET", f"{kms('lake').partition('?')[0]}/lake/cryptoKeyVersions")[0] == 404


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


def test_ids_of_deleted_pools_and_roles_are_reserved(google: Google) -> None:
    with_pool(google)
    google.send(f"iam/v1/{PROJECT_NAME}/locations/global/workloadIdentityPools/ci-pool", {}, method="DELETE")
    assert google.call("POST", f"{POOL_IDS}ci-pool", {})[0] == 409
    google.send(f"iam/v1/{PROJECT_NAME}/roles", {"roleId": "sleep", "role": {}})
    google.send(f"iam/v1/{PROJECT_NAME}/roles/sleep", {}, method="DELETE")
    assert google.call("POST", f"iam/v1/{PROJECT_NAME}/roles", {"roleId": "sleep", "role": {}})[0] == 409


def test_a_key_needs_a_granted_agent_and_the_resources_location(google: Google) -> None:
    agent = f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com"
    encrypted = BUCKET | {"encryption": {"defaultKmsKeyName": google.key(agent, "europe-west9")}}
    assert "must be in europe-west3" in google.call("POST", BUCKETS, encrypted)[1]["error"]["message"]
    encrypted = BUCKET | {"encryption": {"defaultKmsKeyName": google.key(agent)}}
    google.send(f"cloudkms/v1/{google.key()}/cryptoKeyVersions/1:destroy", {})
    assert "not enabled" in google.call("POST", BUCKETS, encrypted)[1]["error"]["message"]
    google.send(f"cloudkms/v1/{google.key()}/cryptoKeyVersions/1:restore", {})
    assert "not enabled" in google.call("POST", BUCKETS, encrypted)[1]["error"]["message"]
