"""Sealed files: encrypted content with a header in plain text, whose changes are detected.

A sealed file is the line `terrace-sealed-1`, a line with the header as JSON, and the content, encrypted with
AES-256-GCM under a data key of its own. The header contains the wrapped data key and is authenticated with the content.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any

from terrace.capabilities.data_keys import DataKeys, KeyRefuses
from terrace.errors import AnswerIsNo

_FIRST_LINE = b"terrace-sealed-1\n"
_NONCE_BYTES = 12


class NotSealed(AnswerIsNo):
    """The file is not a sealed one, or was changed after it was sealed."""


def seal(content: bytes, header: Mapping[str, str], keys: DataKeys) -> bytes:
    """Encrypt `content`. Raises TerraceError if the key cannot be used."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key, nonce = keys.new(header), secrets.token_bytes(_NONCE_BYTES)
    written = {"header": dict(header), "key": keys.key, "wrapped": _text(key.wrapped), "nonce": _text(nonce)}
    line = json.dumps(written, sort_keys=True).encode() + b"\n"
    return _FIRST_LINE + line + AESGCM(key.plain).encrypt(nonce, content, _FIRST_LINE + line)


def header(sealed: bytes) -> dict[str, str]:
    """The header, which is authentic only if `unseal` succeeds. Raises NotSealed."""
    return {str(name): str(value) for name, value in _parsed(sealed)[0]["header"].items()}


def unseal(sealed: bytes, keys: DataKeys) -> bytes:
    """The content. Raises NotSealed, and TerraceError if the key cannot be used."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    written, authenticated, encrypted = _parsed(sealed)
    try:
        wrapped, nonce = (base64.b64decode(written[name], validate=True) for name in ("wrapped", "nonce"))
        plain = keys.unwrap(wrapped, written["header"])
        return AESGCM(plain).decrypt(nonce, encrypted, authenticated)
    except KeyRefuses as error:
        raise NotSealed(f"the key {keys.key} does not open it: {error.message}") from error
    except (InvalidTag, ValueError, KeyError, TypeError):
        raise NotSealed("its content was changed after it was sealed") from None


def _parsed(sealed: bytes) -> tuple[dict[str, Any], bytes, bytes]:
    """The first lines as data, as bytes, and what follows."""
    if not sealed.startswith(_FIRST_LINE):
        raise NotSealed("it does not begin as a sealed file does")
    line, found, encrypted = sealed[len(_FIRST_LINE) :].partition(b"\n")
    try:
        written = json.loads(line)
        if not found or not isinstance(written["header"], dict):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise NotSealed("its header is not readable") from None
    return written, _FIRST_LINE + line + b"\n", encrypted


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
