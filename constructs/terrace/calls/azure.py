"""The Azure credentials of this shell, as the SDK's credential, and the SDK's errors as sentences.

Terraform's variables (ARM_*) come first, so that reading uses the identity of the apply; then the SDK's own (AZURE_*),
then the Azure CLI's login. A managed identity is used only if a variable configures it, because a call to a missing
metadata service takes long. Source of the names: azurerm provider, "Authenticating to Azure"; azure-identity,
"Environment variables".
"""

import importlib.util
import json
import logging
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from terrace import distribution
from terrace.calls import Absent, CredentialsError, CredentialStatus, Unreadable
from terrace.errors import TerraceError, UsageError

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.credentials import TokenCredential

logging.getLogger("azure").addHandler(logging.NullHandler())  # its warnings are reported as errors

HINT = "for a real subscription, run `az login`, or set ARM_TENANT_ID, ARM_CLIENT_ID and ARM_CLIENT_SECRET"
_EXTRA = ("azure.identity", "azure.keyvault.keys", "azure.keyvault.secrets", "azure.mgmt.resource")

_EXPIRED = {"ExpiredAuthenticationToken", "InvalidAuthenticationToken", "AuthenticationFailed", "Unauthorized"}
_ELSEWHERE = {"InvalidAuthenticationTokenTenant", "SubscriptionNotFound", "InvalidSubscriptionId"}
_NO_WAY = ("ForbiddenByConnection", "ForbiddenByFirewall")
_ACTION = re.compile(r"perform action '([^']+)'|Action: '([^']+)'")
_XML = re.compile(r"<(Code|Message)>([^<]*)</")
_ENTRA = re.compile(r"AADSTS\d+: [^\r\n]*?(?=\s*(Trace ID|Correlation ID|$))", re.MULTILINE)

LIMITS: dict[str, Any] = {
    "connection_timeout": 5,
    "read_timeout": 60,
    "retry_total": 3,
    "retry_backoff_factor": 0.5,
    "timeout": 120,
}
"""Of a request: time limits in seconds and retries, as the SDK's options."""


def require_extra() -> None:
    """Raise UsageError if the SDKs, which are an extra, are not installed."""
    for name in _EXTRA:
        try:
            found = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise UsageError(f"reading Azure needs {name}, which is not installed", hint=distribution.install("azure"))


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


def blob_url(account: str) -> str:
    """The address of a storage account's blobs, by its name."""
    return f"https://{account}.blob.core.windows.net"


def blobs(account: str, credential: "TokenCredential", options: Mapping[str, Any]) -> "PipelineClient[Any, Any]":
    """The blobs of a storage account as plain requests: the SDK for blobs is not a dependency. `options` are those of
    `transport`."""
    from azure.core import PipelineClient
    from azure.core.pipeline.policies import BearerTokenCredentialPolicy, HeadersPolicy, ProxyPolicy, RetryPolicy

    policies = [
        HeadersPolicy({"x-ms-version": "2024-11-04"}),
        ProxyPolicy(proxies=options.get("proxies")),
        RetryPolicy(**LIMITS),
        BearerTokenCredentialPolicy(credential, "https://storage.azure.com/.default"),
    ]
    return PipelineClient(blob_url(account), policies=policies, **LIMITS, **options)


def transport(variables: Mapping[str, str]) -> dict[str, Any]:
    """Proxy and certificates as SDK options, for variables that are not this process's own."""
    if variables is os.environ:
        return {}
    proxy = variables.get("HTTPS_PROXY") or variables.get("https_proxy")
    authority = variables.get("REQUESTS_CA_BUNDLE")
    options: dict[str, Any] = {"use_env_settings": False}
    if proxy:
        options["proxies"] = {"http": proxy, "https": proxy}
    if authority:
        options["connection_verify"] = authority
    return options


@contextmanager
def explained(call: str) -> Iterator[None]:
    """Convert the SDK's errors to CredentialsError, Unreadable or Absent. `call` is the id that was read."""
    from azure.core.exceptions import AzureError

    try:
        yield
    except AzureError as error:
        raise _sentence(error, call) from error


def _sentence(error: Exception, call: str) -> TerraceError:
    from azure.core.exceptions import (
        ClientAuthenticationError,
        HttpResponseError,
        ServiceRequestError,
        ServiceResponseError,
    )
    from azure.identity import CredentialUnavailableError

    if isinstance(error, CredentialUnavailableError):
        return CredentialsError(f"no Azure credentials: {_first(error)}", hint="log in with `az login`")
    if isinstance(error, ServiceRequestError | ServiceResponseError):
        return Unreadable(
            f"Azure did not respond: {_first(error)}", where=call, hint="check the network and HTTPS_PROXY"
        )
    if not isinstance(error, HttpResponseError):
        return Unreadable(_first(error), where=call)
    status, code, message = _details(error)
    if "AADSTS" in str(error):
        found = _ENTRA.search(str(error))
        reason = found[0].strip() if found else _first(error)
        return CredentialsError(
            f"Entra does not accept the credentials: {reason}", hint="log in again (`az login`), or renew the secret"
        )
    if isinstance(error, ClientAuthenticationError) and not status:  # every other call would fail as well
        return CredentialsError(f"Entra did not respond: {message}", hint="check the network and HTTPS_PROXY")
    if code in _ELSEWHERE:
        return Absent(message, where=call)
    if status == 401 or code in _EXPIRED or isinstance(error, ClientAuthenticationError):
        return CredentialsError(
            f"Azure does not accept the credentials: {message}", where=call, hint="log in again (`az login`)"
        )
    if status == 429:
        wait = getattr(error.response, "headers", {}).get("Retry-After", "60")
        return Unreadable(
            f"Azure throttled the request: {message}", where=call, hint=f"wait {wait} seconds and try again"
        )
    if any(reason in str(error) for reason in _NO_WAY):
        hint = "the vault is reachable through its private endpoint only: run it inside the network"
        return Unreadable(f"not reachable: {message}", where=call, hint=hint)
    if status == 403:
        action = _ACTION.search(str(error))
        needed = next((part for part in action.groups() if part), "") if action else f"read rights on {call}"
        return Unreadable(f"not allowed: {message}", where=call, hint=f"the identity needs {needed}")
    if status == 404:
        return Absent(message, where=call)
    return Unreadable(f"{code or status}: {message}", where=call)


def _details(error: Any) -> tuple[int, str, str]:
    """Status, code and message of an error in the shape of any service; Storage uses XML."""
    text = error.response.text() if error.response is not None else ""
    try:
        body = json.loads(text)
    except ValueError:
        body = {name.lower(): value for name, value in _XML.findall(text)}
    details = body.get("error", body) if isinstance(body, dict) else {}
    details = details if isinstance(details, dict) else {}
    inner = details.get("innererror")
    code = (inner.get("code") if isinstance(inner, dict) else "") or details.get("code") or ""
    message = str(details.get("message") or _first(error))
    return int(error.status_code or 0), str(code), message.splitlines()[0]


def _first(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
