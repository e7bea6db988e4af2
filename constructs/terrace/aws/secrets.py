"""Secrets Manager: each module's secrets, with a value that is never in state, and the database's rotation (SEC-1 to
SEC-4)."""

from collections.abc import Mapping, Sequence

from cdktn import Fn
from cdktn_provider_aws.ephemeral_aws_secretsmanager_random_password import EphemeralAwsSecretsmanagerRandomPassword
from cdktn_provider_aws.secretsmanager_secret import SecretsmanagerSecret, SecretsmanagerSecretReplica
from cdktn_provider_aws.secretsmanager_secret_policy import SecretsmanagerSecretPolicy
from cdktn_provider_aws.secretsmanager_secret_rotation import (
    SecretsmanagerSecretRotation,
    SecretsmanagerSecretRotationRotationRules,
)
from cdktn_provider_aws.secretsmanager_secret_version import SecretsmanagerSecretVersion
from constructs import Construct

from terrace.aws import iam, names
from terrace.capabilities.database import DatabaseHandle
from terrace.capabilities.identity import ModuleAccess, given_secret
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.secrets import SecretsHandle, SecretsSpec
from terrace.capabilities.target import Target

_LENGTH = 64
_KINDS = {"app": "Application secret", "oidc": "Secret of the OIDC client", "smtp": "Mail server's password"}

_CHANGES = (
    "CancelRotateSecret",
    "DeleteResourcePolicy",
    "DeleteSecret",
    "PutResourcePolicy",
    "PutSecretValue",
    "RemoveRegionsFromReplication",
    "ReplicateSecretToRegions",
    "RestoreSecret",
    "RotateSecret",
    "StopReplicationToReplica",
    "TagResource",
    "UntagResource",
    "UpdateSecret",
    "UpdateSecretVersionStage",
)
"""Every action on a secret but reading. Source: AWS Service Authorization Reference, "AWS Secrets Manager"."""


class Secrets(Construct):
    """`prefix/module/app` for each of `modules`: 64 random letters and digits, from which a module derives its keys.

    AWS generates the value during the apply; it is in no state and no plan. Terraform does not revert a value that was
    changed by hand: it writes a new one only when the version in the code increases.

    A module's given secrets (given_secret) are made in the same way; an operator writes the given value over the random
    one.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: SecretsSpec,
        target: Target,
        *,
        modules: Mapping[str, ModuleAccess],
        keys: KeysHandle,
        database: DatabaseHandle | None,
    ) -> None:
        super().__init__(scope, id)
        own: dict[str, str] = {}
        for module, access in modules.items():
            own[module] = self._secret(module, module, "app", spec, target, keys)
            for purpose in access.secrets:
                self._secret(f"{module}-{purpose}", module, purpose, spec, target, keys)
        self.handle = SecretsHandle(modules=own)
        if database:
            SecretsmanagerSecretRotation(
                self,
                "database-rotation",
                secret_id=database.admin_secret,
                rotate_immediately=False,
                rotation_rules=SecretsmanagerSecretRotationRotationRules(
                    automatically_after_days=spec.database_rotation_days  # SEC-2
                ),
            )

    def _secret(self, id: str, module: str, purpose: str, spec: SecretsSpec, target: Target, keys: KeysHandle) -> str:
        replica = None
        if target.recovery_region:
            replica = [SecretsmanagerSecretReplica(region=target.recovery_region, kms_key_id=keys.recovery["secrets"])]
        secret = SecretsmanagerSecret(
            self,
            id,
            name=secret_name(module, target, purpose),
            description=f"{_KINDS[purpose]} of {module}",
            kms_key_id=keys.home["secrets"],  # SEC-1
            recovery_window_in_days=spec.recovery_days,
            replica=replica,
            tags={"rotated-by": module, "rotation-days": str(spec.rotation_days)},  # SEC-4
        )
        value = EphemeralAwsSecretsmanagerRandomPassword(
            self,
            f"{id}-value",
            password_length=_LENGTH,
            exclude_punctuation=True,
            # Always an empty string, but unknown until the secret exists, which moves the call to the apply: the
            # plan of a new environment calls nothing. depends_on has no such effect on ephemeral resources.
            exclude_characters=Fn.substr(secret.arn, 0, 0),
        )
        SecretsmanagerSecretVersion(
            self,
            f"{id}-version",
            secret_id=secret.id,
            secret_string_wo=value.random_password,  # SEC-1
            secret_string_wo_version=1,
        )
        SecretsmanagerSecretPolicy(
            self,
            f"{id}-policy",
            secret_arn=secret.arn,
            block_public_policy=True,
            policy=_policy(module, target),  # SEC-3
        )
        return secret.arn


def secret_name(module: str, target: Target, purpose: str = "app") -> str:
    """The name of a module's own secret, or of the given one of a purpose."""
    return f"{target.prefix}/{module}/app" if purpose == "app" else given_secret(module, purpose, target.prefix)


def _policy(module: str, target: Target) -> str:
    """Denies reading the value, except to the module's role and to the writers, and every change, except to the
    writers: the pipeline and administrators.

    external-secrets assumes the module's role. Writers need to read because the provider reads back what it wrote (and
    discards it). The account's policies decide who reads the secret's metadata and policy, which plans need.
    """
    writers = [
        names.role_arn(target, "ci-apply"),
        names.arn(target, "iam", f"role/{names.settings(target).admin_role}", region=""),
    ]
    readers = [names.role_arn(target, f"module-{module}"), *writers]
    return iam.document(_deny("OwnModuleOnly", ["GetSecretValue"], readers), _deny("WritersOnly", _CHANGES, writers))


def _deny(sid: str, actions: Sequence[str], exempt: Sequence[str]) -> iam.Statement:
    return iam.Statement(
        Sid=sid,
        Effect="Deny",
        Principal="*",
        Action=[f"secretsmanager:{action}" for action in actions],
        Resource="*",
        Condition={"ArnNotEquals": {"aws:PrincipalArn": list(exempt)}},
    )
