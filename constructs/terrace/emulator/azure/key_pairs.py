"""RSA key pairs of Key Vault's keys. Only keys that are created through the Resource Manager have one: it takes up to a
second to make, and a foundation has many keys that nothing decrypts with.

Source: the Key Vault REST API reference, "Unwrap Key"; RFC 7518, section 6.3.
"""

import base64
from typing import Any, cast

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from terrace.emulator.azure.kind import Refused, Unsupported
from terrace.emulator.azure.store import Body

_ALGORITHMS: dict[str, type[hashes.HashAlgorithm]] = {"RSA-OAEP": hashes.SHA1, "RSA-OAEP-256": hashes.SHA256}


def new(bits: int) -> tuple[str, Body]:
    """A private key as PEM text, and the modulus and the exponent of its public half."""
    private = rsa.generate_private_key(65537, bits)
    text = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    numbers = private.public_key().public_numbers()
    return text.decode(), {"n": _text(numbers.n.to_bytes(bits // 8, "big")), "e": "AQAB"}


def unwrap(private: str | None, sent: Body) -> str:
    """The answer to an unwrap of `value` by `alg`. Raises Refused for text that another key wrapped."""
    hashed = _ALGORITHMS.get(str(sent.get("alg")))
    if private is None or hashed is None:
        raise Unsupported
    key = cast(rsa.RSAPrivateKey, serialization.load_pem_private_key(private.encode(), None))
    value: Any = sent.get("value", "")
    try:
        wrapped = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        return _text(key.decrypt(wrapped, padding.OAEP(padding.MGF1(hashed()), hashed(), None)))
    except ValueError:
        raise Refused(400, "BadParameter", "The parameter is incorrect: value could not be unwrapped.") from None


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
