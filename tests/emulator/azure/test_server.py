"""Tokens, error formats, unsupported calls, lists, and state saved in a folder."""

import copy
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from terrace.emulator.azure import DEFAULT_ACCOUNT
from terrace.emulator.azure.ids import guid
from terrace.emulator.azure.server import throttled
from terrace.emulator.azure.store import Store
from terrace.emulator.contract import Options
from tests.emulator.azure.bodies import (
    ACCOUNT,
    CACHE,
    CLUSTER,
    GROUP,
    IDENTITY,
    KEY,
    NETWORK,
    PEOPLE,
    READER,
    REGION,
    SERVER,
    SUBSCRIPTION,
    USER,
    VAULT,
    WATCHER,
    resource_id,
    role,
)
from tests.emulator.azure.conftest import ARM, Azure
from tests.emulator.azure.samples import SAMPLES

_VERSION = "api-version=2024-01-01"
_VAULT_HOST = "world-vault.vault.azure.net"


def test_a_call_without_a_token_gets_a_sign_in_challenge(azure: Azure) -> None:
    response = azure.raw("GET", f"{ARM}{GROUP}?{_VERSION}")
    assert response.status_code == 401
    assert response.get_json()["error"]["code"] == "AuthenticationFailed"
    assert f"login.microsoftonline.com/{DEFAULT_ACCOUNT['tenant_id']}" in response.headers["WWW-Authenticate"]


def test_key_vaults_challenge_names_its_resource(azure: Azure) -> None:
    response = azure.raw("GET", f"{_VAULT_HOST}/keys?{_VERSION}")
    assert response.status_code == 401
    assert 'resource="https://vault.azure.net"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("nonsense", "InvalidAuthenticationToken"),
        ("e30.eyJ0aWQiOiAieCIsICJhdWQiOiAieSIsICJpc3N1ZWQiOiAxfQ.x", "InvalidAuthenticationTokenTenant"),
    ],
)
def test_an_invalid_token_is_refused(azure: Azure, token: str, code: str) -> None:
    response = azure.raw("GET", f"{ARM}{GROUP}?{_VERSION}", headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, response.get_json()["error"]["code"]) == (401, code)


def test_a_token_for_another_service_is_refused(azure: Azure) -> None:
    token = azure.token("https://vault.azure.net").get_json()["access_token"]
    response = azure.raw("GET", f"{ARM}{GROUP}?{_VERSION}", headers={"Authorization": f"Bearer {token}"})
    assert response.get_json()["error"]["code"] == "InvalidAuthenticationTokenAudience"


def test_a_token_with_another_signature_is_refused(azure: Azure) -> None:
    token = azure.token("https://management.azure.com").get_json()["access_token"]
    response = azure.raw("GET", f"{ARM}{GROUP}?{_VERSION}", headers={"Authorization": f"Bearer {token[:-4]}AAAA"})
    assert response.get_json()["error"]["code"] == "InvalidAuthenticationToken"


@pytest.mark.parametrize(
    ("form", "number"),
    [
        ({"client_secret": "guessed"}, "AADSTS7000215"),
        ({"client_assertion": "guessed"}, "AADSTS50027"),
        ({"client_id": "00000000-0000-0000-0000-000000000000"}, "AADSTS700016"),
    ],
)
def test_wrong_credentials_are_refused(azure: Azure, form: dict[str, str], number: str) -> None:
    response = azure.token("https://management.azure.com", **form)
    assert response.status_code in (400, 401) and number in response.get_json()["error_description"]


def test_another_tenant_is_refused(azure: Azure) -> None:
    response = azure.raw("POST", "login.microsoftonline.com/another.example/oauth2/v2.0/token", data={})
    assert "AADSTS90002" in response.get_json()["error_description"]


@pytest.mark.parametrize(
    ("method", "host", "path"),
    [
        ("PUT", ARM, resource_id("Nothing/things", "a")),
        ("GET", ARM, resource_id("Nothing/things", "a")),
        ("GET", ARM, f"{SUBSCRIPTION}/providers/Microsoft.Nothing/things"),
        ("POST", ARM, f"{ACCOUNT}/unheardOf"),
        ("GET", _VAULT_HOST, "/storage"),
        ("PUT", "worldlake.blob.core.windows.net", "/bronze/a?comp=appendblock"),
        ("GET", "worldlake.queue.core.windows.net", "/"),
    ],
)
def test_an_unsupported_call_is_named_and_counted(azure: Azure, method: str, host: str, path: str) -> None:
    azure.create("group", "user", "vault", "grant-key", "account", "container")
    response = azure.call(method, path, {} if method == "PUT" else None, host=host)
    text = response.body if isinstance(response.body, str) else json.dumps(response.body)
    assert response.status == 400 and "UnsupportedByEmulator" in text
    assert method in text and path.partition("?")[0] in text
    (call,) = azure.backend.unsupported()
    assert call.count == 1 and call.operation.startswith(method)


def test_missing_resources_have_resource_managers_errors(azure: Azure) -> None:
    assert azure.get(GROUP).code == "ResourceGroupNotFound"
    assert azure.get(NETWORK).code == "ResourceGroupNotFound"
    azure.create("group")
    response = azure.get(NETWORK)
    assert (response.status, response.code) == (404, "ResourceNotFound") and "virtualNetworks/net" in response.message
    assert azure.delete(NETWORK).status == 204
    assert azure.call("PATCH", NETWORK, {"tags": {}}).status == 404


def test_a_call_needs_an_api_version_and_the_right_subscription(azure: Azure) -> None:
    token = azure.token("https://management.azure.com").get_json()["access_token"]
    response = azure.raw("GET", f"{ARM}{GROUP}", headers={"Authorization": f"Bearer {token}"})
    assert response.get_json()["error"]["code"] == "MissingApiVersionParameter"
    assert azure.get("/subscriptions/11111111-0000-4000-8000-000000000000").code == "SubscriptionNotFound"


def test_a_body_that_is_not_an_object_is_refused(azure: Azure) -> None:
    assert azure.put(GROUP, ["a"]).code == "InvalidRequestContent"


def test_a_patch_replaces_tags_and_nothing_else(azure: Azure) -> None:
    azure.put(GROUP, {"location": "West Europe", "tags": {"a": "1", "b": "2"}})
    response = azure.call("PATCH", GROUP, {"tags": {"c": "3"}})
    assert response.body["tags"] == {"c": "3"} and response.body["location"] == "westeurope"


def test_lists_can_be_filtered(populated: Azure) -> None:
    of_type = populated.get(f"{GROUP}/resources", **{"$filter": "resourceType eq 'Microsoft.KeyVault/vaults'"}).body[
        "value"
    ]
    assert [entry["id"] for entry in of_type] == [VAULT]
    named = f"{GROUP}/providers/Microsoft.Authorization/roleDefinitions"
    (role,) = populated.get(named, **{"$filter": "roleName eq 'Key Vault Secrets User'"}).body["value"]
    assert role["name"] == "4633458b-17de-408a-b874-0445c86b69e6"
    assert populated.get(named, **{"$filter": "roleName eq 'No Such Role'"}).body["value"] == []


def test_inherited_assignments_are_listed(populated: Azure) -> None:
    assignments = populated.get(f"{NETWORK}/providers/Microsoft.Authorization/roleAssignments").body["value"]
    assert SAMPLES["grant-reader"][0] in {entry["id"] for entry in assignments}


def test_resources_that_azure_creates_are_not_in_the_inventory(populated: Azure) -> None:
    ids = {resource.id for resource in populated.backend.inventory()}
    assert {path for path, _ in SAMPLES.values()} <= ids
    assert not [id for id in ids if "networkInterfaces" in id or "MC_" in id or "/SOA/" in id]
    populated.put(f"{SUBSCRIPTION}/providers/Microsoft.Security/pricings/Arm", {"properties": {"pricingTier": "Free"}})
    assert not [resource for resource in populated.backend.inventory() if resource.type == "pricings"]


def test_the_first_network_of_a_region_has_azure_create_its_watcher(azure: Azure) -> None:
    assert azure.get(WATCHER).status == 404
    azure.put(GROUP, {"location": REGION})
    azure.put(*SAMPLES["network"])
    assert azure.get(WATCHER).status == 200
    assert not any(one.type == "networkWatchers" for one in azure.backend.inventory())
    azure.put(f"{NETWORK}-second", SAMPLES["network"][1])
    assert azure.delete(NETWORK).status in (200, 202, 204)
    assert azure.get(WATCHER).status == 200, "it stays"


def test_a_put_without_its_encryption_leaves_a_backup_vault_encrypted(populated: Azure) -> None:
    path, body = SAMPLES["backup"]
    security = {
        **body["properties"]["securitySettings"],
        "encryptionSettings": {
            "state": "Enabled",
            "keyVaultProperties": {"keyUri": KEY},
            "kekIdentity": {"identityType": "UserAssigned", "identityId": USER},
        },
    }
    encrypted = {**body, "identity": IDENTITY, "properties": {**body["properties"], "securitySettings": security}}
    assert populated.put(path, encrypted).status in (200, 201)
    assert populated.put(path, {**body, "identity": IDENTITY}).status in (200, 201)
    assert populated.get(path).body["properties"]["securitySettings"] == security


def test_soft_deleted_resources_are_retained(azure: Azure) -> None:
    azure.create("group", "vault", "workspace")
    azure.key("other")
    azure.call("DELETE", "/keys/other", host=_VAULT_HOST)
    azure.delete(SAMPLES["workspace"][0])
    azure.delete(VAULT)
    assert [resource.type for resource in azure.backend.inventory()] == ["resourceGroups"]
    deleted = sorted((item.type.partition("/")[2], item.id.rpartition("/")[2]) for item in azure.store.deleted.values())
    assert deleted == [
        ("vaults", "world-vault"),
        ("vaults/keys", "other"),
        ("vaults/keys", "purpose"),
        ("workspaces", "logs"),
    ]


def test_deleting_a_group_deletes_its_contents(populated: Azure) -> None:
    assert populated.delete(GROUP).status == 200
    of_azures_own_group = {"networkWatchers", "networkWatchers/flowLogs"}
    of_the_subscription = {"budgets", "securityContacts", "pricings"}
    left = {resource.type for resource in populated.backend.inventory()}
    assert left == of_the_subscription | of_azures_own_group


def test_a_server_can_be_stopped_and_started(populated: Azure) -> None:
    assert populated.call("POST", f"{SERVER}/stop").status == 202
    assert populated.get(SERVER).body["properties"]["state"] == "Stopped"
    populated.call("POST", f"{SERVER}/start")
    assert populated.get(SERVER).body["properties"]["state"] == "Ready"


def test_a_connection_does_not_include_its_shared_key(populated: Azure) -> None:
    path = SAMPLES["tunnel"][0]
    assert populated.call("PUT", f"{path}/sharedkey", {"value": "hidden"}).body["value"] == "hidden"
    assert populated.get(f"{path}/sharedkey").body["value"] == "hidden"
    assert "hidden" not in json.dumps(populated.get(path).body)


def test_available_pool_versions_are_listed(populated: Azure) -> None:
    versions = populated.get(f"{CLUSTER}/availableAgentPoolVersions").body["properties"]["agentPoolVersions"]
    assert "1.34.0" in {version["kubernetesVersion"] for version in versions}


def test_the_autoscaler_enforces_a_raised_minimum_of_an_existing_pool(populated: Azure) -> None:
    path, body = SAMPLES["cluster"]
    raised = copy.deepcopy(body)
    raised["properties"]["agentPoolProfiles"][0]["minCount"] = 2
    assert populated.put(path, raised).status < 300
    (system, *_) = populated.get(path).body["properties"]["agentPoolProfiles"]
    assert (system["minCount"], system["count"]) == (2, 2)


def test_a_role_can_be_assigned_on_a_certificates_secret(azure: Azure) -> None:
    azure.create("group", "vault")
    body = {"policy": {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=data.example.com"}}}
    assert azure.call("POST", "/certificates/entry/create", body, host=_VAULT_HOST).status == 202
    grant = f"{VAULT}/secrets/entry/providers/Microsoft.Authorization/roleAssignments/{guid('grant')}"
    assignment = {"properties": {"roleDefinitionId": role(READER), "principalId": PEOPLE}}
    assert azure.put(grant, assignment).status == 201
    assert azure.put(grant.replace("entry", "nothing"), assignment).code == "ResourceNotFound"
    certificate = azure.call("GET", "/certificates/entry", host=_VAULT_HOST).body
    assert certificate["cer"] and certificate["sid"].startswith(f"https://{_VAULT_HOST}/secrets/entry/")


def test_a_known_namespace_is_registered(azure: Azure) -> None:
    known = azure.get(f"{SUBSCRIPTION}/providers/Microsoft.KeyVault")
    assert known.body["registrationState"] == "Registered"
    assert azure.get(f"{SUBSCRIPTION}/providers/Microsoft.Nothing").code == "UnsupportedByEmulator"


def test_subscriptions_and_tenants_are_listed(azure: Azure) -> None:
    """The first requests of `az login`."""
    assert [each["id"] for each in azure.get("/subscriptions").body["value"]] == [SUBSCRIPTION]
    assert azure.get(SUBSCRIPTION).body["tenantId"] == DEFAULT_ACCOUNT["tenant_id"]
    assert [each["tenantId"] for each in azure.get("/tenants").body["value"]] == [DEFAULT_ACCOUNT["tenant_id"]]


def test_name_availability(populated: Azure) -> None:
    path = f"{SUBSCRIPTION}/providers/Microsoft.Storage/checkNameAvailability"
    assert populated.call("POST", path, {"name": "worldlake"}).body["nameAvailable"] is False
    assert populated.call("POST", path, {"name": "another"}).body["nameAvailable"] is True


def test_a_vault_is_purged_only_without_protection(azure: Azure) -> None:
    azure.create("group", "vault")
    azure.delete(VAULT)
    (deleted,) = azure.get(f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults").body["value"]
    assert deleted["properties"]["vaultId"] == VAULT and azure.backend.inventory()[0].type == "resourceGroups"
    assert azure.get(deleted["id"]).status == 200
    assert azure.call("POST", f"{deleted['id']}/purge").code == "MethodNotAllowed"

    path, body = resource_id("KeyVault/vaults", "open"), copy.deepcopy(SAMPLES["vault"][1])
    del body["properties"]["enablePurgeProtection"]
    azure.put(path, body)
    azure.delete(path)
    deleted_id = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/germanywestcentral/deletedVaults/open"
    assert azure.call("POST", f"{deleted_id}/purge").status == 202
    assert azure.put(path, body).status == 200


def test_blobs_can_be_leased_written_and_listed(populated: Azure) -> None:
    """The requests of Terraform's backend."""
    host = "worldcopy.blob.core.windows.net"
    token = populated.token("https://storage.azure.com").get_json()["access_token"]

    def blob(method: str, path: str, data: bytes = b"", **headers: str) -> tuple[int, bytes]:
        words = {name.replace("_", "-"): value for name, value in headers.items()}
        response = populated.raw(
            method, f"{host}{path}", data=data, headers={"Authorization": f"Bearer {token}", **words}
        )
        return response.status_code, response.get_data()

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


def test_state_is_saved_in_a_folder(tmp_path: Path) -> None:
    first = Azure(Options(state=tmp_path))
    first.create(*SAMPLES)
    first.call("PUT", "/bronze/day", {"a": 1}, host="worldcopy.blob.core.windows.net")
    first.call("DELETE", "/keys/purpose", host=_VAULT_HOST)
    second = Azure(Options(state=tmp_path))
    assert second.backend.inventory() == first.backend.inventory()
    assert second.get(NETWORK).body == first.get(NETWORK).body
    assert second.call("GET", "/deletedkeys/purpose", host=_VAULT_HOST).status == 200
    assert second.call("GET", "/bronze/day", host="worldcopy.blob.core.windows.net").body == {"a": 1}
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0


def test_requests_at_the_same_time_save_the_state_one_after_the_other(tmp_path: Path) -> None:
    store = Store(tmp_path, DEFAULT_ACCOUNT["tenant_id"], DEFAULT_ACCOUNT["subscription_id"])
    with ThreadPoolExecutor(8) as pool:
        for saved in [pool.submit(store.save) for _ in range(200)]:
            saved.result()


def test_throttling_has_resource_managers_format() -> None:
    from werkzeug.test import EnvironBuilder

    headers = {"Authorization": "Bearer x"}
    response = throttled(EnvironBuilder(path=GROUP, base_url=f"https://{ARM}", headers=headers).get_environ())
    assert response is not None
    status, headers, body = response
    assert status.startswith("429") and dict(headers)["Retry-After"]
    assert json.loads(body)["error"]["code"] == "TooManyRequests"


def test_a_cache_names_the_skus_that_it_can_be_scaled_to(populated: Azure) -> None:
    """Without its answer, the provider does not know whether another size needs another server."""
    answer = populated.call("POST", f"{CACHE}/listSkusForScaling")
    assert answer.status == 200
    assert {"name": "Balanced_B5"} in answer.body["skus"]
