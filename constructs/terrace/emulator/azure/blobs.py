"""The data plane of Blob storage."""

from terrace.emulator.azure.arm import Answer, Call
from terrace.emulator.azure.kind import Unsupported
from terrace.emulator.azure.store import Store

HOST = "blob.core.windows.net"


class Blobs:
    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, call: Call) -> Answer:
        raise Unsupported
