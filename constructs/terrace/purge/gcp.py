"""Empties the deployment's Cloud Storage buckets."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from terrace.calls.gcp import explained
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.live.gcp import objects
from terrace.live.gcp.checks import Deployment, opened
from terrace.live.gcp.session import Reader
from terrace.purge import Emptied, OnRemoved, ignore, refuse_locked

_WORKERS = 16  # each call deletes one object


def empty_buckets(environment: Environment, target: Target, on_removed: OnRemoved = ignore) -> list[Emptied]:
    """See terrace.purge.empty_buckets. A retention policy is removed first; a locked one is final."""
    return emptied(opened(environment, target), on_removed)


def emptied(deployment: Deployment, on_removed: OnRemoved = ignore) -> list[Emptied]:
    """Empty every bucket that exists. Raises AnswerIsNo, before anything is removed, when versions are locked."""
    reader, buckets = deployment.reader, dict(objects.existing_buckets(deployment))
    locked = [text for name, bucket in buckets.items() for text in objects.locked_versions(reader, name, bucket)]
    refuse_locked(deployment.environment, locked, "object version")
    return [_empty(reader, name, bucket, on_removed) for name, bucket in buckets.items()]


def _empty(reader: Reader, name: str, bucket: dict[str, Any], on_removed: OnRemoved) -> Emptied:
    if bucket.get("retentionPolicy") and not objects.is_locked(bucket):
        reader.change("storage", "buckets.patch", bucket=name, body={"retentionPolicy": None})
    handle, removed = reader.storage().bucket(name), 0

    def delete(blob: Any) -> None:
        handle.delete_blob(blob.name, generation=blob.generation, retry=None, timeout=objects.SECONDS)

    with explained("storage", "objects.delete"), ThreadPoolExecutor(_WORKERS) as workers:
        while page := next(_pages(reader, name), []):  # always the first page: objects are removed meanwhile
            removed += len(list(workers.map(delete, page)))
            on_removed(name, removed)
    return Emptied(name, removed, 0)


def _pages(reader: Reader, bucket: str) -> Iterator[list[Any]]:
    """Every version of every object, a thousand a page."""
    for page in reader.storage().list_blobs(bucket, versions=True, retry=None, timeout=objects.SECONDS).pages:
        yield list(page)
