"""The flow on an emulated Azure: Blob storage with tokens of Entra, and a flexible server.

The server of a foundation has no password, since people and jobs log in with Entra's tokens, which no server on this
machine can check: it is given an administrator with one.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from terrace.capabilities.outputs import Outputs
from terrace.capabilities.spec import present
from terrace.emulator import Emulator
from terrace.emulator.azure import CLIENT_ID, SECRET
from terrace.flow.cloud import FSSPEC
from terrace.flow.rest import request
from terrace.workloads.context import Context

_ADMIN = "platform_admin"
_ARM, _STORAGE = "management.azure.com", "https://storage.azure.com"
_SERVERS = "providers/Microsoft.DBforPostgreSQL/flexibleServers"
AS_MODULES = False


def make(emulated: Emulator, context: Context, layers: tuple[str, ...]) -> Outputs:
    prefix, outputs = context.target.prefix, context.outputs
    group = f"/subscriptions/{emulated.account['subscription_id']}/resourceGroups/{prefix}"
    accounts = {layer: f"{group}/providers/Microsoft.Storage/storageAccounts/{_account(layer)}" for layer in layers}
    server = f"{group}/{_SERVERS}/{prefix}"
    place = {"location": emulated.region}
    by_identity = {
        "activeDirectoryAuth": "Enabled", "passwordAuth": "Disabled", "tenantId": emulated.account["tenant_id"],
    }  # fmt: skip
    version = str(present(context.environment.database).version)
    for path, body in {
        group: place,
        **{one: place | {"sku": {"name": "Standard_ZRS"}, "kind": "StorageV2"} for one in accounts.values()},
        **{f"{one}/blobServices/default": {"properties": {"isVersioningEnabled": True}} for one in accounts.values()},
        **{f"{one}/blobServices/default/containers/{layer}": {"properties": {}} for layer, one in accounts.items()},
        server: place | {
            "sku": {"name": "Standard_B2s", "tier": "Burstable"},
            "properties": {"version": version, "authConfig": by_identity},
        },
        f"{server}/databases/platform": {"properties": {}},
    }.items():  # fmt: skip
        _call(emulated, "PUT", path, body)
    database = present(outputs.database)
    return outputs.model_copy(
        update={
            "database": database.model_copy(
                update={
                    "host": f"{prefix}.postgres.database.azure.com",
                    "name": "platform",
                    "admin": _ADMIN,
                    "admin_secret": "",
                    "schemas": present(context.environment.database).schemas,
                    "roles": {module: f"{prefix}-module-{module}" for module in database.roles},
                }
            ),
            "lake": {layer: f"abfss://{layer}@{_account(layer)}.dfs.core.windows.net" for layer in outputs.lake},
        }
    )


def administrator(emulated: Emulator, context: Context) -> tuple[str, str]:
    host, password = present(context.outputs.database).host, f"{secrets.token_hex(16)}-A"
    found = _call(emulated, "GET", f"/subscriptions/{emulated.account['subscription_id']}/{_SERVERS}")["value"]
    server = next(one for one in found if f"{one['name']}.postgres.database.azure.com" == host)
    given = {"administratorLogin": _ADMIN, "administratorLoginPassword": password}
    authentication = server["properties"].get("authConfig", {}) | {"passwordAuth": "Enabled"}
    _call(emulated, "PUT", server["id"], server | {
        "properties": server["properties"] | given | {"authConfig": authentication},
    })  # fmt: skip
    return _ADMIN, password


def files(emulated: Emulator, context: Context, module: str) -> Mapping[str, str]:
    return {"py-io-impl": FSSPEC, "adls.token": _token(emulated, _STORAGE)}  # layers are in several accounts


def _account(layer: str) -> str:
    """Each layer has its own, as bronze has in a foundation."""
    return f"terraceflow{layer}"


def _token(emulated: Emulator, audience: str) -> str:
    form = {
        "grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": SECRET,
        "scope": f"{audience}/.default",
    }  # fmt: skip
    url = f"login.microsoftonline.com/{emulated.account['tenant_id']}/oauth2/v2.0/token"
    token: str = request(emulated, "POST", url, form, form=True)["access_token"]
    return token


def _call(emulated: Emulator, method: str, path: str, body: Any = None) -> Any:
    token = _token(emulated, f"https://{_ARM}")
    return request(emulated, method, f"{_ARM}{path}?api-version=2024-08-01", body, token=token)
