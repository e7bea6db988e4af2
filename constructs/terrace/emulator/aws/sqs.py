"""SQS: a redrive policy is read back as it was written."""

import json
from typing import Any

import moto.sqs.models as models

from terrace.emulator.aws.patch import Function


def redrive_policy() -> None:
    """Stock moto adds spaces to the JSON of a redrive policy: it drifts."""
    original: Function = models.Queue.attributes.fget

    def attributes(self: Any) -> dict[str, Any]:
        values: dict[str, Any] = original(self)
        if values.get("RedrivePolicy"):
            values["RedrivePolicy"] = json.dumps(json.loads(values["RedrivePolicy"]), separators=(",", ":"))
        return values

    models.Queue.attributes = property(attributes)


PATCHES = (redrive_policy,)
