"""Cloud Storage's objects, as far as the state backend and emptying a bucket need them.

Single-request uploads, reads through the JSON and XML APIs, deletes, generations for locking, and noncurrent versions
in buckets that have versioning. A version is additional data of its bucket.
Sources: Cloud Storage JSON API, "Objects: insert", "Preconditions", "Object Versioning"; the Go client's reader.
"""

import base64
import email
import email.policy
import hashlib
import json
import re
import time
from urllib.parse import unquote

from terrace.emulator.gcp.call import Call, Refused, Unsupported, escaped, invalid, last
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import now
from terrace.emulator.gcp.quirks import required, responds


@responds("storage", "objects.insert")
def _insert(call: Call) -> Json:
    bucket = _bucket(call)
    if call.query.get("uploadType") == "resumable":
        raise Unsupported
    metadata, content, kind = _parts(call)
    name = str(metadata.get("name") or call.query.get("name", ""))
    if not name:
        raise invalid("Required parameter: name")
    key = f"{call.key}/{escaped(name)}"
    _precondition(call, key)
    _keep(call, key)
    generation = max(time.time_ns() // 1000, _newest(call, key) + 1)  # Google's are microseconds too
    stored = {
        "kind": "storage#object",
        "id": f"{last(bucket)}/{name}/{generation}",
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
        "generation": str(generation),
    }
    call.store.put(key, stored)
    call.store.put(f"{key}#content", {"base64": base64.b64encode(content).decode()})
    return stored


@responds("storage", "objects.get")
def _get(call: Call) -> Json | bytes:
    _bucket(call)
    metadata, content = _found(call)
    return content if call.query.get("alt") == "media" else metadata


@responds("storage", "objects.delete")
def _delete(call: Call) -> Json:
    _bucket(call)
    metadata, _ = _found(call)
    _precondition(call, call.key)
    if "generation" not in call.query:
        _keep(call, call.key)
    if metadata == call.store.get(call.key):
        call.store.remove(call.key)
    else:
        call.store.remove(f"{_versions(call.key)}/{metadata['generation']}")
    return {}


@responds("storage", "objects.list")
def _list(call: Call) -> Json:
    bucket = _bucket(call)
    prefix = call.query.get("prefix", "")
    objects = [each for _, each in call.store.below(call.key)]
    if call.query.get("versions", "").lower() == "true":
        objects += [version["metadata"] for _, version in call.store.data(f"{bucket}#versions/")]
        objects.sort(key=lambda each: (each["name"], int(each["generation"])))
    objects = [each for each in objects if each["name"].startswith(prefix)]
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


def _bucket(call: Call) -> str:
    """The key of the object's bucket. Refused with 404 if the bucket does not exist."""
    key = re.sub(r"/o(/.*)?$", "", call.key)
    if key not in call.store:
        raise Refused(404, "NOT_FOUND", "The specified bucket does not exist.")
    return key


def _found(call: Call) -> tuple[Json, bytes]:
    """An object, or the generation of it that the caller names. Refused with 404."""
    key, generation = call.key, call.query.get("generation", "")
    metadata = call.store.get(key)
    if metadata and generation in ("", metadata["generation"]):
        return metadata, _content(call, key)
    if version := call.store.get(f"{_versions(key)}/{generation}") if generation else None:
        return version["metadata"], base64.b64decode(version["base64"])
    bucket, _, name = key.removeprefix("storage/b/").partition("/o/")
    raise Refused(404, "NOT_FOUND", f"No such object: {bucket}/{unquote(name)}")


def _versions(key: str) -> str:
    bucket, _, name = key.partition("/o/")
    return f"{bucket}#versions/{name}"


def _keep(call: Call, key: str) -> None:
    """Keep an object that is replaced or deleted as a noncurrent version, if its bucket has versioning."""
    metadata, bucket = call.store.get(key), call.store.get(key.partition("/o/")[0]) or {}
    if metadata and bucket.get("versioning", {}).get("enabled"):
        content = (call.store.get(f"{key}#content") or {}).get("base64", "")
        version = {"metadata": {**metadata, "timeDeleted": now()}, "base64": content}
        call.store.put(f"{_versions(key)}/{metadata['generation']}", version)


def _newest(call: Call, key: str) -> int:
    """The newest generation of an object, 0 for none."""
    kept = [int(version.rpartition("/")[2]) for version, _ in call.store.data(f"{_versions(key)}/")]
    return max([*kept, int((call.store.get(key) or {}).get("generation", 0))])


def _content(call: Call, key: str) -> bytes:
    return base64.b64decode((call.store.get(f"{key}#content") or {}).get("base64", ""))


def _precondition(call: Call, key: str) -> None:
    """Refused with 412 if the caller expects another generation than the current one; 0 is no object."""
    generation = int((call.store.get(key) or {}).get("generation", 0))
    if int(call.query.get("ifGenerationMatch", generation)) != generation:
        text = "At least one of the pre-conditions you specified did not hold."
        raise Refused(412, "FAILED_PRECONDITION", text)


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
