"""What goes wrong on purpose: slow and failed operations, grants that are seen late, tokens that end early.

No test waits for a clock: a fault is set so far away that its end is never reached, or so near that it has passed.
"""

import copy
from collections.abc import Callable

from werkzeug.test import EnvironBuilder

from terrace.emulator.azure.server import throttled
from tests.emulator.azure.bodies import ENCRYPTION_USER, GROUP, NETWORK, PEOPLE, SERVER, role
from tests.emulator.azure.conftest import ARM, Azure
from tests.emulator.azure.world import WORLD

_LONG, _SHORT = 3600.0, 0.000001
Faulty = Callable[..., Azure]


def _status(azure: Azure, headers: dict[str, str]) -> dict[str, object]:
    path = headers["Azure-AsyncOperation"].removeprefix(f"https://{ARM}").partition("?")[0]
    body: dict[str, object] = azure.get(path).body
    return body


def test_an_operation_is_under_way(faulty: Faulty) -> None:
    azure = faulty(operation_seconds=_LONG)
    azure.make("group")
    said = azure.put(*copy.deepcopy(WORLD["network"]))
    assert said.status == 201 and said.body["properties"]["provisioningState"] == "Creating"
    assert _status(azure, dict(said.headers))["status"] == "InProgress"
    assert azure.get(NETWORK).body["properties"]["provisioningState"] == "Creating"


def test_an_operation_comes_to_its_end(faulty: Faulty) -> None:
    azure = faulty(operation_seconds=_SHORT)
    azure.make("group")
    said = azure.put(*copy.deepcopy(WORLD["network"]))
    assert _status(azure, dict(said.headers))["status"] == "Succeeded"
    assert azure.get(NETWORK).body["properties"]["provisioningState"] == "Succeeded"


def test_a_patch_under_way_is_answered_at_once(faulty: Faulty) -> None:
    """Every PATCH may be answered with 200; hardly any with 201."""
    azure = faulty(operation_seconds=_LONG)
    azure.make("group", "network")
    said = azure.call("PATCH", NETWORK, {"tags": {"a": "b"}})
    assert said.status == 200 and _status(azure, dict(said.headers))["status"] == "InProgress"


def test_a_delete_under_way_has_not_happened(faulty: Faulty) -> None:
    azure = faulty(operation_seconds=_LONG)
    azure.make("group", "network")
    said = azure.delete(NETWORK)
    assert said.status == 202 and _status(azure, dict(said.headers))["status"] == "InProgress"
    assert azure.get(NETWORK).body["properties"]["provisioningState"] == "Deleting"
    assert len(azure.backend.inventory()) == 2


def test_a_delete_comes_to_its_end(faulty: Faulty) -> None:
    azure = faulty(operation_seconds=_SHORT)
    azure.make("group", "network")
    assert azure.delete(NETWORK).status == 202
    assert azure.get(NETWORK).status == 404


def test_vaults_and_accounts_go_at_once_all_the_same(faulty: Faulty) -> None:
    """Their DELETE has no operation, and the provider takes no 202."""
    azure = faulty(operation_seconds=_LONG)
    azure.make("group", "user", "vault", "grant-key", "account")
    for name in ("account", "vault"):
        assert azure.delete(WORLD[name][0]).status == 204
        assert azure.get(WORLD[name][0]).status == 404


def test_what_is_done_at_once_is_not_slow(faulty: Faulty) -> None:
    azure = faulty(operation_seconds=_LONG)
    azure.make("group", "user")
    assert azure.get(WORLD["user"][0]).body["properties"]["provisioningState"] == "Succeeded"


def test_an_operation_fails_once(faulty: Faulty) -> None:
    azure = faulty(fail_operation="virtualNetworks/net")
    azure.make("group", "nsg")
    said = azure.put(*copy.deepcopy(WORLD["network"]))
    assert said.status == 201
    status = _status(azure, dict(said.headers))
    assert status["status"] == "Failed" and "error" in status
    assert azure.get(NETWORK).body["properties"]["provisioningState"] == "Failed"
    azure.make("network")
    assert azure.get(NETWORK).body["properties"]["provisioningState"] == "Succeeded"


def test_what_has_no_operation_fails_at_once(faulty: Faulty) -> None:
    azure = faulty(fail_operation="userAssignedIdentities/user")
    azure.make("group")
    assert azure.put(*copy.deepcopy(WORLD["user"])).code == "OperationFailed"
    assert azure.get(WORLD["user"][0]).status == 404
    azure.make("user")


def test_a_grant_is_seen_late(faulty: Faulty) -> None:
    azure = faulty(iam_delay_seconds=_LONG)
    azure.make("group", "user", "vault")
    path, body = copy.deepcopy(WORLD["grant-key"])
    assert azure.put(path, body).status == 201
    assert azure.get(path).status == 404
    listed = azure.get(f"{path.rpartition('/')[0]}").body["value"]
    assert path not in {entry["id"] for entry in listed}
    assert azure.put(*copy.deepcopy(WORLD["account"])).status == 403


def test_a_grant_is_seen_in_the_end(faulty: Faulty) -> None:
    azure = faulty(iam_delay_seconds=_SHORT)
    azure.make("group", "user", "vault", "grant-key", "account")
    assert azure.get(WORLD["grant-key"][0]).status == 200


def test_a_late_grant_is_still_the_same_grant(faulty: Faulty) -> None:
    azure = faulty(iam_delay_seconds=_LONG)
    azure.make("group")
    body = {"properties": {"roleDefinitionId": role(ENCRYPTION_USER), "principalId": PEOPLE}}
    first, second = (f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{name}" for name in ("a", "b"))
    assert azure.put(first, body).status == 201
    assert azure.put(second, body).code == "RoleAssignmentExists"


def test_a_token_ends_early(faulty: Faulty) -> None:
    azure = faulty(token_seconds=_SHORT)
    said = azure.get(SERVER)
    assert (said.status, said.code) == (401, "ExpiredAuthenticationToken")
    assert "invalid_token" in said.headers["WWW-Authenticate"]


def test_a_token_lasts_as_long_as_it_is_told_to(faulty: Faulty) -> None:
    assert faulty(token_seconds=_LONG).get(GROUP).status == 404


def test_who_brings_no_token_is_told_whose_it_needs_and_never_throttled() -> None:
    without = EnvironBuilder("/secrets/x", "https://any.vault.azure.net").get_environ()
    assert throttled(without) is None
    answer = throttled({**without, "HTTP_AUTHORIZATION": "Bearer x"})
    assert answer is not None and str(answer[0]).startswith("429")
