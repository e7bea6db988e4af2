"""Empties the deployment's S3 buckets."""

from typing import Any

from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.errors import TerraceError
from terrace.live.aws import objects
from terrace.live.aws.checks import opened
from terrace.live.aws.session import Reader, explained
from terrace.purge import Emptied, OnRemoved, ignore, refuse_locked
from terrace.words import counted

_BATCH = 1000  # the most that DeleteObjects takes


def empty_buckets(environment: Environment, target: Target, on_removed: OnRemoved = ignore) -> list[Emptied]:
    """See terrace.purge.empty_buckets. Locks in governance mode are bypassed, which IAM has to permit."""
    deployment = opened(environment, target)
    reader = deployment.reader
    buckets = list(objects.existing_buckets(deployment))
    locked = [text for name, region in buckets for text in objects.locked_versions(reader, name, region)]
    refuse_locked(environment, locked, "object version")
    with explained("s3", "delete_objects"):
        return [empty(reader, name, region, on_removed) for name, region in buckets]


def empty(reader: Reader, bucket: str, region: str, on_removed: OnRemoved = ignore) -> Emptied:
    """Remove every version, delete marker and unfinished upload of a bucket."""
    s3 = reader.client("s3", region)
    removed_versions = removed_markers = 0
    while True:  # always the first page: a listing does not continue after a version that is removed meanwhile
        versions, markers = next(objects.pages(reader, bucket, region))
        if not versions and not markers:
            break
        for start in range(0, len(versions) + len(markers), _BATCH):
            _delete(s3, bucket, [*versions, *markers][start : start + _BATCH])
        removed_versions += len(versions)
        removed_markers += len(markers)
        on_removed(bucket, removed_versions + removed_markers)
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        for upload in page.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    return Emptied(bucket, removed_versions, removed_markers)


def _delete(s3: Any, bucket: str, entries: list[dict[str, Any]]) -> None:
    ids = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": ids, "Quiet": True}, BypassGovernanceRetention=True)
    if errors := answer.get("Errors"):
        first = errors[0]
        raise TerraceError(
            f"could not remove {counted(len(errors), 'object')}; the first: {first.get('Key')}: {first.get('Message')}",
            where=bucket,
            hint="the identity needs s3:DeleteObjectVersion and s3:BypassGovernanceRetention",
        )
