"""The objects in the deployment's buckets, and their locks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from terrace.calls import Absent
from terrace.calls.gcp import explained
from terrace.capabilities.lake import BUCKETS
from terrace.gcp import names
from terrace.live.gcp import lake
from terrace.live.gcp.checks import Deployment
from terrace.live.gcp.session import Reader

SECONDS = 30  # for one request


def existing_buckets(deployment: Deployment) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name and the body of each bucket that exists."""
    for bucket in BUCKETS:
        try:
            yield names.bucket(deployment.target, bucket), lake.bucket(deployment, bucket)
        except Absent:
            continue


def versions(reader: Reader, bucket: str) -> Iterator[Any]:
    """Every version of every object (google.cloud.storage.Blob), without soft-deleted ones."""
    with explained("storage", "objects.list"):
        yield from reader.storage().list_blobs(bucket, versions=True, projection="full", retry=None, timeout=SECONDS)


def is_locked(bucket: dict[str, Any]) -> bool:
    """Whether a bucket's retention policy is locked, so that it cannot be removed."""
    return bool(bucket.get("retentionPolicy", {}).get("isLocked"))


def locked_versions(reader: Reader, name: str, bucket: dict[str, Any]) -> Iterator[str]:
    """The versions that cannot be removed now: under a locked retention policy, or a hold."""
    now = datetime.now(UTC)
    for blob in versions(reader, name):
        until = blob.retention_expiration_time if is_locked(bucket) else None
        if blob.temporary_hold or blob.event_based_hold:
            yield f"gs://{name}/{blob.name} (generation {blob.generation}): hold"
        elif until and until > now:
            yield f"gs://{name}/{blob.name} (generation {blob.generation}): until {until:%Y-%m-%d %H:%M} UTC"
