"""Long-running operations: done at once, unless a fault says that they take their time or end in failure.

Source: Azure documentation, "Track asynchronous Azure operations".
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from terrace.emulator.contract import Faults

_ANSWER_SECONDS = (
    0.5  # a question about an operation under way is answered this late: SDKs told not to wait ask at once
)


@dataclass
class Operation:
    """One change of a resource. `effect` is what a delete has to do when its time has come."""

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
    """What is under way. The caller holds the store's lock, but not while it asks `wait`."""

    def __init__(self, faults: Faults) -> None:
        self._seconds = faults.operation_seconds
        self._to_fail = faults.fail_operation.lower()
        self._all: dict[str, Operation] = {}

    def begin(self, verb: str, id: str, effect: Callable[[], None] | None = None) -> Operation | None:
        """The operation of a change of `id`; None when it is done at once and well."""
        failed = verb != "Deleting" and self.fails(id)
        if not failed and not self._seconds:
            return None
        operation = Operation(verb, time.time() + self._seconds, failed, effect)
        self._all[operation.id] = operation
        return operation

    def fails(self, id: str) -> bool:
        """Whether the change of `id` is the one that is to fail. The answer is yes once."""
        if not self._to_fail or self._to_fail not in id.lower():
            return False
        self._to_fail = ""
        return True

    def settle(self) -> None:
        """Do what deletes have to do whose time has come."""
        for operation in list(self._all.values()):
            if operation.effect and time.time() >= operation.until:
                effect, operation.effect = operation.effect, None
                effect()

    def state(self, id: str) -> str:
        operation = self._all.get(id)
        return operation.state if operation else "Succeeded"

    def wait(self, id: str) -> None:
        """Hold back an answer for a moment while the operation is under way."""
        operation = self._all.get(id)
        if operation:
            time.sleep(max(0.0, min(_ANSWER_SECONDS, operation.until - time.time())))

    def status(self, id: str) -> dict[str, Any]:
        """The answer at the address that `Azure-AsyncOperation` gives."""
        state = self.state(id)
        if state == "Failed":
            error = {"code": "OperationFailed", "message": "The operation failed, as the emulator was told to let it."}
            return {"id": id, "name": id, "status": state, "error": error}
        return {"id": id, "name": id, "status": state if state == "Succeeded" else "InProgress"}
