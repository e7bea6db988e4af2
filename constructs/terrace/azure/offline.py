"""Azure without an account: what the provider needs to plan, and the values of mocked resources.

azurerm requests a token before it plans, and accepts any: a managed identity endpoint on loopback issues one.
"""

import base64
import json
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from terrace.azure.permissions import ARM_TYPES

VARIABLES = ("ARM_", "AZURE_", "IDENTITY_", "MSI_")

_ZERO_ID = "00000000-0000-0000-0000-000000000000"
_SUBSCRIPTION = f"/subscriptions/{_ZERO_ID}"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/mocked"
_VAULT = "https://mocked.vault.azure.net"
_IDENTITY = {"principal_id": _ZERO_ID, "tenant_id": _ZERO_ID}  # one object is used for every block of that name
_MOCKED: dict[str, dict[str, Any]] = {
    "azurerm_resource_group": {"id": _GROUP},
    "azurerm_data_protection_backup_vault": {"identity": _IDENTITY},
    "azurerm_logic_app_workflow": {"identity": _IDENTITY},
    "azurerm_key_vault": {"vault_uri": f"{_VAULT}/"},
    "azurerm_key_vault_certificate": {"versionless_secret_id": f"{_VAULT}/secrets/mocked"},
    "azurerm_key_vault_key": {
        "id": f"{_VAULT}/keys/mocked/{'0' * 32}",
        "versionless_id": f"{_VAULT}/keys/mocked",
        "resource_versionless_id": f"{_GROUP}/providers/Microsoft.KeyVault/vaults/mocked/keys/mocked",
    },
    "azurerm_kubernetes_cluster": {
        "oidc_issuer_url": "https://issuer.example.com/mocked/",
        "kube_config": [
            {
                "client_certificate": "bW9ja2Vk",
                "client_key": "bW9ja2Vk",
                "cluster_ca_certificate": "bW9ja2Vk",
                "host": "https://cluster.example.com",
                "password": "mocked",
                "username": "mocked",
            }
        ],
    },
    "azurerm_log_analytics_workspace": {"workspace_id": _ZERO_ID},
    "azurerm_role_definition": {
        "role_definition_id": _ZERO_ID,
        "role_definition_resource_id": f"{_SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{_ZERO_ID}",
    },
    "azurerm_subnet": {"id": f"{_GROUP}/providers/Microsoft.Network/virtualNetworks/mocked/subnets/GatewaySubnet"},
    "azurerm_user_assigned_identity": {"principal_id": _ZERO_ID, "client_id": _ZERO_ID, "tenant_id": _ZERO_ID},
}


class _Tokens(BaseHTTPRequestHandler):
    """Answers every request with a token for the zero id. The provider reads its three parts."""

    def do_GET(self) -> None:
        until = int(time.time()) + 3600
        claims = {"oid": _ZERO_ID, "tid": _ZERO_ID, "appid": _ZERO_ID, "exp": until}
        parts = ({"alg": "none", "typ": "JWT"}, claims)
        words = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
        answer = {"access_token": ".".join([*words, ""]), "token_type": "Bearer"}
        body = json.dumps(answer | {"expires_in": "3600", "expires_on": str(until)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@contextmanager
def credentials() -> Iterator[dict[str, str]]:
    """A managed identity of this process, served on loopback until the context ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Tokens) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield {
                "ARM_USE_MSI": "true",
                "ARM_USE_CLI": "false",
                "ARM_MSI_ENDPOINT": f"http://127.0.0.1:{server.server_port}/token",
                "ARM_CLIENT_ID": _ZERO_ID,
            }
        finally:
            server.shutdown()


def mocked(type: str, referred: Collection[str]) -> dict[str, Any]:
    """Values of a mocked resource for attributes that others refer to; Terraform generates the rest."""
    answers: dict[str, Any] = {}
    if arm := ARM_TYPES.get(type):
        answers["id"] = f"{_GROUP}/providers/{arm.replace('*', 'mocked')}/mocked"
    return answers | _MOCKED.get(type, {})
