"""What every service refuses alike."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.emulator.gcp.conftest import PLACE, PROJECT, REGION, Google
from tests.emulator.gcp.refusals.wrong import (
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
    Wrong,
    accepted,
    binding,
    database,
    ids,
    kms,
    networked,
    refused,
    with_fault,
    with_locked_log_bucket,
    with_record,
)
from tests.emulator.gcp.test_round_trips import AT

WRONG = (
    Wrong(
        "missing-reference",
        SUBNETWORKS,
        SUBNETWORK,
        {"network": f"{AT}/global/networks/nut"},
        "was not found",
        needs=networked,
    ),
    Wrong(
        "ghost-account",
        PROJECT_POLICY,
        POLICY,
        binding(members=[f"serviceAccount:ghost@{PROJECT}.iam.gserviceaccount.com"]),
        "does not exist",
    ),
    Wrong(
        "no-pool-yet",
        PROJECT_POLICY,
        POLICY,
        binding(members=[f"serviceAccount:{PROJECT}.svc.id.goog[ns/sa]"]),
        "Identity Pool does not exist",
    ),
    Wrong("label-in-capitals", BUCKETS, BUCKET, {"labels": {"owner": "Data Platform"}}, "Invalid label"),
    Wrong(
        "sixty-five-labels",
        BUCKETS,
        BUCKET,
        {"labels": {f"label-{each}": "x" for each in range(65)}},
        "up to 64 labels",
    ),
)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_a_fault_is_refused_with_its_reason(google: Google, wrong: Wrong) -> None:
    refused(google, wrong)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_without_the_fault_it_is_accepted(google: Google, wrong: Wrong) -> None:
    accepted(google, wrong)


def test_a_service_that_is_off_is_refused() -> None:
    status, answer = Google().call("POST", BUCKETS, BUCKET)
    assert (status, answer["error"]["errors"][0]["reason"]) == (403, "SERVICE_DISABLED")


def test_another_project_is_refused(google: Google) -> None:
    assert google.call("GET", "compute/compute/v1/projects/somebody-else/global/networks")[0] == 403
    assert google.call("POST", "billingbudgets/v1/billingAccounts/AAAAAA-BBBBBB-CCCCCC/budgets", BUDGET)[0] == 403


def test_what_is_there_cannot_be_made_again(google: Google) -> None:
    google.make(BUCKETS, BUCKET)
    assert google.call("POST", BUCKETS, BUCKET)[0] == 409


def test_below_what_is_missing_nothing_is_made(google: Google) -> None:
    status, answer = google.call("POST", kms("lake"), KEY)
    assert (status, "keyRings/ring" in answer["error"]["message"]) == (404, True)


def test_what_is_in_use_is_kept(google: Google) -> None:
    google.network()
    status, answer = google.call("DELETE", f"{COMPUTE}/global/networks/net")
    assert (status, "subnetworks/nodes" in answer["error"]["message"]) == (400, True)
    google.make(f"{COMPUTE}/regions/{REGION}/subnetworks/nodes", {}, method="DELETE")
    google.make(f"{COMPUTE}/global/networks/net", {}, method="DELETE")


@pytest.mark.parametrize(
    ("needs", "url", "why"),
    [
        (with_record, f"dns/dns/v1/{AT}/managedZones/zone", "not empty"),
        (with_locked_log_bucket, f"logging/v2/{PLACE}/buckets/trail", "locked"),
        (
            lambda google: google.make(SQL, with_fault(DATABASE, database(deletionProtectionEnabled=True))),
            f"{SQL}/main",
            "protected",
        ),
    ],
    ids=["zone", "log-bucket", "database"],
)
def test_what_is_protected_is_kept(google: Google, needs: Callable[[Google], Any], url: str, why: str) -> None:
    needs(google)
    status, answer = google.call("DELETE", url)
    assert (status, why in answer["error"]["message"]) == (400, True), answer


def test_a_stale_etag_is_refused(google: Google) -> None:
    google.make(BUCKETS, BUCKET)
    policy = google.make("storage/storage/v1/b/dpf-lake/iam", {"bindings": []}, method="PUT")
    google.make("storage/storage/v1/b/dpf-lake/iam", policy, method="PUT")
    assert google.call("PUT", "storage/storage/v1/b/dpf-lake/iam", policy)[0] == 409
