"""The data plane of Blob storage that Terraform's state and a deployment's own files need: complete blobs, their
metadata, versions, conditions, leases and lists.

A blob is stored below its container, so deleting the account deletes it too; its versions are in `versions.py`.
Source: the Blob service REST API.
"""

import time
import uuid
from base64 import b64encode
from email.utils import formatdate
from hashlib import md5
from urllib.parse import quote, unquote
from xml.etree import ElementTree

from terrace.emulator.azure import versions
from terrace.emulator.azure.call import Call, Response
from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.kind import Refused, Unsupported
from terrace.emulator.azure.store import Body, Item, Store

HOST = "blob.core.windows.net"
_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
_PAGE = 5000


class Blobs:
    """Serves every account; the host's first label names it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, call: Call) -> Response:
        with self._store.lock:
            account = self._store.named("Microsoft.Storage/storageAccounts", call.host.split(".")[0])
            if account is None:  # on Azure the name does not resolve
                raise Refused(404, "ResourceNotFound", f"There is no storage account at {call.host}.")
            container, _, name = call.path.lstrip("/").partition("/")
            if not container:
                raise Unsupported
            parent = self._store.get(f"{account.id}/blobServices/default/containers/{container}")
            if parent is None:
                raise Refused(404, "ContainerNotFound", "The specified container does not exist.")
            response = _blob(self._store, parent, name, call) if name else _container(self._store, parent, call)
        common = {"x-ms-version": "2023-11-03", "x-ms-request-id": str(uuid.uuid4()), "Date": formatdate(usegmt=True)}
        return Response(
            response.status, response.body if response.body is not None else b"", common | dict(response.headers)
        )


def _container(store: Store, parent: Item, call: Call) -> Response:
    if call.method in ("GET", "HEAD") and call.query.get("comp") == "list":
        return Response(200, _listing(store, parent, call), {"Content-Type": "application/xml"})
    if call.method in ("GET", "HEAD") and call.query.get("restype") == "container":
        return Response(200, b"", _version(parent))
    raise Unsupported


def _listing(store: Store, parent: Item, call: Call) -> bytes:
    """Names in order, in pages; the marker is the first name of the next page."""
    root = ElementTree.Element("EnumerationResults", ContainerName=parse(parent.id).name)
    blobs = ElementTree.SubElement(root, "Blobs")
    prefix, marker = call.query.get("prefix", ""), call.query.get("marker", "")
    size = int(call.query.get("maxresults", _PAGE))
    items = {unquote(parse(item.id).name): item for item in store.children(parent.id, "blobs")}
    old = versions.of(store, parent) if "versions" in call.query.get("include", "") else {}
    names = sorted(name for name in {*items, *old} if name.startswith(prefix) and name >= marker)
    for name in names[:size]:
        current = [items[name]] if name in items else []
        for item in [*old.get(name, []), *current]:
            blob = ElementTree.SubElement(blobs, "Blob")
            ElementTree.SubElement(blob, "Name").text = name
            if version := item.body.get("version"):
                ElementTree.SubElement(blob, "VersionId").text = version
            if item in current:
                ElementTree.SubElement(blob, "IsCurrentVersion").text = "true"
            properties = ElementTree.SubElement(blob, "Properties")
            for word, value in _properties(item).items():
                ElementTree.SubElement(properties, word.replace("x-ms-blob-type", "BlobType")).text = value
    ElementTree.SubElement(root, "NextMarker").text = names[size] if len(names) > size else ""
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _blob(store: Store, parent: Item, name: str, call: Call) -> Response:
    path = f"{parent.id}/blobs/{quote(name, safe='')}"
    item, part, version = store.get(path), call.query.get("comp", ""), call.query.get("versionid", "")
    if part not in ("", "metadata", "lease"):
        raise Unsupported
    if version:
        return _old(store, parent, name, call, version)
    if call.method == "PUT" and not part:
        _require_condition(item, call)
        _require_lease(item, call)
        lease = item.body.get("lease", "") if item else ""
        body = {"properties": {}, "content": call.raw, "metadata": _metadata(call), "lease": lease}
        body["type"] = call.headers.get("content-type", "application/octet-stream")
        written = versions.replaced(store, parent, item, Item(path, f"{_CONTAINERS}/blobs", body, created=time.time()))
        store.write(written)
        return Response(201, None, _version(written))
    if item is None:
        raise Refused(404, "BlobNotFound", "The specified blob does not exist.")
    if call.method in ("GET", "HEAD") and part in ("", "metadata"):
        shown = _shown(item)
        if part:
            del shown["Content-Length"]  # the answer has no body
        return Response(200, item.body["content"] if not part else None, shown)
    if call.method == "PUT" and part == "metadata":
        _require_lease(item, call)
        body = item.body | {"metadata": _metadata(call)}
        written = versions.replaced(store, parent, item, Item(path, item.type, body, created=time.time()))
        store.write(written)
        return Response(200, None, _version(written))
    if call.method == "PUT" and part == "lease":
        return _lease(item, call)
    if call.method == "DELETE" and not part:
        _require_condition(item, call)
        _require_lease(item, call)
        versions.keep(store, parent, item)
        store.remove(path)
        return Response(202)
    raise Unsupported


def _old(store: Store, parent: Item, name: str, call: Call, version: str) -> Response:
    """Reading or deleting one version, the current one included."""
    current = store.get(f"{parent.id}/blobs/{quote(name, safe='')}")
    every = [*versions.of(store, parent).get(name, []), *([current] if current else [])]
    item = next((each for each in every if each.body.get("version") == version), None)
    if item is None:
        if not versions.is_id(version):
            raise Refused(400, "InvalidQueryParameterValue", "Value for one of the query parameters is invalid.")
        raise Refused(404, "BlobNotFound", "The specified blob does not exist.")
    if call.method in ("GET", "HEAD"):
        return Response(200, item.body["content"], _shown(item))
    if call.method == "DELETE" and item is not current:
        store.remove(item.id)
        return Response(202)
    raise Unsupported


def _require_condition(item: Item | None, call: Call) -> None:
    """Source: "Specifying conditional headers for Blob service operations"."""
    if item and call.headers.get("if-none-match") == "*":
        raise Refused(409, "BlobAlreadyExists", "The specified blob already exists.")
    expected = call.headers.get("if-match", "*")
    if expected != "*" and (item is None or expected.strip('"') != item.etag):
        raise Refused(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")


def _lease(item: Item, call: Call) -> Response:
    """Source: "Lease Blob". One holder at a time; any caller can break the lease."""
    action, given = call.headers.get("x-ms-lease-action", ""), call.headers.get("x-ms-lease-id")
    current = item.body["lease"]
    if action == "acquire":
        lease = call.headers.get("x-ms-proposed-lease-id") or str(uuid.uuid4())
        if current and current != lease:
            raise Refused(409, "LeaseAlreadyPresent", "There is already a lease present.")
        item.body["lease"] = lease
        return Response(201, None, {"x-ms-lease-id": lease})
    if action in ("release", "renew") and given != current:
        raise Refused(409, "LeaseIdMismatchWithLeaseOperation", "The lease ID specified did not match the lease ID.")
    if action not in ("release", "renew", "break"):
        raise Unsupported
    if action != "renew":
        item.body["lease"] = ""
    return Response(202 if action == "break" else 200, None, {"x-ms-lease-id": current, "x-ms-lease-time": "0"})


def _require_lease(item: Item | None, call: Call) -> None:
    """Raise Refused when another caller has a lease on the blob."""
    lease = item.body["lease"] if item else ""
    if lease and call.headers.get("x-ms-lease-id") != lease:
        raise Refused(412, "LeaseIdMissing", "There is currently a lease on the blob and no lease ID was specified.")


def _version(item: Item) -> dict[str, str]:
    stamps = {"ETag": f'"{item.etag}"', "Last-Modified": formatdate(item.created, usegmt=True)}
    return stamps | ({"x-ms-version-id": item.body["version"]} if item.body.get("version") else {})


def _shown(item: Item) -> dict[str, str]:
    return _properties(item) | {f"x-ms-meta-{word}": value for word, value in item.body["metadata"].items()}


def _properties(item: Item) -> dict[str, str]:
    content: bytes = item.body["content"]
    return {
        "Content-Length": str(len(content)),
        "Content-Type": item.body["type"],
        "Content-MD5": b64encode(md5(content, usedforsecurity=False).digest()).decode(),
        "x-ms-blob-type": "BlockBlob",
        "x-ms-lease-status": "locked" if item.body["lease"] else "unlocked",
        "x-ms-lease-state": "leased" if item.body["lease"] else "available",
    } | _version(item)


def _metadata(call: Call) -> Body:
    start = "x-ms-meta-"
    return {name.removeprefix(start): value for name, value in call.headers.items() if name.startswith(start)}
