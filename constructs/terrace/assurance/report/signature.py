"""Signed reports: a list of SHA-256 sums of a report's files, and a signature of the list.

The list has the format of `sha256sum`. Here the signature is a detached Ed25519 one, which `openssl pkeyutl -verify
-rawin` verifies too; `sigstore_bundle.py` has the one by an identity.
"""

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from terrace.errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SUMS, SIGNATURE, BUNDLE = "SHA256SUMS", "SHA256SUMS.sig", "SHA256SUMS.sigstore.json"


def sums(directory: Path) -> str:
    """The sum and name of every file of a report, sorted by name, but of the list and its signatures."""
    own = {directory / name for name in (SUMS, SIGNATURE, BUNDLE)}
    files = sorted(path for path in directory.rglob("*") if path.is_file() and path not in own)
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(directory).as_posix()}\n" for path in files
    )


def write_sums(directory: Path) -> bytes:
    """Write the list of sums, and remove the signatures of an earlier list."""
    written = sums(directory).encode()
    (directory / SUMS).write_bytes(written)
    for stale in (SIGNATURE, BUNDLE):
        (directory / stale).unlink(missing_ok=True)
    return written


def read_signed(directory: Path, signature: str) -> bytes:
    """The list of sums as it is in the report. Raises UsageError if it or the `signature` file is missing."""
    if missing := [name for name in (SUMS, signature) if not (directory / name).is_file()]:
        raise UsageError(f"not a signed report: it has no {missing[0]}", where=str(directory))
    return (directory / SUMS).read_bytes()


def differences(directory: Path, written: bytes) -> list[str]:
    """The files that are not as the list of sums says."""
    signed, actual = _parsed(written.decode()), _parsed(sums(directory))
    return [
        *(f"{name} is missing" for name in sorted(signed.keys() - actual.keys())),
        *(f"{name} was added" for name in sorted(actual.keys() - signed.keys())),
        *(f"{name} was changed" for name in sorted(signed.keys() & actual.keys()) if signed[name] != actual[name]),
    ]


def sign(directory: Path, key: Path) -> list[Path]:
    """Write the list of sums and its signature with an Ed25519 private key (PEM, not encrypted). Raises UsageError."""
    private = _private(key)
    signature = base64.b64encode(private.sign(write_sums(directory))).decode()
    (directory / SIGNATURE).write_text(f"{signature}\n", encoding="utf-8")
    return [directory / SUMS, directory / SIGNATURE]


def problems(directory: Path, key: Path) -> list[str]:
    """What differs from the signed report; empty if every file is as it was signed. Raises UsageError."""
    from cryptography.exceptions import InvalidSignature

    public = _public(key)
    written = read_signed(directory, SIGNATURE)
    try:
        public.verify(base64.b64decode((directory / SIGNATURE).read_text(encoding="utf-8")), written)
    except (InvalidSignature, ValueError):
        return [f"{SUMS} was not signed with this key, or was changed"]
    return differences(directory, written)


def _parsed(text: str) -> dict[str, str]:
    return {name: sum for sum, _, name in (line.partition("  ") for line in text.splitlines())}


def _private(path: Path) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"cannot read the private key: {error}", where=str(path), hint=_HINT) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError("not an Ed25519 private key", where=str(path), hint=_HINT)
    return key


def _public(path: Path) -> "Ed25519PublicKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the public key: {error}", where=str(path), hint=_PUBLIC_HINT) from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError("not an Ed25519 public key", where=str(path), hint=_PUBLIC_HINT)
    return key


_HINT = "`openssl genpkey -algorithm ed25519 -out key.pem` creates one"
_PUBLIC_HINT = "`openssl pkey -in key.pem -pubout -out key.pub` writes the public key"
