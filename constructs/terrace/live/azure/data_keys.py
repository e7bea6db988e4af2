"""Data keys of Key Vault. Source: Key Vault REST API, "Wrap Key" and "Unwrap Key"."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from terrace.azure import names
from terrace.calls import Unreadable, azure
from terrace.capabilities.data_keys import DataKey, KeyRefuses
from terrace.capabilities.target import Target
from terrace.live.azure.session import Reader

_BYTES = 32


def data_keys(target: Target, variables: Mapping[str, str]) -> "VaultDataKeys":
    """Data keys of the state home's key."""
    return VaultDataKeys(Reader(names.settings(target), variables), names.state_vault(target), names.STATE_KEY)


@dataclass(frozen=True)
class VaultDataKeys:
    """An RSA key in a vault. Wrapping binds no context, so its digest is wrapped beside the data key. Its public half
    wraps here, for which the planning identity needs keys/read; the applying one needs keys/unwrap/action."""

    reader: Reader
    vault: str
    name: str

    @property
    def key(self) -> str:
        return f"https://{self.vault}.vault.azure.net/keys/{self.name}"

    def new(self, context: Mapping[str, str]) -> DataKey:
        """A new data key. Raises TerraceError."""
        from azure.keyvault.keys.crypto import CryptographyClient, KeyWrapAlgorithm

        plain = secrets.token_bytes(_BYTES)
        with azure.explained(f"{self.key} read"):
            public = self.reader.keys(self.vault).get_key(self.name).key
            made = CryptographyClient.from_jwk(public).wrap_key(KeyWrapAlgorithm.rsa_oaep_256, plain + _digest(context))
        return DataKey(plain, made.encrypted_key)

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The data key. Raises KeyRefuses, TerraceError."""
        from azure.keyvault.keys.crypto import KeyWrapAlgorithm

        try:
            with azure.explained(f"{self.key} unwrap"):
                client = self.reader.keys(self.vault).get_cryptography_client(self.name)
                opened = client.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped).key
        except Unreadable as error:
            if "BadParameter" in error.message:
                raise KeyRefuses("Key Vault did not wrap this data key", where=self.key) from error
            raise
        if not hmac.compare_digest(opened[_BYTES:], _digest(context)):
            raise KeyRefuses("Key Vault wrapped this data key for another bundle", where=self.key)
        return opened[:_BYTES]


def _digest(context: Mapping[str, str]) -> bytes:
    return hashlib.sha256(json.dumps(dict(context), sort_keys=True).encode()).digest()
