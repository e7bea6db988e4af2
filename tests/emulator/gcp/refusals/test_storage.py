"""The lake's buckets."""

from typing import Any

import pytest

from tests.emulator.gcp.conftest import PROJECT, Google, Json
from tests.emulator.gcp.refusals.wrong import BUCKET, BUCKETS, DAY, Wrong, accepted, ids, refused, with_fault


def _bucket(google: Google) -> None:
    google.make(BUCKETS, with_fault(BUCKET, {"iamConfiguration": {"publicAccessPrevention": "enforced"}}))


def _locked_bucket(google: Google) -> None:
    google.make(BUCKETS, with_fault(BUCKET, {"retentionPolicy": {"retentionPeriod": "1000"}}))
    google.make("storage/storage/v1/b/dpf-lake/lockRetentionPolicy?ifMetagenerationMatch=1", {})


def lifecycle(condition: Json, **action: Any) -> Json:
    return {"lifecycle": {"rule": [{"condition": condition, "action": action}]}}


def with_buckets(google: Google) -> None:
    for name in ("from-here", "to-there"):
        google.make(BUCKETS, {"name": name, "location": "EU"})


COPIES = "storagetransfer/v1/transferJobs"
COPY = {
    "name": "transferJobs/daily",
    "projectId": PROJECT,
    "status": "ENABLED",
    "transferSpec": {"gcsDataSource": {"bucketName": "from-here"}, "gcsDataSink": {"bucketName": "to-there"}},
    "schedule": {"repeatInterval": "86400s"},
}
WRONG = (
    Wrong("bucket-name", BUCKETS, BUCKET, {"name": "dpf-google-lake"}, "Invalid bucket name"),
    Wrong("turbo", BUCKETS, BUCKET, {"rpo": "ASYNC_TURBO"}, "dual-region"),
    Wrong(
        "one-place-twice",
        BUCKETS,
        {"name": "dpf-lake", "location": "EU"},
        {"customPlacementConfig": {"dataLocations": ["EUROPE-WEST3", "EUROPE-WEST3"]}},
        "two different",
    ),
    Wrong(
        "soft-deletion", BUCKETS, BUCKET, {"softDeletePolicy": {"retentionDurationSeconds": str(DAY)}}, "7 to 90 days"
    ),
    Wrong("retention", BUCKETS, BUCKET, {"retentionPolicy": {"retentionPeriod": "0"}}, "greater than 0"),
    Wrong("no-condition", BUCKETS, BUCKET, lifecycle({}, type="Delete"), "at least one condition"),
    Wrong("no-class", BUCKETS, BUCKET, lifecycle({"age": 30}, type="SetStorageClass"), "storageClass"),
    Wrong(
        "strange-class",
        BUCKETS,
        BUCKET,
        lifecycle({"age": 30}, type="SetStorageClass", storageClass="GLACIER"),
        "storage class",
    ),
    Wrong(
        "shortened-lock",
        "storage/storage/v1/b/dpf-lake",
        {"labels": {"a": "b"}},
        {"retentionPolicy": {"retentionPeriod": "10"}},
        "locked retention",
        403,
        _locked_bucket,
        "PATCH",
    ),
    Wrong(
        "moved",
        "storage/storage/v1/b/dpf-lake",
        {"labels": {"a": "b"}},
        {"location": "US"},
        "cannot be changed",
        400,
        _bucket,
        "PATCH",
    ),
    Wrong(
        "public-bucket",
        "storage/storage/v1/b/dpf-lake/iam",
        {"bindings": []},
        {"bindings": [{"role": "roles/storage.objectViewer", "members": ["allUsers"]}]},
        "public access prevention",
        412,
        _bucket,
        "PUT",
    ),
    Wrong("strange-action", BUCKETS, BUCKET, lifecycle({"age": 30}, type="Freeze"), "lifecycle action"),
    Wrong(
        "copy-from-nowhere",
        COPIES,
        COPY,
        {"transferSpec": {"gcsDataSource": {"bucketName": "ghost"}}},
        "does not exist",
        404,
        with_buckets,
    ),
    Wrong("copied-each-minute", COPIES, COPY, {"schedule": {"repeatInterval": "60s"}}, "one hour", needs=with_buckets),
)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_a_fault_is_refused_with_its_reason(google: Google, wrong: Wrong) -> None:
    refused(google, wrong)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_without_the_fault_it_is_accepted(google: Google, wrong: Wrong) -> None:
    accepted(google, wrong)


def test_a_full_bucket_is_kept(google: Google) -> None:
    google.make(BUCKETS, BUCKET)
    answer, _ = google.request(
        "https://storage.googleapis.com/upload/storage/v1/b/dpf-lake/o?uploadType=media&name=a", "POST", b"x"
    )
    assert answer.status == 200
    assert google.call("DELETE", "storage/storage/v1/b/dpf-lake")[0] == 409
