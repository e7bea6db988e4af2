"""GuardDuty: features that are switched one at a time."""

from typing import Any

import moto.guardduty.models as models

from terrace.emulator.aws.patch import Function, wrap


def features() -> None:
    """Stock moto replaces all features of a detector by those of an update; Terraform switches one at a time."""

    @wrap(models.Detector, "update")
    def update(original: Function, self: Any, *arguments: Any, **named: Any) -> None:
        before = {feature["name"]: feature for feature in self.features}
        original(self, *arguments, **named)
        changed = {feature["name"]: feature for feature in self.features}
        self.features = list((before | changed).values())


PATCHES = (features,)
