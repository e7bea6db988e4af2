"""Writing an object: in one request, with its metadata in a second part, or resumable in chunks.

Sources: Cloud Storage, "Uploads and downloads", "Resumable uploads", "Perform resumable uploads"; JSON API,
"Objects: insert".
"""

import email
import email.policy
import json
import re
import uuid
from urllib.parse import quote

from terrace.emulator.gcp import generations
from terrace.emulator.gcp.call import Call, Refused, Response, Upload, invalid, last
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import responds

_STEP = 256 * 1024  # a chunk that is not the last one is stored in multiples of this
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@responds("storage", "objects.insert")
def _insert(call: Call) -> Json | Response:
    bucket = generations.bucket_of(call, call.key)
    if call.query.get("uploadType") == "resumable":
        return _begin(call, bucket)
    metadata, content, content_type = _parts(call)
    name = requested_name(call)
    generations.require(call, call.store.get(call.object_key(last(bucket), name)))
    return generations.write(call, bucket, name, content, {"contentType": content_type, **metadata})


@responds("storage", "objects.resume")
def _resume(call: Call) -> Json | Response:
    """A chunk, the last one, a question for what has arrived, or a cancellation."""
    id = call.query.get("upload_id", "")
    upload = call.cloud.uploads.get(id)
    if upload is None:
        raise Refused(404, "NOT_FOUND", "Upload session not found.")
    if call.http == "DELETE":
        del call.cloud.uploads[id]
        return Response({}, 499)
    if upload.result:
        return upload.result
    match = _RANGE.fullmatch(call.headers.get("content-range", "") or f"bytes */{len(call.raw) or '*'}")
    if match is None:
        raise invalid("Failed to parse Content-Range header.")
    first, _, total = match.groups()
    start = int(first) if first else len(upload.content) if not call.raw else 0
    if start > len(upload.content):  # a gap: the caller has to send the missing bytes first
        return _incomplete(upload)
    if call.raw:
        upload.content[start:] = call.raw
    size = None if total == "*" else int(total)
    if size is None or len(upload.content) < size:
        del upload.content[len(upload.content) // _STEP * _STEP :]
        return _incomplete(upload)
    if len(upload.content) > size:
        raise invalid("Invalid request. There were more bytes than the Content-Range header announced.")
    return _finish(call, upload)


def requested_name(call: Call) -> str:
    """The name of the object that an upload makes; "" for none."""
    metadata = _metadata(call) if call.query.get("uploadType") == "resumable" else _parts(call)[0]
    return str(metadata.get("name") or call.query.get("name", ""))


def _metadata(call: Call) -> Json:
    """The metadata with which a resumable upload begins."""
    try:
        return dict(json.loads(call.raw)) if call.raw.strip() else {}
    except (ValueError, TypeError):
        raise invalid("Parse Error") from None


def _begin(call: Call, bucket: str) -> Response:
    metadata, name = _metadata(call), requested_name(call)
    if not name:
        raise invalid("Required parameter: name")
    generations.require(call, call.store.get(call.object_key(last(bucket), name)))
    if kind := call.headers.get("x-upload-content-type"):
        metadata.setdefault("contentType", kind)
    id = uuid.uuid4().hex
    call.cloud.uploads[id] = Upload(bucket, name, metadata, dict(call.query))
    host = call.headers.get("host", call.host)
    scheme = "http" if host.startswith(("127.", "localhost")) else "https"
    query = f"uploadType=resumable&name={quote(name, safe='')}&upload_id={id}"
    url = f"{scheme}://{host}/upload/storage/v1/b/{last(bucket)}/o?{query}"
    return Response({}, 200, {"Location": url, "X-GUploader-UploadID": id})


def _finish(call: Call, upload: Upload) -> Json:
    call.query = upload.query  # the preconditions of the first request
    generations.require(call, call.store.get(call.object_key(last(upload.bucket), upload.name)))
    upload.result = generations.write(call, upload.bucket, upload.name, bytes(upload.content), upload.metadata)
    upload.content.clear()
    return upload.result


def _incomplete(upload: Upload) -> Response:
    size = len(upload.content)
    return Response(b"", 308, {"Range": f"bytes=0-{size - 1}"} if size else {})


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
