"""Buckets and transfer jobs."""

from typing import Any

from tests.emulator.gcp.conftest import PROJECT, Google, Json
from tests.emulator.gcp.invalid_requests.invalid_request import (
    BUCKET,
    BUCKETS,
    DAY,
    InvalidRequest,
    merged,
)


def _bucket(google: Google) -> None:
    google.send(BUCKETS, merged(BUCKET, {"iamConfiguration": {"publicAccessPrevention": "enforced"}}))


def _locked_bucket(google: Google) -> None:
    google.send(BUCKETS, merged(BUCKET, {"retentionPolicy": {"retentionPeriod": "1000"}}))
    google.send("storage/storage/v1/b/dpf-lake/lockRetentionPolicy?ifMetagenerationMatch=1", {})


def lifecycle(condition: Json, **action: Any) -> Json:
    return {"lifecycle": {"rule": [{"condition": condition, "action": action}]}}


def with_buckets(google: Google) -> None:
    for name in ("from-here", "to-there"):
        google.send(BUCKETS, {"name": name, "location": "EU"})


COPIES = "storagetransfer/v1/transferJobs"
COPY = {
    "name": "transferJobs/daily",
    "projectId": PROJECT,
    "status": "ENABLED",
    "transferSpec": {"gcsDataSource": {"bucketName": "from-here"}, "gcsDataSink": {"bucketName": "to-there"}},
    "schedule": {"repeatInterval": "86400s"},
}
INVALID_REQUESTS = (
    InvalidRequest("bucket-name", BUCKETS, BUCKET, {"name": "dpf-google-lake"}, "Invalid bucket name"),
    InvalidRequest("turbo", BUCKETS, BUCKET, {"rpo": "ASYNC_TURBO"}, "dual-region"),
    InvalidRequest(
        "duplicate-region",
        BUCKETS,
        {"name": "dpf-lake", "location": "EU"},
        {"customPlacementConfig": {"dataLocations": ["EUROPE-WEST3", "EUROPE-WEST3"]}},
        "two different",
    ),
    InvalidRequest(
        "soft-deletion", BUCKETS, BUCKET, {"softDeletePolicy": {"retentionDurationSeconds": str(DAY)}}, "7 to 90 days"
    ),
    InvalidRequest("retention", BUCKETS, BUCKET, {"retentionPolicy": {"retentionPeriod": "0"}}, "greater than 0"),
    InvalidRequest("no-condition", BUCKETS, BUCKET, lifecycle({}, type="Delete"), "at least one condition"),
    InvalidRequest("no-class", BUCKETS, BUCKET, lifecycle({"age": 30}, type="SetStorageClass"), "storageClass"),
    InvalidRequest(
        "unknown-storage-class",
        BUCKETS,
        BUCKET,
        lifecycle({"age": 30}, type="SetStorageClass", storageClass="GLACIER"),
        "storage class",
    ),
    InvalidRequest(
        "locked-retention-reduced",
        "storage/storage/v1/b/dpf-lake",
        {"labels": {"a": "b"}},
        {"retentionPolicy": {"retentionPeriod": "10"}},
        "locked retention",
        403,
        _locked_bucket,
        "PATCH",
    ),
    InvalidRequest(
        "location-changed",
        "storage/storage/v1/b/dpf-lake",
        {"labels": {"a": "b"}},
        {"location": "US"},
        "cannot be changed",
        400,
        _bucket,
        "PATCH",
    ),
    InvalidRequest(
        "public-bucket",
        "storage/storage/v1/b/dpf-lake/iam",
        {"bindings": []},
        {"bindings": [{"role": "roles/storage.objectViewer", "members": ["allUsers"]}]},
        "public access prevention",
        412,
        _bucket,
        "PUT",
    ),
    InvalidRequest(
        "unknown-lifecycle-action", BUCKETS, BUCKET, lifecycle({"age": 30}, type="Freeze"), "lifecycle action"
    ),
    InvalidRequest(
        "copy-from-missing-bucket",
        COPIES,
        COPY,
        {"transferSpec": {"gcsDataSource": {"bucketName": "ghost"}}},
        "does not exist",
        404,
        with_buckets,
    ),
    InvalidRequest(
        "copy-too-frequent", COPIES, COPY, {"schedule": {"repeatInterval": "60s"}}, "one hour", setup=with_buckets
    ),
)
