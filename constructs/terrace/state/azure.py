"""The state home on Azure: the container `state` of a storage account, reached by identity and never with a key.
Source: Azure Storage, "Specifying conditional headers for Blob service operations", "Blob versioning".
"""

import base64
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from terrace.azure import names
from terrace.azure.state import CONTAINER
from terrace.calls import azure
from terrace.capabilities.target import Target
from terrace.state import Conflict, Lock, Stored, Version, lock_info

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.rest import HttpResponse

_LOCK = "x-ms-meta-terraformlockid"
_NOT_A_VERSION = "InvalidQueryParameterValue"


def home(target: Target, variables: Mapping[str, str]) -> "ContainerHome":
    """The container of the project's states in the target's subscription."""
    if dict(variables) == dict(os.environ):
        variables = os.environ
    account, options = names.state_bucket(target), azure.transport(variables)
    credential = azure.credential(variables, names.settings(target).tenant_id, **options)
    return ContainerHome(azure.blobs(account, credential, options), account)


@dataclass(frozen=True)
class ContainerHome:
    """A container of a versioned account. An object's tag is its ETag. While Terraform holds a lock, which is a lease,
    writing the state is a Conflict."""

    client: "PipelineClient[Any, Any]"
    account: str

    @property
    def place(self) -> str:
        return f"{azure.blob_url(self.account)}/{CONTAINER}"

    def read(self, name: str, *, version: str = "") -> Stored | None:
        found = self._ask("GET", name, {"versionid": version} if version else {}, none=("BlobNotFound", _NOT_A_VERSION))
        return Stored(found.read(), found.headers["ETag"]) if found else None

    def write(self, name: str, content: bytes, *, after: str | None = None, new: bool = False) -> str:
        condition = {"If-None-Match": "*"} if new else {"If-Match": after} if after is not None else {}
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/octet-stream", **condition}
        refusals = ("BlobAlreadyExists", "ConditionNotMet", "LeaseIdMissing")
        found = self._ask("PUT", name, headers=headers, content=content, none=refusals)
        if found is None:
            reason = f"{name} exists already" if new else f"another process has changed or locked {name}"
            raise Conflict(reason, where=self.place)
        return str(found.headers["ETag"])

    def delete(self, name: str) -> None:
        self._ask("DELETE", name, none=("BlobNotFound",))

    def names(self, prefix: str) -> list[str]:
        return sorted(str(blob.findtext("Name")) for blob in self._list(prefix))

    def versions(self, name: str) -> list[Version]:
        found = [
            Version(
                str(blob.findtext("VersionId") or ""),
                parsedate_to_datetime(str(blob.findtext("Properties/Last-Modified"))).astimezone(UTC),
                int(blob.findtext("Properties/Content-Length") or 0),
            )
            for blob in self._list(name, include="versions")
            if blob.findtext("Name") == name
        ]
        return sorted(found, key=lambda version: version.id, reverse=True)  # an id is the time of the write

    def lock(self, state: str) -> Lock | None:
        found = self._ask("HEAD", state, none=("BlobNotFound",))
        if found is None or found.headers.get("x-ms-lease-status") != "locked":
            return None
        try:
            content = base64.b64decode(found.headers.get(_LOCK, ""))
        except ValueError:
            content = b""
        return lock_info.parsed(content)

    @contextmanager
    def hold(self, state: str) -> Iterator[Callable[[bytes], object]]:
        """A lease on the blob, which is made empty if there is none, as Terraform's backend does."""
        if self._ask("HEAD", state, none=("BlobNotFound",)) is None:
            self.write(state, b"", new=True)
        acquire = {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"}
        leased = self._ask("PUT", state, {"comp": "lease"}, headers=acquire, none=("LeaseAlreadyPresent",))
        if leased is None:
            raise Conflict(f"another process holds the lock of {state}", where=self.place)
        lease = {"x-ms-lease-id": str(leased.headers["x-ms-lease-id"])}
        info = {_LOCK: base64.b64encode(lock_info.own(state)).decode()}
        kind = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/octet-stream"}
        try:
            self._ask("PUT", state, {"comp": "metadata"}, headers=lease | info)
            yield lambda content: self._ask("PUT", state, headers=lease | kind, content=content)
        finally:
            self._ask("PUT", state, {"comp": "metadata"}, headers=lease)
            self._ask("PUT", state, {"comp": "lease"}, headers=lease | {"x-ms-lease-action": "release"})

    def _list(self, prefix: str, **more: str) -> Iterator[ElementTree.Element]:
        marker = ""
        while True:
            query = {"restype": "container", "comp": "list", "prefix": prefix, **more}
            response = self._ask("GET", "", query | ({"marker": marker} if marker else {}))
            assert response
            page = ElementTree.fromstring(response.read())
            yield from page.iter("Blob")
            marker = str(page.findtext("NextMarker") or "")
            if not marker:
                return

    def _ask(
        self,
        method: str,
        name: str,
        query: Mapping[str, str] | None = None,
        *,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
        none: tuple[str, ...] = (),
    ) -> "HttpResponse | None":
        """A response; None if Azure refuses the request with one of the codes in `none`."""
        from azure.core.rest import HttpRequest

        path = f"/{CONTAINER}" + (f"/{quote(name)}" if name else "")
        with azure.explained(f"{self.account}/{CONTAINER}"):
            request = HttpRequest(method, f"{path}?{urlencode(query or {})}", headers=headers, content=content)
            request.url = self.client.format_url(request.url)
            response: HttpResponse = self.client.send_request(request)
            if response.headers.get("x-ms-error-code") in none:
                return None
            response.raise_for_status()
            return response
