"""Empties the deployment's blob containers. Source: Azure Storage documentation, "Delete Blob"."""

from urllib.parse import quote, urlencode

from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.live.azure import lake, objects
from terrace.live.azure.checks import Deployment, at, opened
from terrace.live.azure.objects import Container
from terrace.live.azure.session import Reader, explained
from terrace.purge import Emptied, OnRemoved, ignore, refuse_locked

_REPORTED = 1000  # blobs between two reports of the progress; each is a call


def empty_buckets(environment: Environment, target: Target, on_removed: OnRemoved = ignore) -> list[Emptied]:
    """See terrace.purge.empty_buckets. Unlocked policies are removed; soft delete keeps the blobs for its days."""
    return emptied(opened(environment, target), on_removed)


def emptied(deployment: Deployment, on_removed: OnRemoved = ignore) -> list[Emptied]:
    """Remove every blob. Raises AnswerIsNo, before anything is removed, when a container with blobs is locked."""
    containers = list(objects.existing_buckets(deployment))
    locked = []
    for container in containers:
        days = objects.locked_days(deployment, container)
        if days is not None and next(objects.blobs(deployment.reader, container.account, container.name), None):
            locked.append(f"{container.account}/{container.name}: {days} days after each blob was written")
    refuse_locked(deployment.environment, locked, "container")
    return [_empty(deployment, container, on_removed) for container in containers]


def _empty(deployment: Deployment, container: Container, on_removed: OnRemoved) -> Emptied:
    account, name, body = container
    policy = lake.immutable(deployment, str(body["id"]))
    current = list(objects.blobs(deployment.reader, account, name, versions=False))
    if current and policy is not None and at(policy, "state") != "Locked":
        deployment.reader.write(f"{body['id']}/immutabilityPolicies/default", None)
    removed = 0
    for blob in current:
        _delete(deployment.reader, account, name, blob.name, "")
    for blob in list(objects.blobs(deployment.reader, account, name)):  # the current versions are older versions now
        if blob.version:
            _delete(deployment.reader, account, name, blob.name, blob.version)
        removed += 1
        if removed % _REPORTED == 0:
            on_removed(account, removed)
    return Emptied(account, max(removed, len(current)), 0)


def _delete(reader: Reader, account: str, container: str, blob: str, version: str) -> None:
    from azure.core.rest import HttpRequest

    client = reader.blobs(account)
    with explained(f"{account}/{container}/{blob}"):
        query = f"?{urlencode({'versionid': version})}" if version else ""
        headers = {} if version else {"x-ms-delete-snapshots": "include"}
        url = client.format_url(f"/{container}/{quote(blob)}{query}")
        client.send_request(HttpRequest("DELETE", url, headers=headers)).raise_for_status()
