"""The rights of a request, as the emulator evaluates them with `rights`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from terrace.azure import names
from terrace.emulator.azure.ids import guid
from terrace.emulator.contract import Options
from tests.emulator.azure.bodies import COPY, USER, VAULT, grant
from tests.emulator.azure.conftest import ARM, Azure, Response
from tests.emulator.issuer import Issuer

CONTAINER = f"{COPY}/blobServices/default/containers/bronze"
BLOBS = "worldcopy.blob.core.windows.net"
SECRETS = "world-vault.vault.azure.net"
CONTRIBUTOR, READER = "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "acdd72a7-3385-48ef-bd42-f606fba81ae7"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
ISSUER = Issuer("https://cluster.example.com")
PRINCIPAL = guid(USER, "principal")
_AUDIENCES = {BLOBS: "https://storage.azure.com", SECRETS: "https://vault.azure.net", ARM: f"https://{ARM}"}


class Pods:
    """Calls as a managed identity, which pods sign in as with a token of their cluster."""

    def __init__(self, azure: Azure, issuer: Issuer) -> None:
        self._azure, self._issuer = azure, issuer

    def __call__(self, method: str, host: str, path: str, data: bytes = b"", **headers: str) -> tuple[int, str]:
        assertion = self._issuer.token(
            {"sub": "system:serviceaccount:spark:spark", "aud": "api://AzureADTokenExchange"}
        )
        form = {"client_id": guid(USER, "client"), "client_secret": "", "client_assertion": assertion}
        token = self._azure.token(_AUDIENCES[host], **form).get_json()["access_token"]
        words = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Authorization": f"Bearer {token}", **words}
        answer = self._azure.raw(method, f"{host}/{path}", data=data, headers=sent)
        return answer.status_code, answer.headers.get("x-ms-error-code", "")


@pytest.fixture
def azure(tmp_path: Path) -> Azure:
    """A container, a secret, and an identity without a role."""
    issuers = tmp_path / "issuers.json"
    issuers.write_text(json.dumps({ISSUER.url: ISSUER.key_set}))
    self = Azure(Options(rights=True, issuers=issuers))
    self.create("group", "user", "vault", "grant-key", "copy", "copy-container")
    trust = {"issuer": ISSUER.url, "subject": "system:serviceaccount:spark:spark"}
    body = {"properties": {**trust, "audiences": ["api://AzureADTokenExchange"]}}
    assert self.put(f"{USER}/federatedIdentityCredentials/spark", body).status in (200, 201)
    assert self.call("PUT", "/secrets/password", {"value": "of the test"}, host=SECRETS).status == 200
    return self


@pytest.fixture
def pods(azure: Azure) -> Pods:
    return Pods(azure, ISSUER)


@pytest.fixture
def give(azure: Azure) -> Callable[..., Response]:
    """Assigns a role to the identity."""

    def assign(role: str, scope: str, condition: str = "") -> Response:
        path, body = grant(PRINCIPAL, role, scope)
        if condition:
            body["properties"] |= {"condition": condition, "conditionVersion": "2.0"}
        return azure.put(path, body)

    return assign


def _blob(pods: Pods, method: str, path: str, data: bytes = b"", **headers: str) -> int:
    return pods(method, BLOBS, f"bronze/{path}" if path else "bronze", data, **headers)[0]


def test_blobs_of_a_product_are_read_and_written_where_the_condition_allows(
    azure: Azure, pods: Pods, give: Callable[..., Any]
) -> None:
    assert _blob(pods, "PUT", "orders/1", b"1") == 403
    give(CONTRIBUTOR, CONTAINER, names.below(["orders"], "write"))
    assert _blob(pods, "PUT", "orders/1", b"1") == 201
    assert _blob(pods, "GET", "orders/1") == 200
    assert _blob(pods, "GET", "?restype=container&comp=list&prefix=orders/") == 200
    assert _blob(pods, "DELETE", "orders/1") == 202
    assert _blob(pods, "PUT", "orders-eu/1", b"1") == 403
    assert _blob(pods, "GET", "?restype=container&comp=list") == 403
    assert _blob(pods, "GET", "?restype=container&comp=list&prefix=payments/") == 403


def test_a_copy_needs_to_read_its_source(azure: Azure, pods: Pods, give: Callable[..., Any]) -> None:
    source = f"https://{BLOBS}/bronze/payments/1"
    azure.call("PUT", "/bronze/payments/1", host=BLOBS)
    give(CONTRIBUTOR, CONTAINER, names.below(["orders"], "write"))
    assert pods("PUT", BLOBS, "bronze/orders/1", x_ms_copy_source=source) == (403, "AuthorizationPermissionMismatch")


def test_each_part_of_a_batch_is_evaluated(azure: Azure, pods: Pods, give: Callable[..., Any]) -> None:
    give(CONTRIBUTOR, CONTAINER, names.below(["orders"], "write"))
    for path in ("orders/1", "payments/1"):
        azure.call("PUT", f"/bronze/{path}", host=BLOBS)
    parts = "".join(
        f"--b\r\nContent-Type: application/http\r\nContent-ID: {number}\r\n\r\n"
        f"DELETE /bronze/{path} HTTP/1.1\r\n\r\n\r\n"
        for number, path in enumerate(("orders/1", "payments/1"))
    )
    sent = f"{parts}--b--\r\n".encode()
    assert pods("POST", BLOBS, "?comp=batch", sent, Content_Type="multipart/mixed; boundary=b")[0] == 202
    assert azure.call("GET", "/bronze/orders/1", host=BLOBS).status == 404
    assert azure.call("GET", "/bronze/payments/1", host=BLOBS).status == 200


def test_a_secret_is_read_with_a_role_on_it(azure: Azure, pods: Pods, give: Callable[..., Any]) -> None:
    assert pods("GET", SECRETS, "secrets/password?api-version=7.4")[0] == 403
    give(SECRETS_USER, f"{VAULT}/secrets/password")
    assert pods("GET", SECRETS, "secrets/password?api-version=7.4")[0] == 200
    assert pods("GET", SECRETS, "secrets?api-version=7.4")[0] == 403
    assert pods("DELETE", SECRETS, "secrets/password?api-version=7.4")[0] == 403


def test_resources_are_read_and_not_changed_by_a_reader(azure: Azure, pods: Pods, give: Callable[..., Any]) -> None:
    group = COPY.partition("/providers/")[0]
    assert pods("GET", ARM, f"{COPY[1:]}?api-version=2024-01-01")[0] == 403
    give(READER, group)
    assert pods("GET", ARM, f"{COPY[1:]}?api-version=2024-01-01")[0] == 200
    assert pods("DELETE", ARM, f"{COPY[1:]}?api-version=2024-01-01")[0] == 403
    assert _blob(pods, "GET", "orders/1") == 403  # a role on resources gives no data


def test_each_decision_is_recorded(azure: Azure, pods: Pods, give: Callable[..., Any]) -> None:
    _blob(pods, "PUT", "orders/1", b"1")
    give(CONTRIBUTOR, CONTAINER)
    _blob(pods, "PUT", "orders/1", b"1")
    action = "data Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write"
    found = [one for one in azure.backend.decisions() if one.action == action]
    assert [(one.identity, one.allowed, one.by) for one in found] == [
        (PRINCIPAL, False, "no role assignment allows the action"),
        (PRINCIPAL, True, f"Storage Blob Data Contributor on {CONTAINER.lower()}"),
    ]
