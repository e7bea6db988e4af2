"""SQS: a redrive policy that reads back as it was written."""

import json
from typing import Any

import moto.sqs.models as models

from terrace.emulator.aws.patch import Function


def redrive_policy() -> None:
    """Stock moto puts spaces into the JSON of a redrive policy: it drifts."""
    original: Function = models.Queue.attributes.fget

    def attributes(self: Any) -> dict[str, Any]:
        read: dict[str, Any] = original(self)
        if read.get("RedrivePolicy"):
            read["RedrivePolicy"] = json.dumps(json.loads(read["RedrivePolicy"]), separators=(",", ":"))
        return read

    models.Queue.attributes = property(attributes)


PATCHES = (redrive_policy,)
