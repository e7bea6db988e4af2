"""GuardDuty: features that are changed one at a time."""

from typing import Any

import moto.guardduty.models as models

from terrace.emulator.aws.patch import Function, wrap


def features() -> None:
    """Stock moto replaces all features of a detector with those of an update; Terraform changes one at a time."""

    @wrap(models.Detector, "update")
    def update(original: Function, self: Any, *arguments: Any, **named: Any) -> None:
        before = {feature["name"]: feature for feature in self.features}
        original(self, *arguments, **named)
        changed = {feature["name"]: feature for feature in self.features}
        self.features = list((before | changed).values())


PATCHES = (features,)
