"""Key Vault: a secret a module, its value never kept by Terraform (SEC-1 to SEC-3)."""

from collections.abc import Sequence

from cdktn import Fn, TerraformStack, Token
from cdktn_provider_azurerm.key_vault_secret import KeyVaultSecret
from cdktn_provider_azurerm.private_endpoint import PrivateEndpoint
from constructs import Construct

from terrace.azure import names
from terrace.capabilities.database import DatabaseHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.secrets import SecretsHandle, SecretsSpec
from terrace.capabilities.target import Target


class Secrets(Construct):
    """`module-app` in the vault for each of `modules`: 64 random hexadecimal digits, from which a module derives its
    keys.

    The value is drawn while applying and written once; state and plan hold none. Changing it by hand is not undone:
    Terraform writes again only when the version in the code goes up. A deleted secret can be brought back for as long
    as the vault says, which is the keys' deletion window. The database has no admin password to rotate (SEC-2).
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
        path = TerraformStack.of(self).node.find_child("network").node.find_child("path-vault")
        assert isinstance(path, PrivateEndpoint)
        made = {
            module: KeyVaultSecret(
                self,
                module,
                name=secret_name(module),
                key_vault_id=names.vault_id(target),
                # uuid() is unknown while planning and drawn from the system's secure source while applying
                value_wo=Fn.replace(Fn.join("", [Token.as_string(Fn.uuid()), Token.as_string(Fn.uuid())]), "-", ""),
                value_wo_version=1,  # SEC-1
                content_type="random",
                tags=dict(target.tags),
                depends_on=[path, *keys.ready],
            )
            for module in modules
        }
        vault = names.vault(target)
        self.handle = SecretsHandle(
            modules={module: f"https://{vault}.vault.azure.net/secrets/{secret_name(module)}" for module in modules},
            ready=tuple(made.values()),
        )


def secret_name(module: str) -> str:
    """A module's secret."""
    return f"{module}-app"
