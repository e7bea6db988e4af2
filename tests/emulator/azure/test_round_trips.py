"""Every type that the stacks use, through Azure's own SDK and the proxy: created, read back equal, listed in pages,
updated, deleted, and gone. No Terraform."""

import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.rest import HttpRequest
from azure.identity import ClientSecretCredential
from azure.keyvault.keys import KeyClient
from azure.keyvault.secrets import SecretClient
from azure.mgmt.resource.resources import ResourceManagementClient

from terrace.emulator import Emulator, start
from terrace.emulator.azure import CLIENT_ID, SECRET, namespaces
from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.resources import lies_on_others
from tests.emulator.azure.bodies import GROUP
from tests.emulator.azure.world import WORLD

_VERSION = {"api_version": "2024-01-01"}
_HOST = "https://world-vault.vault.azure.net"

# settings of what is there anyway: a delete leaves them as they were, or is not offered
_STAYS = {"blob-service", "copy-service", "setting", "plan"}
# not resources that somebody writes: made by their owner, or only looked at
_NOT_WRITTEN = {
    "microsoft.authorization/locks",  # a world under a lock could not be taken down: test_refusals.py
    "microsoft.authorization/policydefinitions",
    "microsoft.authorization/policysetdefinitions",
    "microsoft.containerregistry/registries/cacherules",
    "microsoft.containerregistry/registries/replications",
    "microsoft.dataprotection/backupvaults/backupinstances/recoverypoints",
    "microsoft.dbforpostgresql/flexibleservers/firewallrules",
    "microsoft.keyvault/locations",
    "microsoft.keyvault/locations/deletedvaults",
    "microsoft.keyvault/vaults/certificates",
    "microsoft.keyvault/vaults/keys",
    "microsoft.keyvault/vaults/secrets",
    "microsoft.network/networkinterfaces",
    "microsoft.network/virtualnetworks/virtualnetworkpeerings",
    "microsoft.operationalinsights/workspaces/tables",
    "microsoft.resources/subscriptions",
    "microsoft.storage/storageaccounts/blobservices/containers/blobs",
    "microsoft.storage/storageaccounts/fileservices",
    "microsoft.storage/storageaccounts/queueservices",
    "microsoft.storage/storageaccounts/tableservices",
}


@dataclass(frozen=True)
class Site:
    """An emulator with a world in it, and clients that reach it without a change of this process's environment."""

    emulator: Emulator
    client: ResourceManagementClient
    keys: KeyClient
    secrets: SecretClient


@contextmanager
def _site(folder: Path) -> Iterator[Site]:
    emulator = start("azure", folder, parent=os.getpid())
    way: dict[str, Any] = {
        "proxies": {"https": emulator.proxy, "http": emulator.proxy},
        "connection_verify": str(emulator.ca),
    }
    credential = ClientSecretCredential(emulator.account["tenant_id"], CLIENT_ID, SECRET, **way)
    subscription = emulator.account["subscription_id"]
    client = ResourceManagementClient(credential, subscription, polling_interval=0, **way)
    site = Site(emulator, client, KeyClient(_HOST, credential, **way), SecretClient(_HOST, credential, **way))
    for name, (path, body) in WORLD.items():
        _put(client, path, body)
        if name == "vault":
            site.keys.create_rsa_key("purpose", size=2048)
    yield site
    assert emulator.unsupported() == []
    emulator.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with _site(tmp_path_factory.mktemp("azure")) as made:
        yield made


@pytest.fixture(scope="module")
def world(site: Site) -> ResourceManagementClient:
    return site.client


def _put(client: ResourceManagementClient, path: str, body: dict[str, Any]) -> Any:
    return client.resources.begin_create_or_update_by_id(path, copy.deepcopy(body), **_VERSION).result()


def _pages(client: ResourceManagementClient, path: str, size: int) -> Iterator[list[dict[str, Any]]]:
    url: str | None = f"https://management.azure.com{path}?api-version=2024-01-01&$top={size}"
    while url:
        answer = client._client.send_request(HttpRequest("GET", url))
        answer.raise_for_status()
        said = answer.json()
        yield said["value"]
        url = said.get("nextLink")


def _contained(wanted: Any, got: Any) -> bool:
    """Whether an answer says everything that was sent; it may say more."""
    if isinstance(wanted, dict):
        return isinstance(got, dict) and all(_contained(value, got.get(word)) for word, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(got, list) and len(wanted) == len(got) and all(map(_contained, wanted, got))
    return bool(wanted == got)


@pytest.mark.parametrize("name", WORLD)
def test_what_was_sent_is_read_back(world: ResourceManagementClient, name: str) -> None:
    path, body = WORLD[name]
    read = world.resources.get_by_id(path, **_VERSION)
    assert str(read["id"]).lower() == path.lower()
    assert str(read["type"]).lower() == parse(path).type.lower()
    sent = copy.deepcopy(body)
    if name == "cluster":  # a pool inside is a resource as well: others have joined the list
        assert [pool["name"] for pool in read["properties"]["agentPoolProfiles"]] == ["system", "spot"]
        del sent["properties"]["agentPoolProfiles"]
    assert _contained(sent, read.as_dict())


@pytest.mark.parametrize("name", WORLD)
def test_a_list_comes_in_pages(world: ResourceManagementClient, name: str) -> None:
    path = WORLD[name][0]
    pages = list(_pages(world, path.rpartition("/")[0], 1))
    assert all(len(page) == 1 for page in pages if page is not pages[-1])
    assert path.lower() in {entry["id"].lower() for page in pages for entry in page} or name in _STAYS


@pytest.mark.parametrize("name", [name for name in WORLD if "tags" in WORLD[name][1] or "location" in WORLD[name][1]])
def test_a_tag_is_changed(world: ResourceManagementClient, name: str) -> None:
    path, body = copy.deepcopy(WORLD[name])
    body["tags"] = {**body.get("tags", {}), "changed": "yes"}
    _put(world, path, body)
    read = world.resources.get_by_id(path, **_VERSION)
    assert dict(read["tags"]) == body["tags"]


def test_keys_and_secrets(site: Site) -> None:
    keys, secrets = site.keys, site.secrets
    first = secrets.set_secret("password", "one", content_type="random")
    second = secrets.set_secret("password", "two")
    assert secrets.get_secret("password").value == "two"
    assert secrets.get_secret("password", first.properties.version).value == "one"
    versions = {entry.version for entry in secrets.list_properties_of_secret_versions("password")}
    assert versions == {first.properties.version, second.properties.version}
    assert [entry.name for entry in secrets.list_properties_of_secrets()] == ["password"]
    secrets.begin_delete_secret("password").wait()
    with pytest.raises(ResourceNotFoundError):
        secrets.get_secret("password")
    with pytest.raises(HttpResponseError, match="deleted but recoverable"):
        secrets.set_secret("password", "three")
    assert [entry.name for entry in secrets.list_deleted_secrets()] == ["password"]
    secrets.begin_recover_deleted_secret("password").wait()
    assert secrets.get_secret("password").value == "two"
    secrets.begin_delete_secret("password").wait()
    with pytest.raises(HttpResponseError, match="purge protection"):
        secrets.purge_deleted_secret("password")

    for number in range(30):  # more than a page
        keys.create_rsa_key(f"key-{number}", size=2048)
    assert len(list(keys.list_properties_of_keys(max_page_size=7))) == 31
    before = keys.get_key("key-1").properties.version
    assert keys.rotate_key("key-1").properties.version != before
    for number in range(30):
        keys.begin_delete_key(f"key-{number}").wait()
    assert [entry.name for entry in keys.list_properties_of_keys()] == ["purpose"]


def test_a_group_tells_what_is_in_it(world: ResourceManagementClient) -> None:
    found = {str(entry.id).lower() for entry in world.resources.list_by_resource_group("world", top=10)}
    wanted = {
        path.lower()
        for path, _ in WORLD.values()
        if path.startswith(f"{GROUP}/providers/") and not parse(path).parent and not lies_on_others(parse(path))
    }
    assert wanted <= found
    assert [group.name for group in world.resource_groups.list() if group.name == "world"] == ["world"]


def test_everything_goes_and_is_gone(tmp_path: Path) -> None:
    """What was made last goes first."""
    with _site(tmp_path) as site:
        for path in [path for name, (path, _) in reversed(WORLD.items()) if name not in _STAYS]:
            site.client.resources.begin_delete_by_id(path, **_VERSION).result()
            with pytest.raises(ResourceNotFoundError):
                site.client.resources.get_by_id(path, **_VERSION)
        _put(site.client, WORLD["plan"][0], {"properties": {"pricingTier": "Free"}})
        assert site.emulator.inventory() == []


def test_every_known_type_is_in_the_world() -> None:
    made = {parse(path).type.lower() for path, _ in WORLD.values()}
    records = {type for type in namespaces.KINDS if type.split("/")[-2:-1] in (["dnszones"], ["privatednszones"])}
    asked = {type for type in namespaces.KINDS if type.endswith("/*") or "/" not in type}
    links = {"microsoft.network/privatednszones/virtualnetworklinks"}
    assert set(namespaces.KINDS) - made - asked - (records - links) == _NOT_WRITTEN
