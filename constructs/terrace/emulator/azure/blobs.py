"""The data plane of Blob storage: block blobs in one piece or in blocks, with ranges, metadata, versions, conditions,
leases, copies, lists and batches.

A blob is stored below its container, so deleting the account deletes it too; its versions are in `versions.py`.
Source: the Blob service REST API.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from email.utils import formatdate
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from terrace.emulator.azure import blob_lists, versions
from terrace.emulator.azure.blob_headers import (
    change_lease,
    metadata,
    read,
    require,
    require_lease,
    shown,
    stamps,
    written,
)
from terrace.emulator.azure.blocks import Uncommitted
from terrace.emulator.azure.call import Call, Response
from terrace.emulator.azure.kind import Refused, Unsupported
from terrace.emulator.azure.store import Body, Item, Store
from terrace.emulator.batch import answered

HOST = "blob.core.windows.net"
_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
_XML = {"Content-Type": "application/xml"}


class Blobs:
    """Serves every account; the host's first label names it. `check` raises if the caller may not make a request, or a
    part of a batch."""

    def __init__(self, store: Store, check: Callable[[Call], None]) -> None:
        self._store, self._check = store, check
        self._blocks = Uncommitted()

    def __call__(self, call: Call) -> Response:
        with self._store.lock:
            response = self._batch(call) if call.query.get("comp") == "batch" else self._respond(call)
        common = {"x-ms-version": "2023-11-03", "x-ms-request-id": str(uuid.uuid4()), "Date": formatdate(usegmt=True)}
        return Response(
            response.status, response.body if response.body is not None else b"", common | dict(response.headers)
        )

    def _respond(self, call: Call) -> Response:
        self._check(call)
        account = self._account(call.host)
        container, _, name = call.path.lstrip("/").partition("/")
        if not container:
            if call.method == "GET" and call.query.get("comp") == "list":
                return Response(200, blob_lists.containers(self._store, account), _XML)
            raise Unsupported
        parent = self._container(account, container)
        return self._blob(parent, name, call) if name else self._in_container(parent, call)

    def _account(self, host: str) -> Item:
        account = self._store.named("Microsoft.Storage/storageAccounts", host.split(".")[0])
        if account is None:  # on Azure the name does not resolve
            raise Refused(404, "ResourceNotFound", f"There is no storage account at {host}.")
        return account

    def _container(self, account: Item, name: str) -> Item:
        parent = self._store.get(f"{account.id}/blobServices/default/containers/{name}")
        if parent is None:
            raise Refused(404, "ContainerNotFound", "The specified container does not exist.")
        return parent

    def _in_container(self, parent: Item, call: Call) -> Response:
        if call.method in ("GET", "HEAD") and call.query.get("comp") == "list":
            return Response(200, blob_lists.blobs(self._store, parent, call), _XML)
        if call.method in ("GET", "HEAD") and call.query.get("restype") == "container":
            return Response(200, b"", stamps(parent))
        raise Unsupported

    def _blob(self, parent: Item, name: str, call: Call) -> Response:
        path = _path(parent, name)
        item, part = self._store.get(path), call.query.get("comp", "")
        if part not in ("", "metadata", "lease", "block", "blocklist"):
            raise Unsupported
        if version := call.query.get("versionid", ""):
            return self._old(parent, name, call, version)
        if call.method == "PUT" and part == "block":
            require_lease(item, call)
            self._blocks.put(path, call.query.get("blockid", ""), call.raw)
            return Response(201)
        if call.method == "GET" and part == "blocklist":
            which = call.query.get("blocklisttype", "committed").lower()
            return Response(200, self._blocks.listing(path, item, which), _XML)
        require(item, call)
        if call.method == "PUT" and part in ("", "blocklist"):
            require_lease(item, call)
            return self._write(parent, path, item, call, part)
        if item is None:
            raise Refused(404, "BlobNotFound", "The specified blob does not exist.")
        if call.method in ("GET", "HEAD") and part in ("", "metadata"):
            headers = shown(item)
            if not part:
                return read(item, call)
            del headers["Content-Length"]  # the answer has no body
            return Response(200, None, headers)
        if call.method == "PUT" and part == "metadata":
            require_lease(item, call)
            return Response(200, None, stamps(self._put(parent, path, item, item.body | {"metadata": metadata(call)})))
        if call.method == "PUT" and part == "lease":
            return change_lease(item, call)
        if call.method == "DELETE" and not part:
            require_lease(item, call)
            versions.keep(self._store, parent, item)
            self._store.remove(path)
            self._blocks.drop(path)
            return Response(202)
        raise Unsupported

    def _write(self, parent: Item, path: str, item: Item | None, call: Call, part: str) -> Response:
        """Put Blob, Put Block List, Copy Blob and Put Blob From URL."""
        status, headers = 201, {}
        if call.headers.get("x-ms-blob-type", "BlockBlob") != "BlockBlob":
            raise Unsupported
        if source := call.headers.get("x-ms-copy-source"):
            body = self._copied(source, call)
            status = 201 if "x-ms-blob-type" in call.headers else 202
            headers = {"x-ms-copy-id": str(uuid.uuid4()), "x-ms-copy-status": "success"}
        elif part:
            content, blocks = self._blocks.commit(path, item, call.raw)
            body = written(call, content, is_list=True) | {"blocks": blocks}
        else:
            body = written(call, call.raw)
        self._blocks.drop(path)
        new = self._put(parent, path, item, body | {"lease": item.body.get("lease", "") if item else ""})
        return Response(status, None, stamps(new) | headers)

    def _put(self, parent: Item, path: str, item: Item | None, body: Body) -> Item:
        new = Item(path, f"{_CONTAINERS}/blobs", dict(body), created=time.time())
        new = versions.replaced(self._store, parent, item, new)
        self._store.write(new)
        return new

    def _copied(self, url: str, call: Call) -> Body:
        """The body of a copy, made at once. Source: "Copy Blob"."""
        source = urlsplit(url)
        container, _, name = unquote(source.path).lstrip("/").partition("/")
        parent = self._container(self._account(source.netloc), container)
        version = dict(parse_qsl(source.query)).get("versionid", "")
        item = self._find(parent, name, version) if version else self._store.get(_path(parent, name))
        if item is None:
            raise Refused(404, "BlobNotFound", "The specified blob does not exist.")
        require(item, call, "x-ms-source-")
        return item.body | ({"metadata": given} if (given := metadata(call)) else {})

    def _find(self, parent: Item, name: str, version: str) -> Item:
        """One version of a blob, the current one included."""
        current = self._store.get(_path(parent, name))
        every = [*versions.of(self._store, parent).get(name, []), *([current] if current else [])]
        item = next((each for each in every if each.body.get("version") == version), None)
        if item is None and not versions.is_id(version):
            raise Refused(400, "InvalidQueryParameterValue", "Value for one of the query parameters is invalid.")
        if item is None:
            raise Refused(404, "BlobNotFound", "The specified blob does not exist.")
        return item

    def _old(self, parent: Item, name: str, call: Call, version: str) -> Response:
        """Reading or deleting one version."""
        item = self._find(parent, name, version)
        require(item, call)
        if call.method in ("GET", "HEAD"):
            return read(item, call)
        if call.method == "DELETE" and item is not self._store.get(_path(parent, name)):
            self._store.remove(item.id)
            return Response(202)
        raise Unsupported

    def _batch(self, call: Call) -> Response:
        def answer(http: str, target: str, headers: dict[str, str], raw: bytes) -> tuple[int, Mapping[str, str], bytes]:
            url = urlsplit(target)
            signed = {"authorization": call.headers["authorization"]} | headers
            one = Call(http, call.host, unquote(url.path), dict(parse_qsl(url.query)), signed, raw)
            try:
                response = self._respond(one)
                return response.status, response.headers, b""
            except Refused as refused:
                return refused.status, {"x-ms-error-code": refused.code}, b""

        done = answered(call.headers.get("content-type", ""), call.raw, answer, "{}")
        if call.method != "POST" or done is None:
            raise Refused(400, "InvalidInput", "One of the request inputs is not valid.")
        return Response(202, done[1], {"Content-Type": done[0]})


def _path(parent: Item, name: str) -> str:
    return f"{parent.id}/blobs/{quote(name, safe='')}"
