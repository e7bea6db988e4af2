"""What the checks of a stack know about existing resources: which one an id is, and nothing of how it is set."""

from collections.abc import Iterator, Mapping

from terrace.capabilities.cloud import CloudName
from terrace.capabilities.existing import ExistingSpec

_TYPES: Mapping[CloudName, Mapping[str, str]] = {
    "aws": {"keys": "aws_kms_key"},
    "azure": {"keys": "azurerm_key_vault_key"},
    "gcp": {"keys": "google_kms_crypto_key"},
}


def places(cloud: CloudName, existing: ExistingSpec) -> Iterator[tuple[str, str, str]]:
    """The id, the type and the construct path of each existing resource, as if the foundation had made it."""
    types = _TYPES[cloud]
    for purpose, id in existing.keys.items():
        yield id, types["keys"], f"keys/{purpose}"
