"""Long-running operations: done at once, unless an injected fault delays them or makes them fail.

Source: Azure documentation, "Track asynchronous Azure operations".
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from terrace.emulator.contract import Faults

_POLL_SECONDS = 0.5  # delays the response to a poll, because SDKs without a polling delay repeat it at once


@dataclass
class Operation:
    """A change of a resource. `effect` is what a delete does when the operation ends."""

    verb: str  # Creating, Updating, Deleting
    until: float
    failed: bool = False
    effect: Callable[[], None] | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def state(self) -> str:
        """As a resource's provisioningState."""
        if time.time() < self.until:
            return self.verb
        return "Failed" if self.failed else "Succeeded"


class Operations:
    """The operations. The caller holds the store's lock, except during `wait`."""

    def __init__(self, faults: Faults) -> None:
        self._seconds = faults.operation_seconds
        self._to_fail = faults.fail_operation.lower()
        self._all: dict[str, Operation] = {}

    def begin(self, verb: str, id: str, effect: Callable[[], None] | None = None) -> Operation | None:
        """The operation of a change of `id`; None when the change is complete."""
        failed = verb != "Deleting" and self.fails(id)
        if not failed and not self._seconds:
            return None
        operation = Operation(verb, time.time() + self._seconds, failed, effect)
        self._all[operation.id] = operation
        return operation

    def fails(self, id: str) -> bool:
        """Whether the change of `id` is the one that must fail. True only once."""
        if not self._to_fail or self._to_fail not in id.lower():
            return False
        self._to_fail = ""
        return True

    def settle(self) -> None:
        """Apply the effects of deletes whose operation has ended."""
        for operation in list(self._all.values()):
            if operation.effect and time.time() >= operation.until:
                effect, operation.effect = operation.effect, None
                effect()

    def state(self, id: str) -> str:
        operation = self._all.get(id)
        return operation.state if operation else "Succeeded"

    def wait(self, id: str) -> None:
        """Wait for a moment while the operation is in progress."""
        operation = self._all.get(id)
        if operation:
            time.sleep(max(0.0, min(_POLL_SECONDS, operation.until - time.time())))

    def status(self, id: str) -> dict[str, Any]:
        """The status document at the address in `Azure-AsyncOperation`."""
        state = self.state(id)
        if state == "Failed":
            error = {"code": "OperationFailed", "message": "The operation failed: an injected fault."}
            return {"id": id, "name": id, "status": state, "error": error}
        return {"id": id, "name": id, "status": state if state == "Succeeded" else "InProgress"}
