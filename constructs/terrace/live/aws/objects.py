"""The objects in the deployment's buckets, and their locks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from terrace.calls import Absent
from terrace.live.aws import lake
from terrace.live.aws.checks import Deployment
from terrace.live.aws.session import Reader, explained


def existing_buckets(deployment: Deployment) -> Iterator[tuple[str, str]]:
    """The name and region of each bucket that exists."""
    for _, name, region in lake.buckets(deployment):
        try:
            deployment.call("s3", "head_bucket", region=region, Bucket=name)
        except Absent:
            continue
        yield name, region


def pages(reader: Reader, bucket: str, region: str) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Pages of (versions, delete markers), a thousand entries each. Raises Absent for a bucket that does not exist."""
    reader.call("s3", "head_bucket", region=region, Bucket=bucket)
    with explained("s3", "list_object_versions"):
        for page in reader.client("s3", region).get_paginator("list_object_versions").paginate(Bucket=bucket):
            yield page.get("Versions", []), page.get("DeleteMarkers", [])


def has_object_lock(reader: Reader, bucket: str, region: str) -> bool:
    """Whether objects of the bucket can be locked."""
    try:
        answer = reader.call("s3", "get_object_lock_configuration", region=region, Bucket=bucket)
    except Absent:
        return False
    return bool(answer["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled")


def locked_versions(reader: Reader, bucket: str, region: str) -> Iterator[str]:
    """The versions that cannot be removed now: in compliance mode, or under a legal hold."""
    if not has_object_lock(reader, bucket, region):
        return
    now = datetime.now(UTC)
    for versions, _ in pages(reader, bucket, region):
        for version in versions:
            id = {"Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
            head = reader.client("s3", region).head_object(**id)
            until = head.get("ObjectLockRetainUntilDate")
            name = f"s3://{bucket}/{version['Key']} (version {version['VersionId']})"
            if head.get("ObjectLockLegalHoldStatus") == "ON":
                yield f"{name}: legal hold"
            elif head.get("ObjectLockMode") == "COMPLIANCE" and until and until > now:
                yield f"{name}: until {until:%Y-%m-%d %H:%M} UTC"
