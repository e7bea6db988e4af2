"""Data keys: the contract between what encrypts a file and each cloud's key management service."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from terrace.errors import AnswerIsNo


class KeyRefuses(AnswerIsNo):
    """A wrapped data key was not made by this key, or not for this context."""


@dataclass(frozen=True)
class DataKey:
    """A key of 32 bytes for one file, and the same key encrypted by the service's key."""

    plain: bytes = field(repr=False)
    wrapped: bytes = b""


class DataKeys(Protocol):
    """`terrace.live.<cloud>.data_keys.data_keys(target, variables)`: data keys of one key in the cloud.

    `context` is public text that is bound to the wrapped key: unwrapping it needs the same context. Making a key and
    unwrapping one are separate permissions of the cloud.
    """

    @property
    def key(self) -> str:
        """The service's key, by the name that the cloud gives it."""
        ...

    def new(self, context: Mapping[str, str]) -> DataKey:
        """A new data key. Raises TerraceError."""
        ...

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The data key. Raises KeyRefuses, TerraceError."""
        ...
