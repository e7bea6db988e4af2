"""Headers of a blob: its properties, the conditions of a request, leases and ranges.

Sources: Blob service REST API, "Get Blob", "Specifying the range header for Blob service operations", "Specifying
conditional headers for Blob service operations", "Lease Blob".
"""

import re
import uuid
from base64 import b64encode
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from hashlib import md5

from terrace.emulator.azure.call import Call, Response
from terrace.emulator.azure.kind import Refused, Unsupported
from terrace.emulator.azure.store import Body, Item

_SETTINGS = ("Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language")


def written(call: Call, content: bytes, is_list: bool = False) -> Body:
    """What the headers of a write say about a blob. Refused if the content is not what its checksum says."""
    sum = b64encode(md5(content, usedforsecurity=False).digest()).decode()
    given = call.headers.get("x-ms-blob-content-md5" if is_list else "content-md5", "")
    if not is_list and given not in ("", sum):
        raise Refused(400, "Md5Mismatch", "The MD5 value specified in the request did not match the calculated value.")
    kind = "" if is_list else call.headers.get("content-type", "")
    return {
        "properties": {},
        "content": content,
        "metadata": metadata(call),
        "md5": given if is_list else sum,  # none for a list of blocks, unless the caller gives one
        "type": call.headers.get("x-ms-blob-content-type") or kind or "application/octet-stream",
        "settings": {
            name: value for name in _SETTINGS if (value := call.headers.get(f"x-ms-blob-{name.lower()}")) is not None
        },
    }


def metadata(call: Call) -> Body:
    start = "x-ms-meta-"
    return {name.removeprefix(start): value for name, value in call.headers.items() if name.startswith(start)}


def stamps(item: Item) -> dict[str, str]:
    times = {"ETag": f'"{item.etag}"', "Last-Modified": formatdate(item.created, usegmt=True)}
    return times | ({"x-ms-version-id": item.body["version"]} if item.body.get("version") else {})


def properties(item: Item) -> dict[str, str]:
    sum = item.body.get("md5", "")
    return {
        "Content-Length": str(len(item.body["content"])),
        "Content-Type": item.body["type"],
        **({"Content-MD5": sum} if sum else {}),
        **item.body.get("settings", {}),
        "x-ms-blob-type": "BlockBlob",
        "x-ms-lease-status": "locked" if item.body["lease"] else "unlocked",
        "x-ms-lease-state": "leased" if item.body["lease"] else "available",
    } | stamps(item)


def shown(item: Item) -> dict[str, str]:
    return properties(item) | {f"x-ms-meta-{word}": value for word, value in item.body["metadata"].items()}


def read(item: Item, call: Call) -> Response:
    """The content, or the range of it that the caller asks for."""
    content: bytes = item.body["content"]
    headers = shown(item) | {"Accept-Ranges": "bytes"}
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", call.headers.get("x-ms-range") or call.headers.get("range", ""))
    if match is None:
        return Response(200, content, headers)
    size = len(content)
    start, end = int(match[1]), min(int(match[2] or size) + 1, size)
    if start >= size:
        refused = Refused(416, "InvalidRange", "The range specified is invalid for the current size of the resource.")
        refused.headers = {"Content-Range": f"bytes */{size}"}
        raise refused
    part = content[start:end]
    if whole := headers.pop("Content-MD5", ""):
        headers["x-ms-blob-content-md5"] = whole
    if call.headers.get("x-ms-range-get-content-md5") == "true":
        headers["Content-MD5"] = b64encode(md5(part, usedforsecurity=False).digest()).decode()
    headers |= {"Content-Range": f"bytes {start}-{end - 1}/{size}", "Content-Length": str(len(part))}
    return Response(206, part, headers)


def require(item: Item | None, call: Call, prefix: str = "") -> None:
    """Refused if a condition does not hold. `prefix` is `x-ms-source-` for the source of a copy."""
    is_read = call.method in ("GET", "HEAD")
    match, none = call.headers.get(f"{prefix}if-match"), call.headers.get(f"{prefix}if-none-match")
    if none == "*" and item is not None and not is_read:
        raise Refused(409, "BlobAlreadyExists", "The specified blob already exists.")
    since = call.headers.get(f"{prefix}if-modified-since")
    until = call.headers.get(f"{prefix}if-unmodified-since")
    changed = datetime.fromtimestamp(int(item.created), UTC) if item else None
    unchanged = item is not None and none is not None and none.strip('"') in ("*", item.etag)
    if unchanged or (since and changed and changed <= parsedate_to_datetime(since)):
        status = 304 if is_read and not prefix else 412
        raise Refused(status, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
    differs = match is not None and (item is None or match.strip('"') not in ("*", item.etag))
    if differs or (until and changed and changed > parsedate_to_datetime(until)):
        raise Refused(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")


def require_lease(item: Item | None, call: Call) -> None:
    """Refused when another caller has a lease on the blob."""
    lease = item.body["lease"] if item else ""
    if lease and call.headers.get("x-ms-lease-id") != lease:
        raise Refused(412, "LeaseIdMissing", "There is currently a lease on the blob and no lease ID was specified.")


def change_lease(item: Item, call: Call) -> Response:
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
