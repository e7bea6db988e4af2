"""What the deployment's buckets hold: counting it, and removing it for good."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from terrace.assurance.evaluation import Absent
from terrace.capabilities.lake import BUCKETS
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.errors import AnswerIsNo
from terrace.gcp import names
from terrace.live.gcp import lake
from terrace.live.gcp.checks import Deployment, opened
from terrace.live.gcp.session import Reader, explained
from terrace.purge import Emptied

_AT_ONCE = 16  # objects are deleted one a call
_NAMED = 10
_SECONDS = 30


def versions(reader: Reader, bucket: str) -> Iterator[Any]:
    """Every version of every object (google.cloud.storage.Blob), deleted ones that can be brought back left out."""
    with explained("storage", "objects.list"):
        yield from reader.storage().list_blobs(bucket, versions=True, projection="full", retry=None, timeout=_SECONDS)


def empty_buckets(environment: Environment, target: Target) -> list[Emptied]:
    """See terrace.purge.empty_buckets. A retention that is not locked is lifted first; a lock is final."""
    return emptied(opened(environment, target))


def emptied(deployment: Deployment) -> list[Emptied]:
    """Empty every bucket that is there. Raises AnswerIsNo, before anything is removed, for what nobody may remove."""
    there = dict(_there(deployment))
    held = [text for name, bucket in there.items() for text in _held(deployment.reader, name, bucket)]
    if held:
        shown = "\n".join(f"  {text}" for text in held[:_NAMED])
        more = f"\n  and {len(held) - _NAMED} more" if len(held) > _NAMED else ""
        raise AnswerIsNo(
            f"{len(held)} object versions are locked, and nobody may remove them:\n{shown}{more}",
            where=f"environment {deployment.environment.name}",
            hint="nothing was removed; wait until the last of them is free, or take the buckets out of the state",
        )
    return [_empty(deployment.reader, name, bucket) for name, bucket in there.items()]


def _there(deployment: Deployment) -> Iterator[tuple[str, dict[str, Any]]]:
    for bucket in BUCKETS:
        try:
            yield names.bucket(deployment.target, bucket), lake.bucket(deployment, bucket)
        except Absent:
            continue


def locked(bucket: dict[str, Any]) -> bool:
    """Whether a bucket's retention can be lifted by nobody."""
    return bool(bucket.get("retentionPolicy", {}).get("isLocked"))


def _held(reader: Reader, name: str, bucket: dict[str, Any]) -> Iterator[str]:
    """The versions that nobody may remove now: under a lock, or a hold."""
    now = datetime.now(UTC)
    for blob in versions(reader, name):
        until = blob.retention_expiration_time if locked(bucket) else None
        if blob.temporary_hold or blob.event_based_hold:
            yield f"gs://{name}/{blob.name} (generation {blob.generation}): hold"
        elif until and until > now:
            yield f"gs://{name}/{blob.name} (generation {blob.generation}): until {until:%Y-%m-%d %H:%M} UTC"


def _empty(reader: Reader, name: str, bucket: dict[str, Any]) -> Emptied:
    if bucket.get("retentionPolicy") and not locked(bucket):
        reader.change("storage", "buckets.patch", bucket=name, body={"retentionPolicy": None})
    handle, removed = reader.storage().bucket(name), 0

    def delete(blob: Any) -> None:
        handle.delete_blob(blob.name, generation=blob.generation, retry=None, timeout=_SECONDS)

    with explained("storage", "objects.delete"), ThreadPoolExecutor(_AT_ONCE) as workers:
        for page in reader.storage().list_blobs(name, versions=True, retry=None, timeout=_SECONDS).pages:
            removed += len(list(workers.map(delete, page)))
    return Emptied(name, removed, 0)
