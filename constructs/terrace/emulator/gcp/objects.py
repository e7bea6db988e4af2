"""Cloud Storage's objects, as far as the state backend and a bucket's emptying need them.

Uploads in one piece, reads by the JSON and by the XML interface, deletions, and generations, which are the lock.
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
from terrace.emulator.gcp.quirks import answers, required


@answers("storage", "objects.insert")
def _insert(call: Call) -> Json:
    bucket = call.key.rpartition("/")[0]
    required(call, bucket)
    if call.query.get("uploadType") == "resumable":
        raise Unsupported
    described, content, kind = _parts(call)
    name = str(described.get("name") or call.query.get("name", ""))
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
        **described,
        "name": name,
        "generation": str(generation + 1),
    }
    call.store.put(key, stored)
    call.store.put(f"{key}#content", {"base64": base64.b64encode(content).decode()})
    return stored


@answers("storage", "objects.get")
def _get(call: Call) -> Json | bytes:
    found = required(call, call.key)
    return _content(call, call.key) if call.query.get("alt") == "media" else found


@answers("storage", "objects.delete")
def _delete(call: Call) -> Json:
    required(call, call.key)
    _precondition(call, call.key)
    call.store.remove(call.key)
    return {}


@answers("storage", "objects.list")
def _list(call: Call) -> Json:
    required(call, call.key.rpartition("/")[0])
    prefix = call.query.get("prefix", "")
    found = [each for _, each in call.store.below(call.key) if each["name"].startswith(prefix)]
    if cut := call.query.get("delimiter"):
        within = {each["name"]: each["name"][len(prefix) :].partition(cut) for each in found}
        folders = sorted({f"{prefix}{head}{cut}" for head, sign, _ in within.values() if sign})
        return {
            "kind": "storage#objects",
            "items": [each for each in found if not within[each["name"]][1]],
            "prefixes": folders,
        }
    return {"kind": "storage#objects", "items": found}


@answers("storage", "objects.read")
def _read(call: Call) -> bytes:
    """`GET /BUCKET/OBJECT`, as the Go client reads."""
    bucket, _, name = call.path.partition("/")
    key = f"storage/b/{bucket}/o/{escaped(unquote(name))}"
    required(call, key)
    return _content(call, key)


def _content(call: Call, key: str) -> bytes:
    return base64.b64decode((call.store.get(f"{key}#content") or {}).get("base64", ""))


def _precondition(call: Call, key: str) -> int:
    """The generation of what is there, 0 for nothing. 412 where the caller counted on another."""
    there = int((call.store.get(key) or {}).get("generation", 0))
    if int(call.query.get("ifGenerationMatch", there)) != there:
        text = "At least one of the pre-conditions you specified did not hold."
        raise Refused(412, "FAILED_PRECONDITION", text)
    return there


def _parts(call: Call) -> tuple[Json, bytes, str]:
    """Description, content and its type, of an upload in one piece."""
    kind = call.headers.get("content-type", "")
    if call.query.get("uploadType") != "multipart":
        return {}, call.raw, kind or "application/octet-stream"
    head = f"Content-Type: {kind}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    boundary = email.message_from_bytes(head, policy=email.policy.HTTP).get_boundary()
    if not boundary:
        raise invalid("Invalid multipart request with 0 mime parts.")
    # not parsed as mail, whose parser would change the ends of lines in the content; clients end theirs in two ways
    first, second = call.raw.split(b"--" + boundary.encode())[1:3]
    described = json.loads(re.split(rb"\r?\n\r?\n", first, maxsplit=1)[1])
    headers, content = re.split(rb"\r?\n\r?\n", second, maxsplit=1)
    end = b"\r\n" if first.endswith(b"\r\n") else b"\n"
    named = email.message_from_bytes(headers.lstrip() + b"\r\n\r\n").get_content_type()
    return described, content.removesuffix(end), named
