"""Secret Manager: each module's secrets, with a value that is never in state (SEC-1 to SEC-4)."""

from collections.abc import Mapping

from cdktn import Fn, TerraformResourceLifecycle
from cdktn_provider_google.secret_manager_secret import (
    SecretManagerSecret,
    SecretManagerSecretReplication,
    SecretManagerSecretReplicationUserManaged,
    SecretManagerSecretReplicationUserManagedReplicas,
    SecretManagerSecretReplicationUserManagedReplicasCustomerManagedEncryption,
)
from cdktn_provider_google.secret_manager_secret_version import SecretManagerSecretVersion
from constructs import Construct

from terrace.capabilities.database import DatabaseHandle
from terrace.capabilities.identity import ModuleAccess, given_secret
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.secrets import SecretsHandle, SecretsSpec
from terrace.capabilities.target import Target
from terrace.gcp import names
from terrace.gcp.providers import service

_DAY_SECONDS = 86400


class Secrets(Construct):
    """`prefix-module-app` for each of `modules`: 64 hexadecimal digits, from which a module derives its keys.

    The value is two of Terraform's uuid() (122 random bits each from the system's generator), generated during the
    apply; the argument is write-only, so it is in no state and no plan. Terraform does not revert a value that was
    changed by hand: it writes a new one only when the version in the code increases. The database has no password to
    rotate (SEC-2).

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
        made = []
        for module, access in modules.items():
            rotation = {"rotated-by": module, "rotation-days": str(spec.rotation_days)}  # SEC-4
            made.append(self._secret(module, secret_name(module, target), spec, target, keys, rotation))
            for purpose in access.secrets:
                name = given_secret(module, purpose, target.prefix)
                made.append(self._secret(f"{module}-{purpose}", name, spec, target, keys, rotation))
        self.handle = SecretsHandle(
            modules={module: names.secret(target, f"{module}-app") for module in modules},
            ready=tuple(made),
        )

    def _secret(
        self,
        id: str,
        name: str,
        spec: SecretsSpec,
        target: Target,
        keys: KeysHandle,
        labels: Mapping[str, str],
    ) -> SecretManagerSecret:
        secret = SecretManagerSecret(
            self,
            id,
            secret_id=name,
            labels=dict(labels),
            replication=replication(target),  # GOV-2
            version_destroy_ttl=f"{spec.recovery_days * _DAY_SECONDS}s",
            deletion_protection=target.protected,
            lifecycle=TerraformResourceLifecycle(ignore_changes=["replication"]),  # a new secret has another value
            depends_on=[*keys.ready, service(self, "secretmanager")],
        )
        SecretManagerSecretVersion(
            self,
            f"{id}-version",
            secret=secret.id,
            secret_data_wo=random_text(),  # SEC-1
            secret_data_wo_version="1",
        )
        return secret


def secret_name(module: str, target: Target) -> str:
    """The name of a module's own secret."""
    return f"{target.prefix}-{module}-app"


def random_text() -> str:
    """64 hexadecimal digits, new at each run and never stored: for write-only arguments only."""
    return str(Fn.sha256(Fn.join("", [Fn.uuid(), Fn.uuid()])))


def replication(target: Target) -> SecretManagerSecretReplication:
    """Replication to exactly the target's regions, under the deployment's keys."""
    places = {target.region: names.key(target, "secrets")}
    if target.recovery_region:
        places[target.recovery_region] = names.key(target, "secrets", "recovery")
    return SecretManagerSecretReplication(
        user_managed=SecretManagerSecretReplicationUserManaged(
            replicas=[
                SecretManagerSecretReplicationUserManagedReplicas(
                    location=region,
                    customer_managed_encryption=SecretManagerSecretReplicationUserManagedReplicasCustomerManagedEncryption(
                        kms_key_name=key  # SEC-1
                    ),
                )
                for region, key in places.items()
            ]
        )
    )
