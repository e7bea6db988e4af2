"""The generations of objects: storing, finding, replacing and deleting one, and the preconditions of a request.

An object's resource is its live generation; noncurrent ones are additional data of its bucket, which keeps them if it
has versioning. Sources: Cloud Storage, "Object Versioning", "Request preconditions".
"""

import base64
import hashlib
import re
import time
from urllib.parse import unquote

import google_crc32c

from terrace.emulator.gcp.call import Call, Refused, escaped, invalid, last
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import now


def bucket_of(call: Call, key: str) -> str:
    """The key of an object's bucket. Refused with 404 if the bucket does not exist."""
    bucket = re.sub(r"/o(/.*)?$", "", key)
    if bucket not in call.store:
        raise Refused(404, "NOT_FOUND", "The specified bucket does not exist.")
    return bucket


def write(call: Call, bucket: str, name: str, content: bytes, metadata: Json) -> Json:
    """A new live generation of an object; `metadata` are the fields that the caller sets."""
    if not name:
        raise invalid("Required parameter: name")
    key = f"{bucket}/o/{escaped(name)}"
    sums = {
        "md5Hash": base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode(),
        "crc32c": base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode(),
    }
    for field, value in sums.items():
        if metadata.get(field, value) != value:
            raise invalid(f'Provided {field} "{metadata[field]}" doesn\'t match calculated {field} "{value}".')
    generation = max(time.time_ns() // 1000, _newest(call, key) + 1)  # Google's are microseconds too
    retire(call, key)
    stored = {
        "kind": "storage#object",
        "id": f"{last(bucket)}/{name}/{generation}",
        "bucket": last(bucket),
        "contentType": "application/octet-stream",
        "storageClass": "STANDARD",
        "timeCreated": now(),
        "updated": now(),
        **metadata,
        **sums,
        "size": str(len(content)),
        "metageneration": "1",
        "name": name,
        "generation": str(generation),
    }
    stored["etag"] = etag(stored)
    call.store.put(key, stored)
    call.cloud.contents.put(_content(stored), content)
    return stored


def find(call: Call, key: str, generation: str = "") -> Json:
    """The metadata of the live generation or the named one. Refused with 404."""
    metadata = call.store.get(key)
    if metadata and generation in ("", metadata["generation"]):
        return metadata
    if generation and (noncurrent := call.store.get(f"{_noncurrent(key)}/{generation}")):
        return noncurrent
    bucket, _, name = key.removeprefix("storage/b/").partition("/o/")
    raise Refused(404, "NOT_FOUND", f"No such object: {bucket}/{unquote(name)}")


def read(call: Call, metadata: Json, start: int = 0, end: int | None = None) -> bytes:
    """The bytes of a generation from `start` up to `end`."""
    return call.cloud.contents.read(_content(metadata), start, end)


def retire(call: Call, key: str) -> None:
    """End the live generation: it becomes noncurrent if the bucket has versioning, else it is deleted."""
    metadata, bucket = call.store.get(key), call.store.get(key.partition("/o/")[0]) or {}
    if metadata is None:
        return
    if bucket.get("versioning", {}).get("enabled"):
        call.store.put(f"{_noncurrent(key)}/{metadata['generation']}", {**metadata, "timeDeleted": now()})
    else:
        call.cloud.contents.remove(_content(metadata))
    call.store.remove(key)


def erase(call: Call, key: str, metadata: Json) -> None:
    """Delete one generation for good."""
    is_live = metadata == call.store.get(key)
    call.store.remove(key if is_live else f"{_noncurrent(key)}/{metadata['generation']}")
    call.cloud.contents.remove(_content(metadata))


def noncurrent(call: Call, bucket: str) -> list[Json]:
    """The noncurrent generations in a bucket."""
    return [metadata for _, metadata in call.store.data(f"{bucket}#versions/")]


def require(call: Call, metadata: Json | None, prefix: str = "if") -> None:
    """Refused with 412, or 304 for a read, if the generation is not the one that the caller expects; 0 is no object.

    `prefix` is `ifSource` for the source of a copy.
    """
    for field in ("generation", "metageneration"):
        current = int((metadata or {}).get(field, 0))
        name = f"{prefix}{field.capitalize()}"
        expected, unexpected = call.query.get(f"{name}Match"), call.query.get(f"{name}NotMatch")
        if expected is not None and int(expected) != current:
            text = "At least one of the pre-conditions you specified did not hold."
            raise Refused(412, "FAILED_PRECONDITION", text)
        if unexpected is not None and int(unexpected) == current:
            code = 304 if call.http == "GET" else 412
            raise Refused(code, "FAILED_PRECONDITION", "The generation matches.", "conditionNotMet")


def etag(metadata: Json) -> str:
    stamp = f"{metadata['generation']}/{metadata['metageneration']}"
    return base64.b64encode(stamp.encode()).decode()


def _noncurrent(key: str) -> str:
    bucket, _, name = key.partition("/o/")
    return f"{bucket}#versions/{name}"


def _content(metadata: Json) -> str:
    return f"{metadata['bucket']}/{metadata['name']}#{metadata['generation']}"


def _newest(call: Call, key: str) -> int:
    """The newest generation of an object, 0 for none."""
    kept = [int(version.rpartition("/")[2]) for version, _ in call.store.data(f"{_noncurrent(key)}/")]
    return max([*kept, int((call.store.get(key) or {}).get("generation", 0))])
