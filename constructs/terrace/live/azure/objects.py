"""The blobs in the deployment's containers, and their immutability.

Uses Storage's REST API, whose listing is XML. Source: Azure Storage documentation, "List Blobs", "Blob versioning".
"""

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode
from xml.etree import ElementTree

from terrace.calls import Absent
from terrace.live.azure import lake
from terrace.live.azure.checks import Deployment, at, named
from terrace.live.azure.session import Reader, explained


class Container(NamedTuple):
    """A container of a storage account, with its body from Resource Manager."""

    account: str
    name: str
    body: dict[str, Any]


class Blob(NamedTuple):
    """One version of a blob. The current version is deleted by the blob's name alone."""

    name: str
    version: str
    current: bool


def existing_buckets(deployment: Deployment) -> Iterator[Container]:
    """Each container of a bucket that exists."""
    for _, id, _copy in lake.accounts(deployment):
        try:
            containers = lake.containers(deployment, id)
        except Absent:
            continue
        for container in containers:
            yield Container(named(id), str(container["name"]), container)


def blobs(reader: Reader, account: str, container: str, *, versions: bool = True) -> Iterator[Blob]:
    """Every blob of a container, and its older versions. Raises Absent for a container that does not exist."""
    from azure.core.rest import HttpRequest

    client, marker = reader.blobs(account), ""
    while True:
        query = {"restype": "container", "comp": "list"}
        query |= {"include": "versions"} if versions else {}
        query |= {"marker": marker} if marker else {}
        with explained(f"{account}/{container}"):
            request = HttpRequest("GET", f"/{container}?{urlencode(query)}")
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


def locked_days(deployment: Deployment, container: Container) -> int | None:
    """The days for which a locked policy keeps each blob of a container; None without a locked policy."""
    policy = lake.immutable(deployment, str(container.body["id"]))
    if at(policy, "state") != "Locked":
        return None
    return int(at(policy, "immutabilityPeriodSinceCreationInDays", 0))
