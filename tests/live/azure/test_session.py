"""Errors of Azure become sentences with a hint; a check that cannot read does not pass."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ClientSecretCredential

from terrace import distribution, live
from terrace.azure import names
from terrace.calls import azure
from terrace.emulator.azure import CLIENT_ID, SECRET
from terrace.emulator.azure.server import backend
from terrace.emulator.contract import Faults, Options
from terrace.environment import target
from terrace.errors import TerraceError, UsageError
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
    """A credential without a login."""

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
    ("code", "status", "raised", "message"),
    [
        ("ExpiredAuthenticationToken", 401, CredentialsError, "Azure does not accept the credentials: because"),
        ("InvalidAuthenticationToken", 401, CredentialsError, "Azure does not accept the credentials: because"),
        ("AuthorizationFailed", 403, Unreadable, "not allowed: because"),
        ("ResourceNotFound", 404, Absent, "because"),
        ("ResourceGroupNotFound", 404, Absent, "because"),
        ("InvalidApiVersionParameter", 400, Unreadable, "InvalidApiVersionParameter: because"),
    ],
)
def test_errors_are_classified(code: str, status: int, raised: type[TerraceError], message: str) -> None:
    with pytest.raises(raised) as caught:
        refusing(code, status).get(SERVER)
    assert (caught.value.message, caught.value.where) == (message, SERVER)


def test_a_denied_call_names_the_missing_right() -> None:
    message = "The client 'x' does not have authorization to perform action 'Microsoft.Y/z/read' over scope '/s'."
    with pytest.raises(Unreadable) as caught:
        refusing("AuthorizationFailed", 403, message).get(SERVER)
    assert caught.value.hint == "the identity needs Microsoft.Y/z/read"


def test_a_private_vault_has_a_hint_about_the_network() -> None:
    message = "Public network access is disabled. Code: ForbiddenByConnection"
    with pytest.raises(Unreadable) as caught:
        refusing("Forbidden", 403, message).get(SERVER)
    assert "run it inside the network" in caught.value.hint


def test_throttled_calls_are_retried_a_few_times() -> None:
    calls: list[str] = []

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        calls.append(environ["PATH_INFO"])
        if len(calls) < 3:
            start_response("429 Too Many Requests", [("Retry-After", "0")])
            return [b"{}"]
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b'{"name": "it"}']

    assert reader(application).get(SERVER)["name"] == "it"
    assert len(calls) == 3
    with pytest.raises(Unreadable, match="Azure throttled the request: because") as caught:
        refusing("TooManyRequests", 429, **{"Retry-After": "0"}).get(SERVER)
    assert caught.value.hint == "wait 0 seconds and try again"


def test_a_listing_is_read_to_its_last_page() -> None:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        if "more" in environ["QUERY_STRING"]:
            return [b'{"value": [{"name": "second"}]}']
        return [b'{"value": [{"name": "first"}], "nextLink": "https://management.azure.com/x?more=1"}']

    found = reader(application).pages(f"{SERVER}/databases")
    assert [one["name"] for one in found] == ["first", "second"]


def test_an_answer_is_cached_until_it_is_forgotten() -> None:
    calls: list[str] = []

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        calls.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b"{}"]

    one = reader(application)
    one.get(SERVER)
    one.get(SERVER.lower())
    assert len(calls) == 1
    one.forget(["flexibleServers"])
    one.get(SERVER)
    assert len(calls) == 2


def test_a_failed_login_shows_entras_reason() -> None:
    application = emulated()
    wrong = ClientSecretCredential(SETTINGS.tenant_id, CLIENT_ID, "another", **transport(application))
    with pytest.raises(CredentialsError, match="Entra does not accept the credentials: AADSTS7000215"):
        reader(application, wrong).check_account()


def test_a_network_failure_is_not_reported_as_wrong_credentials(capfd: pytest.CaptureFixture[str]) -> None:
    variables = {
        "ARM_CLIENT_ID": CLIENT_ID,
        "ARM_CLIENT_SECRET": SECRET,
        "HTTPS_PROXY": "http://127.0.0.1:9",  # no server listens here
    }
    with pytest.raises(CredentialsError, match="Entra did not respond: ") as caught:
        Reader(SETTINGS, variables).check_account()
    assert caught.value.hint == "check the network and HTTPS_PROXY"
    assert capfd.readouterr().err == ""


def test_an_expired_token_is_reported() -> None:
    application = emulated(token_seconds=1e-9)
    late = ClientSecretCredential(SETTINGS.tenant_id, CLIENT_ID, SECRET, **transport(application))
    with pytest.raises(CredentialsError, match="Azure does not accept the credentials"):
        reader(application, late).check_account()


def answering(**body: Any) -> Reader:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]

    return reader(application)


def test_another_tenant_or_subscription_is_refused() -> None:
    answering(tenantId=SETTINGS.tenant_id, state="Enabled").check_account()
    with pytest.raises(TerraceError, match="it is in tenant other, but the environment names"):
        answering(tenantId="other").check_account()
    with pytest.raises(TerraceError, match="it is disabled"):
        answering(tenantId=SETTINGS.tenant_id, state="Disabled").check_account()
    with pytest.raises(TerraceError, match="not found, or the credentials may not read it: because") as caught:
        refusing("SubscriptionNotFound", 404).check_account()
    assert f"az login --tenant {SETTINGS.tenant_id}" in caught.value.hint


@pytest.mark.parametrize("guarantee", sorted(live.readable("azure")))
def test_without_rights_no_guarantee_holds(guarantee: str) -> None:
    deployment = Deployment(environment("azure"), WHERE, refusing("AuthorizationFailed", 403))
    result = live.evaluate_guarantee(guarantee, "azure", deployment)
    assert result.status in ("unproven", "not_required")
    assert not result.passes or result.status == "not_required"


@pytest.mark.parametrize("guarantee", sorted(set(live.readable("azure")) - {"COST-2"}))
def test_in_an_empty_subscription_no_guarantee_holds(guarantee: str) -> None:
    deployment = Deployment(environment("azure"), WHERE, refusing("ResourceNotFound", 404))
    assert not live.evaluate_guarantee(guarantee, "azure", deployment).passes


def test_a_missing_sdk_has_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(azure, "_EXTRA", ("azure.nothing",))
    with pytest.raises(UsageError) as caught:
        Reader(SETTINGS, {}).check_account()
    assert caught.value.message == "reading Azure needs azure.nothing, which is not installed"
    assert caught.value.hint == distribution.install("azure")


def test_credentials_are_terraforms_then_the_sdks_then_the_clis(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "ARM_USE_MSI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path))
    assert azure.look().status == "absent"
    with pytest.raises(CredentialsError, match="no Azure credentials"):
        Reader(SETTINGS, {"PATH": ""}).check_account()
    program = tmp_path / "az"
    program.touch(mode=0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert azure.look().status == "absent"  # installed, and not logged in
    (tmp_path / "azureProfile.json").write_text('\ufeff{"subscriptions": [{"id": "s"}]}')
    assert "from the Azure CLI" in azure.look().detail
    monkeypatch.setenv("AZURE_CLIENT_ID", "c")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "s")
    assert azure.look().detail == "from a client secret, subscription the environment's"
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    monkeypatch.setenv("ARM_OIDC_TOKEN", "t")
    monkeypatch.setenv("ARM_SUBSCRIPTION_ID", "x")
    assert azure.look().detail == "from a federated token, subscription x"


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
def test_a_path_gives_type_and_version(path: str, type: str) -> None:
    assert kind(path) == type
    assert version(path)


def test_a_namespace_without_a_version_raises_key_error() -> None:
    with pytest.raises(KeyError, match="no API version"):
        version("/subscriptions/s/providers/Microsoft.Unheard/of")
