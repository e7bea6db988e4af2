"""What the deployment's buckets hold: counting it, and removing it for good."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.errors import AnswerIsNo, TerraceError
from terrace.live.aws import lake
from terrace.live.aws.checks import Deployment
from terrace.live.aws.session import Absent, Reader, explained
from terrace.purge import Emptied

_AT_ONCE = 1000  # what DeleteObjects takes
_NAMED = 10


def pages(reader: Reader, bucket: str, region: str) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Pages of (versions, delete markers), a thousand entries each. Raises Absent for a bucket that is none."""
    reader.call("s3", "head_bucket", region=region, Bucket=bucket)
    with explained("s3", "list_object_versions"):
        for page in reader.client("s3", region).get_paginator("list_object_versions").paginate(Bucket=bucket):
            yield page.get("Versions", []), page.get("DeleteMarkers", [])


def locks(reader: Reader, bucket: str, region: str) -> bool:
    """Whether the bucket can hold objects that may not be removed."""
    try:
        answer = reader.call("s3", "get_object_lock_configuration", region=region, Bucket=bucket)
    except Absent:
        return False
    return bool(answer["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled")


def empty_buckets(environment: Environment, target: Target) -> list[Emptied]:
    """See terrace.purge.empty_buckets. Objects under governance are removed, by right of the bypass that IAM grants."""
    reader = Reader(target)
    reader.check_account()
    deployment = Deployment(environment, target, reader)
    there = [(name, region) for _, name, region in lake.buckets(deployment) if _exists(reader, name, region)]
    held = [text for name, region in there if locks(reader, name, region) for text in _held(reader, name, region)]
    if held:
        shown = "\n".join(f"  {text}" for text in held[:_NAMED])
        more = f"\n  and {len(held) - _NAMED} more" if len(held) > _NAMED else ""
        raise AnswerIsNo(
            f"{len(held)} object versions are locked, and nobody may remove them:\n{shown}{more}",
            where=f"environment {environment.name}",
            hint="nothing was removed; wait until the last of them is free, or take the buckets out of the state",
        )
    with explained("s3", "delete_objects"):
        return [_empty(reader, name, region) for name, region in there]


def _exists(reader: Reader, bucket: str, region: str) -> bool:
    try:
        reader.call("s3", "head_bucket", region=region, Bucket=bucket)
    except Absent:
        return False
    return True


def _held(reader: Reader, bucket: str, region: str) -> Iterator[str]:
    """The versions that nobody may remove now: under compliance, or a legal hold."""
    now = datetime.now(UTC)
    for versions, _ in pages(reader, bucket, region):
        for version in versions:
            which = {"Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
            head = reader.client("s3", region).head_object(**which)
            until = head.get("ObjectLockRetainUntilDate")
            name = f"s3://{bucket}/{version['Key']} (version {version['VersionId']})"
            if head.get("ObjectLockLegalHoldStatus") == "ON":
                yield f"{name}: legal hold"
            elif head.get("ObjectLockMode") == "COMPLIANCE" and until and until > now:
                yield f"{name}: until {until:%Y-%m-%d %H:%M} UTC"


def _empty(reader: Reader, bucket: str, region: str) -> Emptied:
    s3 = reader.client("s3", region)
    removed = {"Versions": 0, "DeleteMarkers": 0}
    for versions, markers in pages(reader, bucket, region):
        for kind, entries in (("Versions", versions), ("DeleteMarkers", markers)):
            for start in range(0, len(entries), _AT_ONCE):
                _delete(s3, bucket, entries[start : start + _AT_ONCE])
            removed[kind] += len(entries)
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        for upload in page.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    return Emptied(bucket, removed["Versions"], removed["DeleteMarkers"])


def _delete(s3: Any, bucket: str, entries: list[dict[str, Any]]) -> None:
    which = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": which, "Quiet": True}, BypassGovernanceRetention=True)
    if errors := answer.get("Errors"):
        first = errors[0]
        raise TerraceError(
            f"{len(errors)} objects could not be removed; the first: {first.get('Key')}: {first.get('Message')}",
            where=bucket,
            hint="the identity needs s3:DeleteObjectVersion and s3:BypassGovernanceRetention",
        )
