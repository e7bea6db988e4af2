"""Cloud Storage's objects, as far as the state backend and emptying a bucket need them.

Single-request uploads, reads through the JSON and XML APIs, deletes, and generations for locking.
Sources: Cloud Storage JSON API, "Objects: insert", "Preconditions"; the Go client's reader.
"""

import base64
import email
import email.policy
import hashlib
import json
import re
from urllib.parse import unquote

from terrace.emulator.gcp.call import Call, Refused, Unsupported, escaped, invalid, last
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import now
from terrace.emulator.gcp.quirks import required, responds


@responds("storage", "objects.insert")
def _insert(call: Call) -> Json:
    bucket = call.key.rpartition("/")[0]
    required(call, bucket)
    if call.query.get("uploadType") == "resumable":
        raise Unsupported
    metadata, content, kind = _parts(call)
    name = str(metadata.get("name") or call.query.get("name", ""))
    if not name:
        raise invalid("Required parameter: name")
    key = f"{call.key}/{escaped(name)}"
    generation = _precondition(call, key)
    stored = {
        "kind": "storage#object",
        "id": f"{last(bucket)}/{name}/{generation + 1}",
        "bucket": last(bucket),
        "contentType": kind,
        "storageClass": "STANDARD",
        "size": str(len(content)),
        "timeCreated": now(),
        "updated": now(),
        "metageneration": "1",
        "md5Hash": base64.b64encode(hashlib.md5(content).digest()).decode(),
        **metadata,
        "name": name,
        "generation": str(generation + 1),
    }
    call.store.put(key, stored)
    call.store.put(f"{key}#content", {"base64": base64.b64encode(content).decode()})
    return stored


@responds("storage", "objects.get")
def _get(call: Call) -> Json | bytes:
    metadata = required(call, call.key)
    return _content(call, call.key) if call.query.get("alt") == "media" else metadata


@responds("storage", "objects.delete")
def _delete(call: Call) -> Json:
    required(call, call.key)
    _precondition(call, call.key)
    call.store.remove(call.key)
    return {}


@responds("storage", "objects.list")
def _list(call: Call) -> Json:
    required(call, call.key.rpartition("/")[0])
    prefix = call.query.get("prefix", "")
    objects = [each for _, each in call.store.below(call.key) if each["name"].startswith(prefix)]
    if delimiter := call.query.get("delimiter"):
        parts = {each["name"]: each["name"][len(prefix) :].partition(delimiter) for each in objects}
        folders = sorted({f"{prefix}{head}{delimiter}" for head, separator, _ in parts.values() if separator})
        return {
            "kind": "storage#objects",
            "items": [each for each in objects if not parts[each["name"]][1]],
            "prefixes": folders,
        }
    return {"kind": "storage#objects", "items": objects}


@responds("storage", "objects.read")
def _read(call: Call) -> bytes:
    """`GET /BUCKET/OBJECT`, which the Go client uses."""
    bucket, _, name = call.path.partition("/")
    key = f"storage/b/{bucket}/o/{escaped(unquote(name))}"
    required(call, key)
    return _content(call, key)


def _content(call: Call, key: str) -> bytes:
    return base64.b64decode((call.store.get(f"{key}#content") or {}).get("base64", ""))


def _precondition(call: Call, key: str) -> int:
    """The current generation, 0 for no object. Refused with 412 if the caller expects another one."""
    generation = int((call.store.get(key) or {}).get("generation", 0))
    if int(call.query.get("ifGenerationMatch", generation)) != generation:
        text = "At least one of the pre-conditions you specified did not hold."
        raise Refused(412, "FAILED_PRECONDITION", text)
    return generation


def _parts(call: Call) -> tuple[Json, bytes, str]:
    """Metadata, content and content type of a single-request upload."""
    kind = call.headers.get("content-type", "")
    if call.query.get("uploadType") != "multipart":
        return {}, call.raw, kind or "application/octet-stream"
    head = f"Content-Type: {kind}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    boundary = email.message_from_bytes(head, policy=email.policy.HTTP).get_boundary()
    if not boundary:
        raise invalid("Invalid multipart request with 0 mime parts.")
    # the mail parser would change line endings in the content; clients use two kinds of line endings
    first, second = call.raw.split(b"--" + boundary.encode())[1:3]
    metadata = json.loads(re.split(rb"\r?\n\r?\n", first, maxsplit=1)[1])
    headers, content = re.split(rb"\r?\n\r?\n", second, maxsplit=1)
    end = b"\r\n" if first.endswith(b"\r\n") else b"\n"
    content_type = email.message_from_bytes(headers.lstrip() + b"\r\n\r\n").get_content_type()
    return metadata, content.removesuffix(end), content_type
