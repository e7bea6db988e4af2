"""Tokens, shapes of errors, unknown calls, lists, memory of a folder."""

import copy
import json
from pathlib import Path

import pytest

from terrace.emulator.azure import DEFAULT_ACCOUNT
from terrace.emulator.azure.ids import guid
from terrace.emulator.azure.inventory import kept
from terrace.emulator.azure.server import throttled
from terrace.emulator.contract import Options
from tests.emulator.azure.bodies import (
    ACCOUNT,
    CLUSTER,
    GROUP,
    NETWORK,
    PEOPLE,
    READER,
    SERVER,
    SUBSCRIPTION,
    VAULT,
    at,
    role,
)
from tests.emulator.azure.conftest import ARM, Azure
from tests.emulator.azure.world import WORLD

_VERSION = "api-version=2024-01-01"
_VAULT_HOST = "world-vault.vault.azure.net"


def test_without_a_token_the_answer_says_where_to_get_one(azure: Azure) -> None:
    said = azure.raw("GET", f"{ARM}{GROUP}?{_VERSION}")
    assert said.status_code == 401
    assert said.get_json()["error"]["code"] == "AuthenticationFailed"
    assert f"login.microsoftonline.com/{DEFAULT_ACCOUNT['tenant_id']}" in said.headers["WWW-Authenticate"]


def test_key_vault_names_its_resource_in_the_challenge(azure: Azure) -> None:
    said = azure.raw("GET", f"{_VAULT_HOST}/keys?{_VERSION}")
    assert said.status_code == 401
    assert 'resource="https://vault.azure.net"' in said.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("nonsense", "InvalidAuthenticationToken"),
        ("e30.eyJ0aWQiOiAieCIsICJhdWQiOiAieSIsICJtYWRlIjogMX0.x", "InvalidAuthenticationTokenTenant"),
    ],
)
def test_a_strange_token_is_refused(azure: Azure, token: str, code: str) -> None:
    said = azure.raw("GET", f"{ARM}{GROUP}?{_VERSION}", headers={"Authorization": f"Bearer {token}"})
    assert (said.status_code, said.get_json()["error"]["code"]) == (401, code)


def test_a_token_is_for_one_service(azure: Azure) -> None:
    token = azure.token("https://vault.azure.net").get_json()["access_token"]
    said = azure.raw("GET", f"{ARM}{GROUP}?{_VERSION}", headers={"Authorization": f"Bearer {token}"})
    assert said.get_json()["error"]["code"] == "InvalidAuthenticationTokenAudience"


def test_a_changed_token_is_refused(azure: Azure) -> None:
    token = azure.token("https://management.azure.com").get_json()["access_token"]
    said = azure.raw("GET", f"{ARM}{GROUP}?{_VERSION}", headers={"Authorization": f"Bearer {token[:-4]}AAAA"})
    assert said.get_json()["error"]["code"] == "InvalidAuthenticationToken"


@pytest.mark.parametrize(
    ("form", "number"),
    [
        ({"client_secret": "guessed"}, "AADSTS7000215"),
        ({"client_id": "00000000-0000-0000-0000-000000000000"}, "AADSTS700016"),
    ],
)
def test_only_who_knows_the_secret_signs_in(azure: Azure, form: dict[str, str], number: str) -> None:
    said = azure.token("https://management.azure.com", **form)
    assert said.status_code in (400, 401) and number in said.get_json()["error_description"]


def test_another_tenant_is_not_known(azure: Azure) -> None:
    said = azure.raw("POST", "login.microsoftonline.com/another.example/oauth2/v2.0/token", data={})
    assert "AADSTS90002" in said.get_json()["error_description"]


def test_a_federated_token_signs_in(azure: Azure) -> None:
    said = azure.token("https://management.azure.com", client_secret="", client_assertion="of-an-issuer")
    assert said.status_code == 200


@pytest.mark.parametrize(
    ("method", "host", "path"),
    [
        ("PUT", ARM, at("Nothing/things", "a")),
        ("GET", ARM, at("Nothing/things", "a")),
        ("GET", ARM, f"{SUBSCRIPTION}/providers/Microsoft.Nothing/things"),
        ("POST", ARM, f"{ACCOUNT}/unheardOf"),
        ("GET", _VAULT_HOST, "/storage"),
        ("PUT", "worldlake.blob.core.windows.net", "/bronze/a?comp=appendblock"),
        ("GET", "worldlake.queue.core.windows.net", "/"),
    ],
)
def test_an_unknown_call_is_named_and_counted(azure: Azure, method: str, host: str, path: str) -> None:
    azure.make("group", "user", "vault", "grant-key", "account", "container")
    said = azure.call(method, path, {} if method == "PUT" else None, host=host)
    text = said.body if isinstance(said.body, str) else json.dumps(said.body)
    assert said.status == 400 and "UnsupportedByEmulator" in text
    assert method in text and path.partition("?")[0] in text
    (call,) = azure.backend.unsupported()
    assert call.count == 1 and call.operation.startswith(method)


def test_what_is_not_there_is_said_as_resource_manager_does(azure: Azure) -> None:
    assert azure.get(GROUP).code == "ResourceGroupNotFound"
    assert azure.get(NETWORK).code == "ResourceGroupNotFound"
    azure.make("group")
    said = azure.get(NETWORK)
    assert (said.status, said.code) == (404, "ResourceNotFound") and "virtualNetworks/net" in said.message
    assert azure.delete(NETWORK).status == 204
    assert azure.call("PATCH", NETWORK, {"tags": {}}).status == 404


def test_a_call_needs_a_version_and_the_right_subscription(azure: Azure) -> None:
    token = azure.token("https://management.azure.com").get_json()["access_token"]
    said = azure.raw("GET", f"{ARM}{GROUP}", headers={"Authorization": f"Bearer {token}"})
    assert said.get_json()["error"]["code"] == "MissingApiVersionParameter"
    assert azure.get("/subscriptions/11111111-0000-4000-8000-000000000000").code == "SubscriptionNotFound"


def test_a_body_has_to_be_an_object(azure: Azure) -> None:
    assert azure.put(GROUP, ["a"]).code == "InvalidRequestContent"


def test_a_patch_keeps_the_rest_and_replaces_tags(azure: Azure) -> None:
    azure.put(GROUP, {"location": "West Europe", "tags": {"a": "1", "b": "2"}})
    said = azure.call("PATCH", GROUP, {"tags": {"c": "3"}})
    assert said.body["tags"] == {"c": "3"} and said.body["location"] == "westeurope"


def test_a_filter_picks(world: Azure) -> None:
    of_type = world.get(f"{GROUP}/resources", **{"$filter": "resourceType eq 'Microsoft.KeyVault/vaults'"}).body[
        "value"
    ]
    assert [entry["id"] for entry in of_type] == [VAULT]
    named = f"{GROUP}/providers/Microsoft.Authorization/roleDefinitions"
    (role,) = world.get(named, **{"$filter": "roleName eq 'Key Vault Secrets User'"}).body["value"]
    assert role["name"] == "4633458b-17de-408a-b874-0445c86b69e6"
    assert world.get(named, **{"$filter": "roleName eq 'No Such Role'"}).body["value"] == []


def test_assignments_are_seen_from_below(world: Azure) -> None:
    seen = world.get(f"{NETWORK}/providers/Microsoft.Authorization/roleAssignments").body["value"]
    assert WORLD["grant-reader"][0] in {entry["id"] for entry in seen}


def test_what_the_cloud_makes_by_itself_is_no_leftover(world: Azure) -> None:
    found = {resource.id for resource in world.backend.inventory()}
    assert {path for path, _ in WORLD.values()} <= found
    assert not [id for id in found if "networkInterfaces" in id or "MC_" in id or "/SOA/" in id]
    world.put(f"{SUBSCRIPTION}/providers/Microsoft.Security/pricings/Arm", {"properties": {"pricingTier": "Free"}})
    assert not [resource for resource in world.backend.inventory() if resource.type == "pricings"]


def test_what_can_be_recovered_is_kept_apart(azure: Azure) -> None:
    azure.make("group", "vault", "workspace")
    azure.key("other")
    azure.call("DELETE", "/keys/other", host=_VAULT_HOST)
    azure.delete(WORLD["workspace"][0])
    azure.delete(VAULT)
    assert [resource.type for resource in azure.backend.inventory()] == ["resourceGroups"]
    assert [(left.type, left.id.rpartition("/")[2]) for left in kept(azure.store)] == [
        ("vaults", "world-vault"),
        ("vaults/keys", "other"),
        ("vaults/keys", "purpose"),
        ("workspaces", "logs"),
    ]


def test_a_group_takes_everything_along(world: Azure) -> None:
    assert world.delete(GROUP).status == 200
    assert {resource.type for resource in world.backend.inventory()} == {"budgets", "securityContacts", "pricings"}


def test_a_server_is_stopped_and_started(world: Azure) -> None:
    assert world.call("POST", f"{SERVER}/stop").status == 202
    assert world.get(SERVER).body["properties"]["state"] == "Stopped"
    world.call("POST", f"{SERVER}/start")
    assert world.get(SERVER).body["properties"]["state"] == "Ready"


def test_a_tunnels_key_is_not_shown_with_it(world: Azure) -> None:
    path = WORLD["tunnel"][0]
    assert world.call("PUT", f"{path}/sharedkey", {"value": "hidden"}).body["value"] == "hidden"
    assert world.get(f"{path}/sharedkey").body["value"] == "hidden"
    assert "hidden" not in json.dumps(world.get(path).body)


def test_pools_have_versions_to_choose_from(world: Azure) -> None:
    found = world.get(f"{CLUSTER}/availableAgentPoolVersions").body["properties"]["agentPoolVersions"]
    assert "1.34.0" in {version["kubernetesVersion"] for version in found}


def test_rights_are_given_on_a_certificates_secret(azure: Azure) -> None:
    azure.make("group", "vault")
    body = {"policy": {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=data.example.com"}}}
    assert azure.call("POST", "/certificates/entry/create", body, host=_VAULT_HOST).status == 202
    grant = f"{VAULT}/secrets/entry/providers/Microsoft.Authorization/roleAssignments/{guid('grant')}"
    wanted = {"properties": {"roleDefinitionId": role(READER), "principalId": PEOPLE}}
    assert azure.put(grant, wanted).status == 201
    assert azure.put(grant.replace("entry", "nothing"), wanted).code == "ResourceNotFound"
    made = azure.call("GET", "/certificates/entry", host=_VAULT_HOST).body
    assert made["cer"] and made["sid"].startswith(f"https://{_VAULT_HOST}/secrets/entry/")


def test_a_known_namespace_is_registered(azure: Azure) -> None:
    known = azure.get(f"{SUBSCRIPTION}/providers/Microsoft.KeyVault")
    assert known.body["registrationState"] == "Registered"
    assert azure.get(f"{SUBSCRIPTION}/providers/Microsoft.Nothing").code == "UnsupportedByEmulator"


def test_a_login_finds_its_subscription(azure: Azure) -> None:
    """What the az program asks first."""
    assert [found["id"] for found in azure.get("/subscriptions").body["value"]] == [SUBSCRIPTION]
    assert azure.get(SUBSCRIPTION).body["tenantId"] == DEFAULT_ACCOUNT["tenant_id"]
    assert [found["tenantId"] for found in azure.get("/tenants").body["value"]] == [DEFAULT_ACCOUNT["tenant_id"]]


def test_a_name_is_asked_for(world: Azure) -> None:
    path = f"{SUBSCRIPTION}/providers/Microsoft.Storage/checkNameAvailability"
    assert world.call("POST", path, {"name": "worldlake"}).body["nameAvailable"] is False
    assert world.call("POST", path, {"name": "another"}).body["nameAvailable"] is True


def test_a_vault_is_purged_only_without_protection(azure: Azure) -> None:
    azure.make("group", "vault")
    azure.delete(VAULT)
    (gone,) = azure.get(f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults").body["value"]
    assert gone["properties"]["vaultId"] == VAULT and azure.backend.inventory()[0].type == "resourceGroups"
    assert azure.get(gone["id"]).status == 200
    assert azure.call("POST", f"{gone['id']}/purge").code == "MethodNotAllowed"

    path, body = at("KeyVault/vaults", "open"), copy.deepcopy(WORLD["vault"][1])
    del body["properties"]["enablePurgeProtection"]
    azure.put(path, body)
    azure.delete(path)
    place = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/germanywestcentral/deletedVaults/open"
    assert azure.call("POST", f"{place}/purge").status == 202
    assert azure.put(path, body).status == 200


def test_blobs_are_leased_listed_and_kept_from_others(world: Azure) -> None:
    """What Terraform's backend does with its state."""
    host = "worldcopy.blob.core.windows.net"
    token = world.token("https://storage.azure.com").get_json()["access_token"]

    def blob(method: str, path: str, data: bytes = b"", **headers: str) -> tuple[int, bytes]:
        words = {name.replace("_", "-"): value for name, value in headers.items()}
        said = world.raw(method, f"{host}{path}", data=data, headers={"Authorization": f"Bearer {token}", **words})
        return said.status_code, said.get_data()

    assert blob("GET", "/bronze/dev/state")[0] == 404
    assert blob("PUT", "/bronze/dev/state", b"one", x_ms_meta_who="me")[0] == 201
    assert (
        blob("PUT", "/bronze/dev/state?comp=lease", x_ms_lease_action="acquire", x_ms_proposed_lease_id="mine")[0]
        == 201
    )
    assert blob("PUT", "/bronze/dev/state?comp=lease", x_ms_lease_action="acquire")[0] == 409
    assert blob("PUT", "/bronze/dev/state", b"two")[0] == 412
    assert blob("PUT", "/bronze/dev/state", b"two", x_ms_lease_id="mine")[0] == 201
    assert blob("PUT", "/bronze/dev/state?comp=lease", x_ms_lease_action="release", x_ms_lease_id="mine")[0] == 200
    assert blob("GET", "/bronze/dev/state") == (200, b"two")
    blob("PUT", "/bronze/prod/state", b"other")
    listed = blob("GET", "/bronze?restype=container&comp=list&prefix=dev/")[1]
    assert b"<Name>dev/state</Name>" in listed and b"prod" not in listed
    assert blob("DELETE", "/bronze/dev/state")[0] == 202
    assert blob("GET", "/bronze/dev/state")[0] == 404
    assert blob("GET", "/none/dev/state")[0] == 404


def test_a_folder_keeps_everything(tmp_path: Path) -> None:
    first = Azure(Options(state=tmp_path))
    first.make(*WORLD)
    first.call("PUT", "/bronze/day", {"a": 1}, host="worldcopy.blob.core.windows.net")
    first.call("DELETE", "/keys/purpose", host=_VAULT_HOST)
    second = Azure(Options(state=tmp_path))
    assert second.backend.inventory() == first.backend.inventory()
    assert second.get(NETWORK).body == first.get(NETWORK).body
    assert second.call("GET", "/deletedkeys/purpose", host=_VAULT_HOST).status == 200
    assert second.call("GET", "/bronze/day", host="worldcopy.blob.core.windows.net").body == {"a": 1}
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0


def test_throttling_has_resource_managers_shape() -> None:
    from werkzeug.test import EnvironBuilder

    headers = {"Authorization": "Bearer x"}
    answer = throttled(EnvironBuilder(path=GROUP, base_url=f"https://{ARM}", headers=headers).get_environ())
    assert answer is not None
    status, said, body = answer
    assert status.startswith("429") and dict(said)["Retry-After"]
    assert json.loads(body)["error"]["code"] == "TooManyRequests"
