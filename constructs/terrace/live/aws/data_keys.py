"""Data keys of AWS KMS. Source: AWS KMS API reference, GenerateDataKey and Decrypt; Developer Guide, "Encryption
context"."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from terrace.aws import names
from terrace.calls import aws
from terrace.capabilities.data_keys import DataKey, KeyRefuses
from terrace.capabilities.target import Target

_REFUSALS = ("InvalidCiphertextException", "IncorrectKeyException")


def data_keys(target: Target, variables: Mapping[str, str]) -> "KmsDataKeys":
    """Data keys of the state home's key."""
    return KmsDataKeys(aws.client("kms", target.region, variables), names.state_key(target))


@dataclass(frozen=True)
class KmsDataKeys:
    """A key by its alias. The planning identity needs kms:GenerateDataKey, the applying one kms:Decrypt."""

    client: Any
    key: str

    def new(self, context: Mapping[str, str]) -> DataKey:
        """A new data key. Raises TerraceError."""
        with aws.explained("kms", "generate_data_key"):
            made = self.client.generate_data_key(KeyId=self.key, KeySpec="AES_256", EncryptionContext=dict(context))
        return DataKey(made["Plaintext"], made["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The data key. Raises KeyRefuses, TerraceError."""
        with aws.explained("kms", "decrypt"):
            try:
                opened = self.client.decrypt(KeyId=self.key, CiphertextBlob=wrapped, EncryptionContext=dict(context))
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in _REFUSALS:
                    raise KeyRefuses("AWS KMS did not make this data key", where=self.key) from error
                raise
        plain: bytes = opened["Plaintext"]
        return plain
