"""Secrets Manager: one secret per module, with a value that is never in state, and the database's rotation (SEC-1 to
SEC-3)."""

from collections.abc import Sequence

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
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.secrets import SecretsHandle, SecretsSpec
from terrace.capabilities.target import Target

_LENGTH = 64


class Secrets(Construct):
    """`prefix/module/app` for each of `modules`: 64 random letters and digits, from which a module derives its keys.

    AWS generates the value during the apply; it is in no state and no plan. Terraform does not revert a value that was
    changed by hand: it writes a new one only when the version in the code increases.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: SecretsSpec,
        target: Target,
        *,
        modules: Sequence[str],
        keys: KeysHandle,
        database: DatabaseHandle,
    ) -> None:
        super().__init__(scope, id)
        self.handle = SecretsHandle(modules={module: self._secret(module, spec, target, keys) for module in modules})
        SecretsmanagerSecretRotation(
            self,
            "database-rotation",
            secret_id=database.admin_secret,
            rotate_immediately=False,
            rotation_rules=SecretsmanagerSecretRotationRotationRules(
                automatically_after_days=spec.database_rotation_days  # SEC-2
            ),
        )

    def _secret(self, module: str, spec: SecretsSpec, target: Target, keys: KeysHandle) -> str:
        replica = None
        if target.recovery_region:
            replica = [SecretsmanagerSecretReplica(region=target.recovery_region, kms_key_id=keys.recovery["secrets"])]
        secret = SecretsmanagerSecret(
            self,
            module,
            name=secret_name(module, target),
            description=f"Application secret of {module}",
            kms_key_id=keys.home["secrets"],  # SEC-1
            recovery_window_in_days=spec.recovery_days,
            replica=replica,
        )
        value = EphemeralAwsSecretsmanagerRandomPassword(
            self,
            f"{module}-value",
            password_length=_LENGTH,
            exclude_punctuation=True,
            # Always an empty string, but unknown until the secret exists, which moves the call to the apply: the
            # plan of a new environment calls nothing. depends_on has no such effect on ephemeral resources.
            exclude_characters=Fn.substr(secret.arn, 0, 0),
        )
        SecretsmanagerSecretVersion(
            self,
            f"{module}-version",
            secret_id=secret.id,
            secret_string_wo=value.random_password,  # SEC-1
            secret_string_wo_version=1,
        )
        SecretsmanagerSecretPolicy(
            self,
            f"{module}-policy",
            secret_arn=secret.arn,
            block_public_policy=True,
            policy=_reading_policy(module, target),  # SEC-3
        )
        return secret.arn


def secret_name(module: str, target: Target) -> str:
    """The name of a module's secret."""
    return f"{target.prefix}/{module}/app"


def _reading_policy(module: str, target: Target) -> str:
    """Denies reading the value, except to the module's role and to the writers: the pipeline and administrators.

    external-secrets assumes the module's role. Writers need to read because the provider reads back what it wrote (and
    discards it).
    """
    readers = [
        names.role_arn(target, f"module-{module}"),
        names.role_arn(target, "ci-apply"),
        names.arn(target, "iam", f"role/{names.settings(target).admin_role}", region=""),
    ]
    return iam.document(
        iam.Statement(
            Sid="OwnModuleOnly",
            Effect="Deny",
            Principal="*",
            Action=["secretsmanager:GetSecretValue"],
            Resource="*",
            Condition={"ArnNotEquals": {"aws:PrincipalArn": readers}},
        )
    )
