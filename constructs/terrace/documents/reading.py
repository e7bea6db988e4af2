"""Read a YAML file: its size and encoding are checked before it is parsed."""

from functools import lru_cache
from pathlib import Path

from terrace.documents.document import Document
from terrace.documents.parsing import parse
from terrace.errors import InvalidFile, Problem

MAX_BYTES = 1024 * 1024


def read(path: Path, shown: str) -> Document:
    """The mapping in a file; problems name the file as `shown`. Raises InvalidFile when it cannot be read."""
    try:
        status = path.stat()
        if not path.is_file():
            raise _unreadable("is not a regular file.", shown)
        if status.st_size > MAX_BYTES:
            size = f"{status.st_size / MAX_BYTES:.1f} MiB"
            raise _unreadable(f"file is {size}; the limit is {MAX_BYTES // 1024} KiB.", f"{shown}:1:1")
        return _read(path, shown, status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise _unreadable(f"file cannot be read: {error.strerror}.", shown) from error


@lru_cache(maxsize=1024)
def _read(path: Path, shown: str, _modified: int, _size: int) -> Document:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    return parse(_decoded(content, shown), shown)


def _decoded(content: bytes, shown: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unreadable("file is encoded as UTF-16.", f"{shown}:1:1", "Save it as UTF-8.")
    if content.startswith(b"\xef\xbb\xbf"):
        hint = "Save it as UTF-8 without a byte order mark."
        raise _unreadable("file starts with a byte order mark.", f"{shown}:1:1", hint)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode("utf-8")) + 1
        message = f"byte 0x{content[error.start]:02x} is not UTF-8."
        raise _unreadable(message, f"{shown}:{line}:{column}", "Save the file as UTF-8.") from error


def _unreadable(message: str, where: str, hint: str = "") -> InvalidFile:
    return InvalidFile([Problem(message, where, hint=hint)])
