"""Cloud Storage's objects: reads, with ranges, lists, changes of metadata, copies, deletes. `uploads.py` writes them.

Sources: Cloud Storage JSON API, "Objects"; XML API, "GET Object"; "Uploads and downloads", range requests.
"""

import base64
import re
from urllib.parse import unquote

from terrace.emulator.gcp import generations
from terrace.emulator.gcp.call import Call, Refused, Response, escaped, last
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import merge, now
from terrace.emulator.gcp.quirks import responds

_PAGE = 1000
_SUMS = {"crc32c": "crc32c", "md5": "md5Hash"}
_COPIED = ("contentType", "contentEncoding", "contentDisposition", "cacheControl", "storageClass", "metadata")


@responds("storage", "objects.get")
def _get(call: Call) -> Json | Response:
    generations.bucket_of(call, call.key)
    metadata = generations.find(call, call.key, call.query.get("generation", ""))
    generations.require(call, metadata)
    return _media(call, metadata) if call.query.get("alt") == "media" else metadata


@responds("storage", "objects.read")
def _read(call: Call) -> Response:
    """`GET` and `HEAD /BUCKET/OBJECT`, which the Go client uses."""
    bucket, _, name = call.path.partition("/")
    return _media(call, generations.find(call, call.object_key(bucket, unquote(name))))


def _media(call: Call, metadata: Json) -> Response:
    """The content, or the range of it that the caller asks for. A range without meaning is ignored."""
    size = int(metadata["size"])
    headers = {
        "Content-Type": str(metadata["contentType"]),
        "ETag": f'"{metadata["etag"]}"',
        "X-Goog-Generation": str(metadata["generation"]),
        "X-Goog-Metageneration": str(metadata["metageneration"]),
        "X-Goog-Hash": ",".join(f"{word}={metadata[sum]}" for word, sum in _SUMS.items() if sum in metadata),
        "X-Goog-Stored-Content-Length": str(size),
        "Accept-Ranges": "bytes",
    }
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", call.headers.get("range", "").strip())
    if match is None or match[0] == "bytes=-":
        return Response(generations.read(call, metadata), 200, headers)
    start = int(match[1]) if match[1] else max(size - int(match[2]), 0)
    end = min(int(match[2]) + 1, size) if match[1] and match[2] else size
    if start >= size:
        return Response(b"", 416, {"Content-Range": f"bytes */{size}"})
    if end <= start:
        return Response(generations.read(call, metadata), 200, headers)
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return Response(generations.read(call, metadata, start, end), 206, headers)


@responds("storage", "objects.patch", "objects.update")
def _update(call: Call) -> Json:
    """A change of metadata, which does not make a new generation."""
    generations.bucket_of(call, call.key)
    metadata = generations.find(call, call.key)
    generations.require(call, metadata)
    if call.http == "PATCH":
        merge(metadata, call.sent)
    else:
        metadata = {field: value for field, value in metadata.items() if field not in _COPIED} | call.sent
        metadata.setdefault("contentType", "application/octet-stream")
    metadata |= {"metageneration": str(int(metadata["metageneration"]) + 1), "updated": now()}
    metadata["etag"] = generations.etag(metadata)
    call.store.put(call.key, metadata)
    return metadata


@responds("storage", "objects.delete")
def _delete(call: Call) -> Json:
    generations.bucket_of(call, call.key)
    generation = call.query.get("generation", "")
    metadata = generations.find(call, call.key, generation)
    generations.require(call, metadata)
    if generation:
        generations.erase(call, call.key, metadata)
    else:
        generations.retire(call, call.key)
    return {}


@responds("storage", "objects.copy", "objects.rewrite")
def _copy(call: Call) -> Json:
    """A copy is made at once, whatever its size."""
    source, _, target = re.sub("/(rewrite|copy)To/", "\0", call.key).partition("\0")
    generations.bucket_of(call, source)
    target = f"{call.service}/{target}"
    bucket = generations.bucket_of(call, target)
    metadata = generations.find(call, source, call.query.get("sourceGeneration", ""))
    generations.require(call, metadata, "ifSource")
    generations.require(call, call.store.get(target))
    content = generations.read(call, metadata)
    kept = {field: metadata[field] for field in _COPIED if field in metadata}
    resource = generations.write(call, bucket, unquote(last(target)), content, kept | call.sent)
    if call.kind == "objects.copy":
        return resource
    size = resource["size"]
    answer = {"kind": "storage#rewriteResponse", "totalBytesRewritten": size, "objectSize": size, "done": True}
    return answer | {"resource": resource}


@responds("storage", "objects.compose")
def _compose(call: Call) -> Json:
    """Objects joined into one. Source: JSON API, "Objects: compose"."""
    target = call.key.removesuffix("/compose")
    bucket = generations.bucket_of(call, target)
    generations.require(call, call.store.get(target))
    sources = call.body.get("sourceObjects", [])
    if not 1 <= len(sources) <= 32:
        raise Refused(400, "INVALID_ARGUMENT", "The number of source components provided must be between 1 and 32.")
    content = b""
    for each in sources:
        key = f"{bucket}/o/{escaped(str(each['name']))}"
        content += generations.read(call, generations.find(call, key, str(each.get("generation", ""))))
    destination = {field: value for field, value in call.body.get("destination", {}).items() if field in _COPIED}
    made = generations.write(call, bucket, unquote(last(target)), content, destination)
    made["componentCount"] = len(sources)
    del made["md5Hash"]  # a composed object has none
    call.store.put(target, made)
    return made


@responds("storage", "objects.list")
def _list(call: Call) -> Json:
    """Names in order, in pages; a page's token is the last name before it."""
    bucket = generations.bucket_of(call, call.key)
    prefix, delimiter = call.query.get("prefix", ""), call.query.get("delimiter", "")
    start, end = call.query.get("startOffset", ""), call.query.get("endOffset")
    after = base64.b64decode(call.query.get("pageToken", "")).decode()
    size = min(int(call.query.get("maxResults") or _PAGE), _PAGE)
    objects = [each for _, each in call.store.below(call.key)]
    if call.query.get("versions", "").lower() == "true":
        objects += generations.noncurrent(call, bucket)
    entries: dict[str, list[Json]] = {}  # an object's generations, or nothing for a folder
    for each in sorted(objects, key=lambda each: (each["name"], int(each["generation"]))):
        name: str = each["name"]
        if not name.startswith(prefix) or name < start or (end and name >= end):
            continue
        head, found, _ = name[len(prefix) :].partition(delimiter) if delimiter else (name, "", "")
        if found:
            entries.setdefault(f"{prefix}{head}{delimiter}", [])
        else:
            entries.setdefault(name, []).append(each)
    names = sorted(name for name in entries if name > after)
    page = {"kind": "storage#objects", "items": [each for name in names[:size] for each in entries[name]]}
    if folders := [name for name in names[:size] if not entries[name]]:
        page["prefixes"] = folders
    if len(names) > size:
        page["nextPageToken"] = base64.b64encode(names[size - 1].encode()).decode()
    return page
