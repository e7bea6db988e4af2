"""Fault injection: slow and failed operations, delayed grants, short-lived tokens.

No test waits: a fault lasts so long that it never ends during the test, or so short that it has already ended.
"""

import copy
from collections.abc import Callable

from werkzeug.test import EnvironBuilder

from terrace.emulator.azure.server import throttled
from tests.emulator.azure.bodies import ENCRYPTION_USER, GROUP, NETWORK, PEOPLE, SERVER, role
from tests.emulator.azure.conftest import ARM, Azure
from tests.emulator.azure.samples import SAMPLES

_LONG, _SHORT = 3600.0, 0.000001
Faulty = Callable[..., Azure]


def _status(azure: Azure, headers: dict[str, str]) -> dict[str, object]:
    path = headers["Azure-AsyncOperation"].removeprefix(f"https://{ARM}").partition("?")[0]
    body: dict[str, object] = azure.get(path).body
    return body


def test_a_slow_operation_is_in_progress(faulty: Faulty) -> None:
    azure = faulty(operation_seconds=_LONG)
    azure.create("group")
    response = azure.put(*copy.deepcopy(SAMPLES["network"]))
    assert response.status == 201 and response.body["properties"]["provisioningState"] == "Creating"
    assert _status(azure, dict(response.headers))["status"] == "InProgress"
    assert azure.get(NETWORK).body["properties"]["provisioningState"] == "Creating"


def test_a_slow_operation_ends(faulty: Faulty) -> None:
    azure = faulty(operation_seconds=_SHORT)
    azure.create("group")
    response = azure.put(*copy.deepcopy(SAMPLES["network"]))
    assert _status(azure, dict(response.headers))["status"] == "Succeeded"
    assert azure.get(NETWORK).body["properties"]["provisioningState"] == "Succeeded"


def test_a_patch_in_progress_returns_200(faulty: Faulty) -> None:
    """The SDKs accept 200 for every PATCH, but rarely 201."""
    azure = faulty(operation_seconds=_LONG)
    azure.create("group", "network")
    response = azure.call("PATCH", NETWORK, {"tags": {"a": "b"}})
    assert response.status == 200 and _status(azure, dict(response.headers))["status"] == "InProgress"


def test_a_resource_exists_while_its_delete_is_in_progress(faulty: Faulty) -> None:
    azure = faulty(operation_seconds=_LONG)
    azure.create("group", "network")
    response = azure.delete(NETWORK)
    assert response.status == 202 and _status(azure, dict(response.headers))["status"] == "InProgress"
    assert azure.get(NETWORK).body["properties"]["provisioningState"] == "Deleting"
    assert len(azure.backend.inventory()) == 2


def test_a_slow_delete_ends(faulty: Faulty) -> None:
    azure = faulty(operation_seconds=_SHORT)
    azure.create("group", "network")
    assert azure.delete(NETWORK).status == 202
    assert azure.get(NETWORK).status == 404


def test_vaults_and_accounts_are_deleted_at_once(faulty: Faulty) -> None:
    """Their DELETE is synchronous, and the provider does not accept 202."""
    azure = faulty(operation_seconds=_LONG)
    azure.create("group", "user", "vault", "grant-key", "account")
    for name in ("account", "vault"):
        assert azure.delete(SAMPLES[name][0]).status == 204
        assert azure.get(SAMPLES[name][0]).status == 404


def test_a_synchronous_type_is_not_delayed(faulty: Faulty) -> None:
    azure = faulty(operation_seconds=_LONG)
    azure.create("group", "user")
    assert azure.get(SAMPLES["user"][0]).body["properties"]["provisioningState"] == "Succeeded"


def test_an_operation_fails_only_once(faulty: Faulty) -> None:
    azure = faulty(fail_operation="virtualNetworks/net")
    azure.create("group", "nsg")
    response = azure.put(*copy.deepcopy(SAMPLES["network"]))
    assert response.status == 201
    status = _status(azure, dict(response.headers))
    assert status["status"] == "Failed" and "error" in status
    assert azure.get(NETWORK).body["properties"]["provisioningState"] == "Failed"
    azure.create("network")
    assert azure.get(NETWORK).body["properties"]["provisioningState"] == "Succeeded"


def test_a_synchronous_type_fails_at_once(faulty: Faulty) -> None:
    azure = faulty(fail_operation="userAssignedIdentities/user")
    azure.create("group")
    assert azure.put(*copy.deepcopy(SAMPLES["user"])).code == "OperationFailed"
    assert azure.get(SAMPLES["user"][0]).status == 404
    azure.create("user")


def test_a_delayed_grant_is_hidden(faulty: Faulty) -> None:
    azure = faulty(iam_delay_seconds=_LONG)
    azure.create("group", "user", "vault")
    path, body = copy.deepcopy(SAMPLES["grant-key"])
    assert azure.put(path, body).status == 201
    assert azure.get(path).status == 404
    listed = azure.get(f"{path.rpartition('/')[0]}").body["value"]
    assert path not in {entry["id"] for entry in listed}
    assert azure.put(*copy.deepcopy(SAMPLES["account"])).status == 403


def test_a_grant_is_visible_after_the_delay(faulty: Faulty) -> None:
    azure = faulty(iam_delay_seconds=_SHORT)
    azure.create("group", "user", "vault", "grant-key", "account")
    assert azure.get(SAMPLES["grant-key"][0]).status == 200


def test_a_hidden_grant_cannot_be_created_twice(faulty: Faulty) -> None:
    azure = faulty(iam_delay_seconds=_LONG)
    azure.create("group")
    body = {"properties": {"roleDefinitionId": role(ENCRYPTION_USER), "principalId": PEOPLE}}
    first, second = (f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{name}" for name in ("a", "b"))
    assert azure.put(first, body).status == 201
    assert azure.put(second, body).code == "RoleAssignmentExists"


def test_an_expired_token_is_refused(faulty: Faulty) -> None:
    azure = faulty(token_seconds=_SHORT)
    response = azure.get(SERVER)
    assert (response.status, response.code) == (401, "ExpiredAuthenticationToken")
    assert "invalid_token" in response.headers["WWW-Authenticate"]


def test_a_token_is_valid_for_the_given_time(faulty: Faulty) -> None:
    assert faulty(token_seconds=_LONG).get(GROUP).status == 404


def test_a_request_without_a_token_is_never_throttled() -> None:
    without = EnvironBuilder("/secrets/x", "https://any.vault.azure.net").get_environ()
    assert throttled(without) is None
    response = throttled({**without, "HTTP_AUTHORIZATION": "Bearer x"})
    assert response is not None and str(response[0]).startswith("429")
