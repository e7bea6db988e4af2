"""Secrets Manager: rotation of a secret that a service owns, the key of a replica."""

from typing import Any

import moto.secretsmanager.models as models
from moto.secretsmanager.responses import SecretsManagerResponse

from terrace.emulator.aws.patch import Call, Function, fault, operation, wrap


def managed_rotation() -> None:
    """Stock moto wants a function to stop a rotation, keeps neither schedule nor window of one, and gives a secret that
    RDS owns a version without a value. RDS rotates such a secret itself, from the start, without a function."""

    @operation(SecretsManagerResponse)
    def rotate_secret(call: Call) -> dict[str, Any]:
        asked = call.parameters
        secret = _secret(call)
        rules = asked.get("RotationRules") or {}
        if not secret.owning_service or asked.get("RotationLambdaARN"):
            call.backend.rotate_secret(
                secret_id=asked["SecretId"],
                client_request_token=asked.get("ClientRequestToken"),
                rotation_lambda_arn=asked.get("RotationLambdaARN"),
                rotation_rules=asked.get("RotationRules"),
                rotate_immediately=asked.get("RotateImmediately", True),
            )
        if rules:
            secret.rotation_rules = rules
        secret.rotation_requested = secret.rotation_enabled = True
        return {"ARN": secret.arn, "Name": secret.name, "VersionId": secret.default_version_id}

    @operation(SecretsManagerResponse)
    def cancel_rotate_secret(call: Call) -> dict[str, Any]:
        secret = _secret(call)
        secret.rotation_enabled = False
        return {"ARN": secret.arn, "Name": secret.name}

    @wrap(models.FakeSecret, "to_dict")
    def to_dict(original: Function, self: Any) -> dict[str, Any]:
        described: dict[str, Any] = original(self)
        if self.owning_service and not self.rotation_requested:
            described |= {"RotationEnabled": True, "RotationRules": {"AutomaticallyAfterDays": 7}}
        if getattr(self, "rotation_rules", None) and self.rotation_enabled:
            described["RotationRules"] = self.rotation_rules
        return described


def replica_key() -> None:
    """Stock moto reports the default key for every replica, whatever key it was given: it drifts."""

    @wrap(models.FakeSecret, "create_replicas")
    def create_replicas(original: Function, self: Any, replica_regions: Any, force_overwrite: bool) -> Any:
        replicas = original(self, replica_regions, force_overwrite)
        for asked, replica in zip(replica_regions or [], replicas, strict=True):
            if asked.get("KmsKeyId"):
                replica.config["KmsKeyId"] = asked["KmsKeyId"]
        return replicas


def _secret(call: Call) -> Any:
    identifier = call.parameters["SecretId"]
    if not call.backend._is_valid_identifier(identifier):
        raise fault("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    return call.backend.secrets[identifier]


PATCHES = (managed_rotation, replica_key)
