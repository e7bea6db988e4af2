"""The Azure credentials of this shell, as the SDK's credential.

Terraform's variables (ARM_*) come first, so that reading uses the identity of the apply; then the SDK's own (AZURE_*),
then the Azure CLI's login. A managed identity is used only if a variable configures it, because a call to a missing
metadata service takes long. Source of the names: azurerm provider, "Authenticating to Azure"; azure-identity,
"Environment variables".
"""

import importlib.util
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from terrace.assurance.evaluation import CredentialsError
from terrace.errors import TerraceError, UsageError
from terrace.live import CredentialStatus

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

HINT = "for a real subscription, run `az login`, or set ARM_TENANT_ID, ARM_CLIENT_ID and ARM_CLIENT_SECRET"
_EXTRA = ("azure.identity", "azure.keyvault.keys", "azure.keyvault.secrets", "azure.mgmt.resource")


def require_extra() -> None:
    """Raise UsageError if the SDKs, which are an extra, are not installed."""
    for name in _EXTRA:
        try:
            found = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise UsageError(f"reading Azure needs {name}, which is not installed", hint="pip install 'terrace[azure]'")


def look() -> CredentialStatus:
    """Whether there are any, and where, without a call to Azure."""
    try:
        require_extra()
        method = _method(os.environ)
    except TerraceError as error:
        return CredentialStatus("absent", error.message, error.hint)
    subscription = os.environ.get("ARM_SUBSCRIPTION_ID") or "the environment's"
    return (
        CredentialStatus("ok", f"from {method}, subscription {subscription}")
        if method
        else CredentialStatus("absent", "none found", HINT)
    )


def credential(variables: Mapping[str, str], tenant: str, **transport: Any) -> "TokenCredential":
    """The SDK's credential; `transport` are its options (proxies, connection_verify). Raises CredentialsError."""
    require_extra()
    from azure.identity import (
        AzureCliCredential,
        ClientAssertionCredential,
        ClientSecretCredential,
        ManagedIdentityCredential,
    )

    method = _method(variables)
    client, home = (_either(variables, name) for name in ("CLIENT_ID", "TENANT_ID"))
    match method:
        case "a client secret":
            return ClientSecretCredential(home or tenant, client, _either(variables, "CLIENT_SECRET"), **transport)
        case "a federated token":
            return ClientAssertionCredential(home or tenant, client, lambda: _token(variables), **transport)
        case "a managed identity":
            return ManagedIdentityCredential(client_id=client or None, **transport)
        case "the Azure CLI":
            return AzureCliCredential(tenant_id=tenant)
    raise CredentialsError(
        "no Azure credentials", hint="log in (`az login`), or set ARM_TENANT_ID, ARM_CLIENT_ID and ARM_CLIENT_SECRET"
    )


def _method(variables: Mapping[str, str]) -> str:
    """The way of authentication that the variables, or else the CLI's files, configure; empty for none."""
    if _either(variables, "CLIENT_ID") and _either(variables, "CLIENT_SECRET"):
        return "a client secret"
    token = any(variables.get(name) for name in ("ARM_OIDC_TOKEN", *_TOKEN_FILES))
    if _either(variables, "CLIENT_ID") and token:
        return "a federated token"
    if variables.get("ARM_USE_MSI", "").lower() == "true":
        return "a managed identity"
    if variables.get("ARM_USE_CLI", "").lower() != "false" and shutil.which("az", path=variables.get("PATH")):
        folder = Path(variables.get("AZURE_CONFIG_DIR") or Path.home() / ".azure")
        if _logged_in(folder / "azureProfile.json"):
            return "the Azure CLI"
    return ""


_TOKEN_FILES = ("ARM_OIDC_TOKEN_FILE_PATH", "AZURE_FEDERATED_TOKEN_FILE")


def _either(variables: Mapping[str, str], name: str) -> str:
    return variables.get(f"ARM_{name}") or variables.get(f"AZURE_{name}") or ""


def _token(variables: Mapping[str, str]) -> str:
    if written := variables.get("ARM_OIDC_TOKEN"):
        return written
    path = next(variables[name] for name in _TOKEN_FILES if variables.get(name))
    try:
        return Path(path).read_text().strip()  # read each time: it is renewed in place
    except OSError as error:
        raise CredentialsError(f"the federated token cannot be read: {error.strerror}", where=path) from error


def _logged_in(profile: Path) -> bool:
    try:
        return bool(json.loads(profile.read_text(encoding="utf-8-sig")).get("subscriptions"))
    except (OSError, ValueError, AttributeError):
        return False
