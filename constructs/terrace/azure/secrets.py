"""Key Vault: each module's secrets, with a value that is never in state (SEC-1 to SEC-4)."""

from collections.abc import Mapping

from cdktn import Fn, TerraformResourceLifecycle, TerraformStack, Token
from cdktn_provider_azurerm.key_vault_secret import KeyVaultSecret
from cdktn_provider_azurerm.private_endpoint import PrivateEndpoint
from constructs import Construct

from terrace.azure import names
from terrace.capabilities.database import DatabaseHandle
from terrace.capabilities.identity import ModuleAccess, given_secret
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.secrets import SecretsHandle, SecretsSpec
from terrace.capabilities.target import Target


class Secrets(Construct):
    """`module-app` in the vault for each of `modules`: 64 random hexadecimal digits, from which a module derives its
    keys.

    The value is generated during the apply and written once; it is in no state and no plan. Terraform does not revert a
    value that was changed by hand: it writes a new one only when the version in the code increases. A deleted secret is
    recoverable for the vault's retention, the keys' deletion window. The database has no admin password (SEC-2).

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
        path = TerraformStack.of(self).node.find_child("network").node.find_child("path-vault")
        assert isinstance(path, PrivateEndpoint)
        purposes = [(module, purpose) for module, access in modules.items() for purpose in ("app", *access.secrets)]
        made = [
            KeyVaultSecret(
                self,
                module if purpose == "app" else f"{module}-{purpose}",
                name=secret_name(module, target, purpose),
                key_vault_id=names.vault_id(target),
                # uuid() is unknown in a plan and comes from the system's secure random source in an apply
                value_wo=Fn.replace(Fn.join("", [Token.as_string(Fn.uuid()), Token.as_string(Fn.uuid())]), "-", ""),
                value_wo_version=1,  # SEC-1
                content_type="random",
                tags={**target.tags, "rotated-by": module, "rotation-days": str(spec.rotation_days)},  # SEC-4
                depends_on=[path, *keys.ready],
                # the version that an operator writes has its own; an apply gives it the tags again
                lifecycle=None if purpose == "app" else TerraformResourceLifecycle(ignore_changes=["content_type"]),
            )
            for module, purpose in purposes
        ]
        vault = names.vault(target)
        self.handle = SecretsHandle(
            modules={
                module: f"https://{vault}.vault.azure.net/secrets/{secret_name(module, target)}" for module in modules
            },
            ready=tuple(made),
        )


def secret_name(module: str, target: Target, purpose: str = "app") -> str:
    """The name of a module's own secret, or of the given one of a purpose."""
    return f"{module}-app" if purpose == "app" else given_secret(module, purpose, target.prefix)
