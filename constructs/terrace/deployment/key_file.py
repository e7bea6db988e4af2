"""Data keys of a key in a local file, for a deployment whose state is local too.

Who can read the folder with the state can read the key: it protects a bundle that is copied elsewhere, nothing more.
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from terrace.capabilities.data_keys import DataKey, KeyRefuses
from terrace.errors import TerraceError

_KEY_BYTES, _NONCE_BYTES = 32, 12


@dataclass(frozen=True)
class KeyFile:
    """The key in the file at `path`, which is created on first use and readable by its owner only."""

    path: Path

    @property
    def key(self) -> str:
        return f"file:{self.path.name}"

    def new(self, context: Mapping[str, str]) -> DataKey:
        """A new data key. Raises TerraceError."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        plain, nonce = secrets.token_bytes(_KEY_BYTES), secrets.token_bytes(_NONCE_BYTES)
        return DataKey(plain, nonce + AESGCM(self._key(create=True)).encrypt(nonce, plain, _bytes(context)))

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The data key. Raises KeyRefuses, TerraceError."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            nonce, encrypted = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
            return AESGCM(self._key()).decrypt(nonce, encrypted, _bytes(context))
        except (InvalidTag, ValueError):
            raise KeyRefuses("the data key was not made by this key", where=str(self.path)) from None

    def _key(self, *, create: bool = False) -> bytes:
        try:
            if create and not self.path.exists():
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(secrets.token_bytes(_KEY_BYTES))
            key = self.path.read_bytes()
        except OSError as error:
            raise TerraceError(
                f"cannot use the key file: {error.strerror}",
                where=str(self.path),
                hint="a bundle of a local state can be applied only where it was made",
            ) from error
        if len(key) != _KEY_BYTES:
            raise TerraceError(f"the key file has {len(key)} bytes, expected {_KEY_BYTES}", where=str(self.path))
        return key


def _bytes(context: Mapping[str, str]) -> bytes:
    return json.dumps(dict(context), sort_keys=True).encode()
