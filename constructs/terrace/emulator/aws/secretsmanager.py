"""Secrets Manager: rotation of a secret that a service manages, the key and the policy of a replica."""

import json
from typing import Any

import moto.secretsmanager.models as models
from moto.secretsmanager.responses import SecretsManagerResponse

from terrace.emulator.aws.patch import Call, Function, operation, service_error, wrap


def managed_rotation() -> None:
    """Stock moto requires a function to stop a rotation, drops the schedule and window of a rotation, and creates a
    version without a value for a secret that RDS manages. RDS rotates such a secret itself, without a function."""

    @operation(SecretsManagerResponse)
    def rotate_secret(call: Call) -> dict[str, Any]:
        parameters = call.parameters
        secret = _secret(call)
        rules = parameters.get("RotationRules") or {}
        if not secret.owning_service or parameters.get("RotationLambdaARN"):
            call.backend.rotate_secret(
                secret_id=parameters["SecretId"],
                client_request_token=parameters.get("ClientRequestToken"),
                rotation_lambda_arn=parameters.get("RotationLambdaARN"),
                rotation_rules=parameters.get("RotationRules"),
                rotate_immediately=parameters.get("RotateImmediately", True),
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
    """Stock moto returns the default key for every replica: a replica's own key drifts."""

    @wrap(models.FakeSecret, "create_replicas")
    def create_replicas(original: Function, self: Any, replica_regions: Any, force_overwrite: bool) -> Any:
        replicas = original(self, replica_regions, force_overwrite)
        for requested, replica in zip(replica_regions or [], replicas, strict=True):
            if requested.get("KmsKeyId"):
                replica.config["KmsKeyId"] = requested["KmsKeyId"]
        return replicas


def replica_policy() -> None:
    """Stock moto refuses to read the policy of a replica, where AWS has the policy of the primary secret."""

    @wrap(models.SecretsManagerBackend, "get_resource_policy")
    def get_resource_policy(original: Function, self: Any, secret_id: str) -> Any:
        secret = self.secrets[secret_id] if self._is_valid_identifier(secret_id) else None
        if not isinstance(secret, models.ReplicaSecret):
            return original(self, secret_id)
        policy = {} if secret.source.policy is None else {"ResourcePolicy": secret.source.policy}
        return json.dumps({"ARN": secret.arn, "Name": secret.name, **policy})


def _secret(call: Call) -> Any:
    identifier = call.parameters["SecretId"]
    if not call.backend._is_valid_identifier(identifier):
        raise service_error("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    return call.backend.secrets[identifier]


def reserved_name() -> None:
    """Stock moto reports a secret that is scheduled for deletion as an existing one, or creates a version of it."""

    @wrap(models.SecretsManagerBackend, "create_secret")
    def create_secret(original: Function, self: Any, name: str, *arguments: Any, **settings: Any) -> Any:
        if name in self.secrets and self.secrets[name].is_deleted():
            message = "a secret with this name is already scheduled for deletion."
            raise service_error("InvalidRequestException", f"You can't create this secret because {message}")
        return original(self, name, *arguments, **settings)


PATCHES = (managed_rotation, replica_key, replica_policy, reserved_name)
