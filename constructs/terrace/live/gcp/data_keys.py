"""Data keys of Cloud KMS. Source: Cloud KMS API reference, cryptoKeys.encrypt and decrypt; "Additional authenticated
data"."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from terrace.calls import Unreadable
from terrace.capabilities.data_keys import DataKey, KeyRefuses
from terrace.capabilities.target import Target
from terrace.gcp import names
from terrace.live.gcp.session import Reader

_KEYS = "projects.locations.keyRings.cryptoKeys"


def data_keys(target: Target, variables: Mapping[str, str]) -> "KmsDataKeys":
    """Data keys of the state home's key."""
    return KmsDataKeys(Reader(names.account(target), variables=variables), names.state_key(target))


@dataclass(frozen=True)
class KmsDataKeys:
    """A symmetric key. The planning identity needs cloudkms.cryptoKeyVersions.useToEncrypt, the applying one
    useToDecrypt."""

    reader: Reader
    key: str

    def new(self, context: Mapping[str, str]) -> DataKey:
        """A new data key. Raises TerraceError."""
        plain = secrets.token_bytes(32)
        made = self._ask("encrypt", {"plaintext": _text(plain)}, context)
        return DataKey(plain, base64.b64decode(made["ciphertext"]))

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The data key. Raises KeyRefuses, TerraceError."""
        try:
            return base64.b64decode(self._ask("decrypt", {"ciphertext": _text(wrapped)}, context)["plaintext"])
        except Unreadable as error:
            if error.message.startswith("400:"):
                raise KeyRefuses("Cloud KMS did not make this data key", where=self.key) from error
            raise

    def _ask(self, verb: str, body: Mapping[str, str], context: Mapping[str, str]) -> dict[str, Any]:
        bound = _text(json.dumps(dict(context), sort_keys=True).encode())
        body = {**body, "additionalAuthenticatedData": bound}
        return self.reader.change("cloudkms", f"{_KEYS}.{verb}", name=self.key, body=body)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
