"""What Azure answers becomes a sentence with a way out; nothing that cannot be read passes."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ClientSecretCredential

from terrace import live
from terrace.azure import names
from terrace.emulator.azure import CLIENT_ID, SECRET
from terrace.emulator.azure.server import backend
from terrace.emulator.contract import Faults, Options
from terrace.environment import target
from terrace.errors import TerraceError, UsageError
from terrace.live.azure import credentials
from terrace.live.azure.checks import Deployment
from terrace.live.azure.session import Absent, CredentialsError, Reader, Unreadable
from terrace.live.azure.versions import kind, version
from tests.live.azure.site import Wire
from tests.live.recording import environment

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
WHERE = target(environment("azure"))
SETTINGS = names.settings(WHERE)
SERVER = names.database_id(WHERE)


class Signed:
    """A credential that needs nobody."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken("a-test", 2**31)


def transport(application: Application) -> dict[str, Any]:
    session = requests.Session()
    session.mount("https://", Wire(application))
    return {"transport": RequestsTransport(session=session, session_owner=False)}


def reader(application: Application, credential: Any = None) -> Reader:
    return Reader(SETTINGS, {}, credential=credential or Signed(), options=transport(application))


def refusing(code: str, status: int, message: str = "because", **headers: str) -> Reader:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response(f"{status} Refused", [("Content-Type", "application/json"), *headers.items()])
        return [json.dumps({"error": {"code": code, "message": message}}).encode()]

    return reader(application)


def emulated(**faults: Any) -> Application:
    account = {"subscription_id": SETTINGS.subscription_id, "tenant_id": SETTINGS.tenant_id}
    application: Application = backend(account, WHERE.region, Options(faults=Faults(**faults))).application
    return application


@pytest.mark.parametrize(
    ("code", "status", "raised", "told"),
    [
        ("ExpiredAuthenticationToken", 401, CredentialsError, "Azure does not accept the credentials: because"),
        ("InvalidAuthenticationToken", 401, CredentialsError, "Azure does not accept the credentials: because"),
        ("AuthorizationFailed", 403, Unreadable, "not allowed: because"),
        ("ResourceNotFound", 404, Absent, "because"),
        ("ResourceGroupNotFound", 404, Absent, "because"),
        ("InvalidApiVersionParameter", 400, Unreadable, "InvalidApiVersionParameter: because"),
    ],
)
def test_an_error_of_azure_is_told_by_kind(code: str, status: int, raised: type[TerraceError], told: str) -> None:
    with pytest.raises(raised) as caught:
        refusing(code, status).get(SERVER)
    assert (caught.value.message, caught.value.where) == (told, SERVER)


def test_who_is_not_allowed_reads_which_right_is_needed() -> None:
    message = "The client 'x' does not have authorization to perform action 'Microsoft.Y/z/read' over scope '/s'."
    with pytest.raises(Unreadable) as caught:
        refusing("AuthorizationFailed", 403, message).get(SERVER)
    assert caught.value.hint == "the identity needs Microsoft.Y/z/read"


def test_a_vault_behind_its_private_path_says_from_where_to_ask() -> None:
    message = "Public network access is disabled. Code: ForbiddenByConnection"
    with pytest.raises(Unreadable) as caught:
        refusing("Forbidden", 403, message).get(SERVER)
    assert "from inside the network" in caught.value.hint


def test_throttling_is_waited_for_and_told_when_it_does_not_end() -> None:
    asked: list[str] = []

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked.append(environ["PATH_INFO"])
        if len(asked) < 3:
            start_response("429 Too Many Requests", [("Retry-After", "0")])
            return [b"{}"]
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b'{"name": "it"}']

    assert reader(application).get(SERVER)["name"] == "it"
    assert len(asked) == 3
    with pytest.raises(Unreadable, match="Azure throttles: because") as caught:
        refusing("TooManyRequests", 429, **{"Retry-After": "0"}).get(SERVER)
    assert caught.value.hint == "wait 0 seconds and ask again"


def test_a_listing_is_read_to_its_last_page() -> None:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        if "more" in environ["QUERY_STRING"]:
            return [b'{"value": [{"name": "second"}]}']
        return [b'{"value": [{"name": "first"}], "nextLink": "https://management.azure.com/x?more=1"}']

    found = reader(application).pages(f"{SERVER}/databases")
    assert [one["name"] for one in found] == ["first", "second"]


def test_an_answer_is_asked_for_once_until_it_is_forgotten() -> None:
    asked: list[str] = []

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b"{}"]

    one = reader(application)
    one.get(SERVER)
    one.get(SERVER.lower())
    assert len(asked) == 1
    one.forget(["flexibleServers"])
    one.get(SERVER)
    assert len(asked) == 2


def test_who_signs_in_wrongly_is_told_what_entra_says() -> None:
    application = emulated()
    wrong = ClientSecretCredential(SETTINGS.tenant_id, CLIENT_ID, "another", **transport(application))
    with pytest.raises(CredentialsError, match="Entra does not accept the credentials: AADSTS7000215"):
        reader(application, wrong).check_account()


def test_without_a_network_nobody_is_said_to_have_a_wrong_password(capfd: pytest.CaptureFixture[str]) -> None:
    nobody = {
        "ARM_CLIENT_ID": CLIENT_ID,
        "ARM_CLIENT_SECRET": SECRET,
        "HTTPS_PROXY": "http://127.0.0.1:9",  # where nothing listens
    }
    with pytest.raises(CredentialsError, match="Entra did not answer: ") as caught:
        Reader(SETTINGS, nobody).check_account()
    assert caught.value.hint == "check the network and HTTPS_PROXY"
    assert capfd.readouterr().err == ""


def test_a_token_that_ended_is_told() -> None:
    application = emulated(token_seconds=1e-9)
    late = ClientSecretCredential(SETTINGS.tenant_id, CLIENT_ID, SECRET, **transport(application))
    with pytest.raises(CredentialsError, match="Azure does not accept the credentials"):
        reader(application, late).check_account()


def answering(**body: Any) -> Reader:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]

    return reader(application)


def test_another_tenant_or_subscription_is_refused_before_anything_is_read() -> None:
    answering(tenantId=SETTINGS.tenant_id, state="Enabled").check_account()
    with pytest.raises(TerraceError, match="it belongs to tenant other, the environment names"):
        answering(tenantId="other").check_account()
    with pytest.raises(TerraceError, match="it is disabled"):
        answering(tenantId=SETTINGS.tenant_id, state="Disabled").check_account()
    with pytest.raises(TerraceError, match="the credentials do not see it: because") as caught:
        refusing("SubscriptionNotFound", 404).check_account()
    assert f"az login --tenant {SETTINGS.tenant_id}" in caught.value.hint


@pytest.mark.parametrize("guarantee", sorted(live.readable("azure")))
def test_what_may_not_be_read_is_unknown_and_never_holds(guarantee: str) -> None:
    deployment = Deployment(environment("azure"), WHERE, refusing("AuthorizationFailed", 403))
    result = live.evaluate_guarantee(guarantee, "azure", deployment)
    assert result.status in ("unproven", "not_required")
    assert not result.passes or result.status == "not_required"


@pytest.mark.parametrize("guarantee", sorted(set(live.readable("azure")) - {"COST-2"}))
def test_in_an_empty_subscription_nothing_holds(guarantee: str) -> None:
    deployment = Deployment(environment("azure"), WHERE, refusing("ResourceNotFound", 404))
    assert not live.evaluate_guarantee(guarantee, "azure", deployment).passes


def test_without_the_sdk_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_EXTRA", ("azure.nothing",))
    with pytest.raises(UsageError) as caught:
        Reader(SETTINGS, {}).check_account()
    assert caught.value.message == "reading Azure needs azure.nothing, which is not installed"
    assert caught.value.hint == "pip install 'terrace[azure]'"


def test_credentials_are_those_that_terraform_takes_then_the_sdks_then_the_clis(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "ARM_USE_MSI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path))
    assert credentials.look().status == "absent"
    with pytest.raises(CredentialsError, match="no Azure credentials"):
        Reader(SETTINGS, {"PATH": ""}).check_account()
    program = tmp_path / "az"
    program.touch(mode=0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert credentials.look().status == "absent"  # there, and not logged in
    (tmp_path / "azureProfile.json").write_text('\ufeff{"subscriptions": [{"id": "s"}]}')
    assert "from the Azure CLI" in credentials.look().detail
    monkeypatch.setenv("AZURE_CLIENT_ID", "c")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "s")
    assert credentials.look().detail == "from a client secret, subscription the environment's"
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    monkeypatch.setenv("ARM_OIDC_TOKEN", "t")
    monkeypatch.setenv("ARM_SUBSCRIPTION_ID", "x")
    assert credentials.look().detail == "from a federated token, subscription x"


@pytest.mark.parametrize(
    ("path", "type"),
    [
        ("/subscriptions/s", "Microsoft.Resources/subscriptions"),
        ("/subscriptions/s/resourceGroups/g", "Microsoft.Resources/resourceGroups"),
        ("/subscriptions/s/resourceGroups/g/resources", "Microsoft.Resources/resources"),
        (SERVER, "Microsoft.DBforPostgreSQL/flexibleServers"),
        (f"{SERVER}/databases", "Microsoft.DBforPostgreSQL/flexibleServers/databases"),
        (f"{SERVER}/providers/Microsoft.Authorization/locks/keep", "Microsoft.Authorization/locks"),
        (f"{SERVER}/providers/Microsoft.Authorization/locks", "Microsoft.Authorization/locks"),
    ],
)
def test_a_path_tells_its_type_and_so_the_version_that_reads_it(path: str, type: str) -> None:
    assert kind(path) == type
    assert version(path)


def test_a_namespace_without_a_version_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError, match="no API version"):
        version("/subscriptions/s/providers/Microsoft.Unheard/of")
