"""What the deployment's containers hold: counting it, and removing it for good.

Blobs are spoken to by Storage's own REST API, whose listing is XML. Source: Azure Storage documentation, "List Blobs",
"Delete Blob", "Blob versioning".
"""

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.errors import AnswerIsNo
from terrace.live.azure import lake
from terrace.live.azure.checks import Deployment, at, named, opened
from terrace.live.azure.session import Absent, Reader, explained
from terrace.purge import Emptied


class Blob(NamedTuple):
    """One version of a blob; the current one has no number that it could be deleted by."""

    name: str
    version: str
    current: bool


def there(deployment: Deployment) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each container of a bucket that exists: its account's name, its own, and what the control plane says of it."""
    for _, id, _copy in lake.accounts(deployment):
        try:
            found = lake.containers(deployment, id)
        except Absent:
            continue
        for container in found:
            yield named(id), str(container["name"]), container


def blobs(reader: Reader, account: str, container: str, *, versions: bool = True) -> Iterator[Blob]:
    """Every blob of a container, and its older versions. Raises Absent for one that is none."""
    from azure.core.rest import HttpRequest

    client, marker = reader.blobs(account), ""
    while True:
        asked = {"restype": "container", "comp": "list"}
        asked |= {"include": "versions"} if versions else {}
        asked |= {"marker": marker} if marker else {}
        with explained(f"{account}/{container}"):
            request = HttpRequest("GET", f"/{container}?{urlencode(asked)}")
            request.url = client.format_url(request.url)
            response = client.send_request(request)
            response.raise_for_status()
            page = ElementTree.fromstring(response.read())
        for blob in page.iter("Blob"):
            current = blob.findtext("IsCurrentVersion") == "true" or blob.find("VersionId") is None
            yield Blob(str(blob.findtext("Name")), str(blob.findtext("VersionId") or ""), current)
        marker = page.findtext("NextMarker") or ""
        if not marker:
            return


def empty_buckets(environment: Environment, target: Target) -> list[Emptied]:
    """See terrace.purge.empty_buckets. Unlocked policies are lifted; blobs stay soft-deleted for their days."""
    return emptied(opened(environment, target))


def emptied(deployment: Deployment) -> list[Emptied]:
    """Remove what the containers hold. Raises AnswerIsNo, before anything is removed, when some may not be."""
    found = list(there(deployment))
    held = []
    for account, name, container in found:
        policy = lake.immutable(deployment, str(container["id"]))
        if at(policy, "state") == "Locked" and next(blobs(deployment.reader, account, name), None):
            days = at(policy, "immutabilityPeriodSinceCreationInDays")
            held.append(f"{account}/{name}: {days} days after each was written")
    if held:
        shown = "\n".join(f"  {text}" for text in held)
        raise AnswerIsNo(
            f"{len(held)} containers are immutable, and nobody may remove what they hold:\n{shown}",
            where=f"environment {deployment.environment.name}",
            hint="nothing was removed; wait until the last blob is free, or take the accounts out of the state",
        )
    return [_empty(deployment, account, name, container) for account, name, container in found]


def _empty(deployment: Deployment, account: str, name: str, container: dict[str, Any]) -> Emptied:
    policy = lake.immutable(deployment, str(container["id"]))
    held = list(blobs(deployment.reader, account, name, versions=False))
    if held and policy is not None and at(policy, "state") != "Locked":
        deployment.reader.write(f"{container['id']}/immutabilityPolicies/default", None)
    removed = 0
    for blob in held:
        _delete(deployment.reader, account, name, blob.name, "")
    for blob in blobs(deployment.reader, account, name):  # the current ones have become old ones
        if blob.version:
            _delete(deployment.reader, account, name, blob.name, blob.version)
        removed += 1
    return Emptied(account, max(removed, len(held)), 0)


def _delete(reader: Reader, account: str, container: str, blob: str, version: str) -> None:
    from azure.core.rest import HttpRequest

    client = reader.blobs(account)
    with explained(f"{account}/{container}/{blob}"):
        chosen = f"?{urlencode({'versionid': version})}" if version else ""
        headers = {} if version else {"x-ms-delete-snapshots": "include"}
        url = client.format_url(f"/{container}/{quote(blob)}{chosen}")
        client.send_request(HttpRequest("DELETE", url, headers=headers)).raise_for_status()
