"""CloudTrail: deleting a trail by its ARN."""

from typing import Any

import moto.cloudtrail.models as models

from terrace.emulator.aws.patch import Function, wrap


def delete_by_arn() -> None:
    """Stock moto deletes a trail by name only and silently ignores an ARN, which Terraform sends: the trail remains."""

    @wrap(models.CloudTrailBackend, "delete_trail")
    def delete_trail(original: Function, self: Any, name: str) -> None:
        original(self, name.rpartition(":trail/")[2])


PATCHES = (delete_by_arn,)
