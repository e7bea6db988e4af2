"""Several requests in one, as parts of a multipart message, each with its own response.

Sources: Cloud Storage JSON API, "Batch requests"; Blob service REST API, "Blob Batch".
"""

import email
import email.message
import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

Answer = Callable[[str, str, dict[str, str], bytes], tuple[int, Mapping[str, str], bytes]]
"""Status, headers and body of the response to a method, a target, headers and a body."""


def answered(content_type: str, raw: bytes, answer: Answer, reply_id: str) -> tuple[str, bytes] | None:
    """Content type and body of the responses to all parts; None if there are none. `reply_id` has a `{}`."""
    message = email.message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + raw)
    parts = message.get_payload()
    if not isinstance(parts, list):
        return None
    boundary = f"batch_{uuid.uuid4().hex}"
    lines = b""
    for part in parts:
        assert isinstance(part, email.message.Message)
        line, _, rest = str(part.get_payload()).lstrip().partition("\n")
        http, target, *_ = line.split()
        inner = email.message_from_string(rest)
        headers = {name.lower(): str(value) for name, value in inner.items()}
        url = urlsplit(target)
        code, fields, body = answer(http, f"{url.path}?{url.query}", headers, str(inner.get_payload()).encode())
        id = reply_id.format(str(part.get("Content-ID", "")).strip("<>"))
        head = [f"--{boundary}", "Content-Type: application/http", f"Content-ID: {id}", ""]
        head += [f"HTTP/1.1 {code} {phrase(code)}", *(f"{name}: {value}" for name, value in fields.items())]
        lines += "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body + b"\r\n"
    return f"multipart/mixed; boundary={boundary}", lines + f"--{boundary}--\r\n".encode()


def phrase(code: int) -> str:
    """The reason phrase of a status; 499 is Google's own: a cancelled upload."""
    return HTTPStatus(code).phrase if code != 499 else "Client Closed Request"
