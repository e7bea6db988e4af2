"""CloudTrail: deleting a trail by its ARN."""

from typing import Any

import moto.cloudtrail.models as models

from terrace.emulator.aws.patch import Function, wrap


def delete_by_arn() -> None:
    """Stock moto deletes a trail by its name only and says nothing when it is given an ARN, as Terraform gives it: the
    trail stays."""

    @wrap(models.CloudTrailBackend, "delete_trail")
    def delete_trail(original: Function, self: Any, name: str) -> None:
        original(self, name.rpartition(":trail/")[2])


PATCHES = (delete_by_arn,)
