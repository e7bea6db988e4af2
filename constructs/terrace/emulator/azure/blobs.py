"""The data plane of Blob storage, as far as Terraform's state and a deployment's own files need it: whole blobs, their
metadata, leases and lists.

A blob lies in the store below its container, so an account that goes takes it along. Source: the Blob service REST API.
"""

import time
import uuid
from base64 import b64encode
from email.utils import formatdate
from hashlib import md5
from urllib.parse import quote, unquote
from xml.etree import ElementTree

from terrace.emulator.azure.call import Answer, Call
from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.kind import Refused, Unsupported
from terrace.emulator.azure.store import Body, Item, Store

HOST = "blob.core.windows.net"
_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
_PAGE = 5000


class Blobs:
    """Answers for every account; which one it is, the host's first word says."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, call: Call) -> Answer:
        with self._store.lock:
            account = self._store.named("Microsoft.Storage/storageAccounts", call.host.split(".")[0])
            if account is None:  # on Azure the name does not resolve
                raise Refused(404, "ResourceNotFound", f"There is no storage account at {call.host}.")
            container, _, name = call.path.lstrip("/").partition("/")
            if not container:
                raise Unsupported
            holder = self._store.get(f"{account.id}/blobServices/default/containers/{container}")
            if holder is None:
                raise Refused(404, "ContainerNotFound", "The specified container does not exist.")
            answer = _blob(self._store, holder, name, call) if name else _container(self._store, holder, call)
        common = {"x-ms-version": "2023-11-03", "x-ms-request-id": str(uuid.uuid4()), "Date": formatdate(usegmt=True)}
        return Answer(answer.status, answer.body if answer.body is not None else b"", common | dict(answer.headers))


def _container(store: Store, holder: Item, call: Call) -> Answer:
    if call.method in ("GET", "HEAD") and call.query.get("comp") == "list":
        return Answer(200, _listing(store, holder, call), {"Content-Type": "application/xml"})
    if call.method in ("GET", "HEAD") and call.query.get("restype") == "container":
        return Answer(200, b"", {"ETag": f'"{holder.etag}"', "Last-Modified": formatdate(holder.created, usegmt=True)})
    raise Unsupported


def _listing(store: Store, holder: Item, call: Call) -> bytes:
    """Names in order, a page at a time; the marker is the name to go on with."""
    root = ElementTree.Element("EnumerationResults", ContainerName=parse(holder.id).name)
    blobs = ElementTree.SubElement(root, "Blobs")
    prefix, marker = call.query.get("prefix", ""), call.query.get("marker", "")
    size = int(call.query.get("maxresults", _PAGE))
    found = {unquote(parse(item.id).name): item for item in store.children(holder.id, "blobs")}
    wanted = sorted(name for name in found if name.startswith(prefix) and name >= marker)
    for name in wanted[:size]:
        blob = ElementTree.SubElement(blobs, "Blob")
        ElementTree.SubElement(blob, "Name").text = name
        properties = ElementTree.SubElement(blob, "Properties")
        for word, value in _properties(found[name]).items():
            ElementTree.SubElement(properties, word.replace("x-ms-blob-type", "BlobType")).text = value
    ElementTree.SubElement(root, "NextMarker").text = wanted[size] if len(wanted) > size else ""
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _blob(store: Store, holder: Item, name: str, call: Call) -> Answer:
    path = f"{holder.id}/blobs/{quote(name, safe='')}"
    item, part = store.get(path), call.query.get("comp", "")
    if part not in ("", "metadata", "lease"):
        raise Unsupported
    if call.method == "PUT" and not part:
        _free(item, call)
        kept = item.body if item else {}
        body = {"properties": {}, "content": call.raw, "metadata": _metadata(call), "lease": kept.get("lease", "")}
        body["type"] = call.headers.get("content-type", "application/octet-stream")
        item = Item(path, f"{_CONTAINERS}/blobs", body, created=time.time())
        store.write(item)
        return Answer(201, None, {"ETag": f'"{item.etag}"', "Last-Modified": formatdate(item.created, usegmt=True)})
    if item is None:
        raise Refused(404, "BlobNotFound", "The specified blob does not exist.")
    shown = _properties(item) | {f"x-ms-meta-{word}": value for word, value in item.body["metadata"].items()}
    if call.method in ("GET", "HEAD") and part in ("", "metadata"):
        return Answer(200, item.body["content"] if not part else None, shown)
    if call.method == "PUT" and part == "metadata":
        _free(item, call)
        item.body["metadata"] = _metadata(call)
        return Answer(200, None, shown)
    if call.method == "PUT" and part == "lease":
        return _lease(item, call)
    if call.method == "DELETE" and not part:
        _free(item, call)
        store.remove(path)
        return Answer(202)
    raise Unsupported


def _lease(item: Item, call: Call) -> Answer:
    """Source: "Lease Blob". One holder at a time; who breaks it need not be the holder."""
    action, given, held = (
        call.headers.get("x-ms-lease-action", ""),
        call.headers.get("x-ms-lease-id"),
        item.body["lease"],
    )
    if action == "acquire":
        wanted = call.headers.get("x-ms-proposed-lease-id") or str(uuid.uuid4())
        if held and held != wanted:
            raise Refused(409, "LeaseAlreadyPresent", "There is already a lease present.")
        item.body["lease"] = wanted
        return Answer(201, None, {"x-ms-lease-id": wanted})
    if action in ("release", "renew") and given != held:
        raise Refused(409, "LeaseIdMismatchWithLeaseOperation", "The lease ID specified did not match the lease ID.")
    if action not in ("release", "renew", "break"):
        raise Unsupported
    if action != "renew":
        item.body["lease"] = ""
    return Answer(202 if action == "break" else 200, None, {"x-ms-lease-id": held, "x-ms-lease-time": "0"})


def _free(item: Item | None, call: Call) -> None:
    """Refused unless nobody has a lease on the blob, or the caller does."""
    held = item.body["lease"] if item else ""
    if held and call.headers.get("x-ms-lease-id") != held:
        raise Refused(412, "LeaseIdMissing", "There is currently a lease on the blob and no lease ID was specified.")


def _properties(item: Item) -> dict[str, str]:
    content: bytes = item.body["content"]
    return {
        "Content-Length": str(len(content)),
        "Content-Type": item.body["type"],
        "Content-MD5": b64encode(md5(content, usedforsecurity=False).digest()).decode(),
        "ETag": f'"{item.etag}"',
        "Last-Modified": formatdate(item.created, usegmt=True),
        "x-ms-blob-type": "BlockBlob",
        "x-ms-lease-status": "locked" if item.body["lease"] else "unlocked",
        "x-ms-lease-state": "leased" if item.body["lease"] else "available",
    }


def _metadata(call: Call) -> Body:
    start = "x-ms-meta-"
    return {name.removeprefix(start): value for name, value in call.headers.items() if name.startswith(start)}
