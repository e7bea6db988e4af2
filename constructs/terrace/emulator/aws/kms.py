"""KMS: keys named by their ARN, the rotation period, keys of one region."""

from typing import Any

import moto.kms.models as models
from moto.core.responses import ActionResult
from moto.kms.responses import KmsResponse

from terrace.emulator.aws.patch import Function, parameters_of, wrap


def rotation_period() -> None:
    """Stock moto drops the rotation period: rotation_period_in_days drifts."""

    @wrap(KmsResponse, "enable_key_rotation")
    def enable_key_rotation(original: Function, self: Any) -> Any:
        result = original(self)
        parameters = parameters_of(self)
        _key(self, parameters["KeyId"]).rotation_days = parameters.get("RotationPeriodInDays") or 365
        return result

    @wrap(KmsResponse, "get_key_rotation_status")
    def get_key_rotation_status(original: Function, self: Any) -> Any:
        original(self)  # or NotFoundException
        key = _key(self, parameters_of(self)["KeyId"])
        status = {"KeyId": key.id, "KeyRotationEnabled": key.key_rotation_status}
        if key.key_rotation_status:
            status["RotationPeriodInDays"] = getattr(key, "rotation_days", 365)
        return ActionResult(status)


def single_region() -> None:
    """Stock moto does not say whether a key is a multi-Region key unless its creator did."""

    @wrap(models.Key, "to_dict")
    def to_dict(original: Function, self: Any) -> Any:
        self.multi_region = bool(self.multi_region)
        return original(self)


def key_by_arn() -> None:
    """Stock moto fails when the deletion of a key is scheduled or cancelled, or a key is enabled or disabled, by its
    ARN."""
    for name in ("cancel_key_deletion", "disable_key", "enable_key", "schedule_key_deletion"):

        @wrap(models.KmsBackend, name)
        def by_id(original: Function, self: Any, key_id: str, *arguments: Any, **settings: Any) -> Any:
            return original(self, self.get_key_id(key_id), *arguments, **settings)


def _key(response: Any, key_id: str) -> Any:
    backend = response.kms_backend
    return backend.keys[backend.get_key_id(key_id)]


PATCHES = (key_by_arn, rotation_period, single_region)
