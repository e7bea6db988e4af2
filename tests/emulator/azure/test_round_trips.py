"""Create, read, list, update and delete every type that the stacks use, through Azure's own SDK and the proxy."""

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
from terrace.emulator.azure.resources import is_extension
from tests.emulator.azure.bodies import GROUP
from tests.emulator.azure.samples import SAMPLES

_VERSION = {"api_version": "2024-01-01"}
_HOST = "https://world-vault.vault.azure.net"

# settings of existing resources, which cannot be deleted
_NOT_DELETED = {"blob-service", "copy-service", "defender", "setting", "plan", "streams-network"}
# types without a sample: created by another resource, or read-only
_NOT_WRITTEN = {
    "microsoft.authorization/locks",  # would block the deletes; tested in test_refusals.py
    "microsoft.authorization/policydefinitions",
    "microsoft.authorization/policysetdefinitions",
    # what people and clusters make beside a deployment
    *(f"microsoft.compute/{type}" for type in ("disks", "snapshots", "virtualmachines")),
    "microsoft.network/loadbalancers",
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
    """An emulator with the sample resources, and clients that need no environment variables."""

    emulator: Emulator
    client: ResourceManagementClient
    keys: KeyClient
    secrets: SecretClient


@contextmanager
def _site(folder: Path) -> Iterator[Site]:
    emulator = start("azure", folder, parent=os.getpid())
    options: dict[str, Any] = {
        "proxies": {"https": emulator.proxy, "http": emulator.proxy},
        "connection_verify": str(emulator.ca),
    }
    credential = ClientSecretCredential(emulator.account["tenant_id"], CLIENT_ID, SECRET, **options)
    subscription = emulator.account["subscription_id"]
    client = ResourceManagementClient(credential, subscription, polling_interval=0, **options)
    site = Site(emulator, client, KeyClient(_HOST, credential, **options), SecretClient(_HOST, credential, **options))
    for name, (path, body) in SAMPLES.items():
        _put(client, path, body)
        if name == "vault":
            site.keys.create_rsa_key("purpose", size=2048)
    yield site
    assert emulator.unsupported() == []
    emulator.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with _site(tmp_path_factory.mktemp("azure")) as site:
        yield site


@pytest.fixture(scope="module")
def client(site: Site) -> ResourceManagementClient:
    return site.client


def _put(client: ResourceManagementClient, path: str, body: dict[str, Any]) -> Any:
    return client.resources.begin_create_or_update_by_id(path, copy.deepcopy(body), **_VERSION).result()


def _pages(client: ResourceManagementClient, path: str, size: int) -> Iterator[list[dict[str, Any]]]:
    url: str | None = f"https://management.azure.com{path}?api-version=2024-01-01&$top={size}"
    while url:
        response = client._client.send_request(HttpRequest("GET", url))
        response.raise_for_status()
        page = response.json()
        yield page["value"]
        url = page.get("nextLink")


def _contained(sent: Any, received: Any) -> bool:
    """Whether a response contains everything that was sent."""
    if isinstance(sent, dict):
        return isinstance(received, dict) and all(_contained(value, received.get(key)) for key, value in sent.items())
    if isinstance(sent, list):
        return isinstance(received, list) and len(sent) == len(received) and all(map(_contained, sent, received))
    return bool(sent == received)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_resource_is_read_back_as_it_was_sent(client: ResourceManagementClient, name: str) -> None:
    path, body = SAMPLES[name]
    read = client.resources.get_by_id(path, **_VERSION)
    assert str(read["id"]).lower() == path.lower()
    assert str(read["type"]).lower() == parse(path).type.lower()
    sent = copy.deepcopy(body)
    if name == "cluster":  # the list includes pools that were created separately
        assert [pool["name"] for pool in read["properties"]["agentPoolProfiles"]] == ["system", "spot"]
        del sent["properties"]["agentPoolProfiles"]
    assert _contained(sent, read.as_dict())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_collection_is_listed_in_pages(client: ResourceManagementClient, name: str) -> None:
    path = SAMPLES[name][0]
    pages = list(_pages(client, path.rpartition("/")[0], 1))
    assert all(len(page) == 1 for page in pages if page is not pages[-1])
    assert path.lower() in {entry["id"].lower() for page in pages for entry in page} or name in _NOT_DELETED


@pytest.mark.parametrize(
    "name", [name for name in SAMPLES if "tags" in SAMPLES[name][1] or "location" in SAMPLES[name][1]]
)
def test_a_tag_can_be_changed(client: ResourceManagementClient, name: str) -> None:
    path, body = copy.deepcopy(SAMPLES[name])
    body["tags"] = {**body.get("tags", {}), "changed": "yes"}
    _put(client, path, body)
    read = client.resources.get_by_id(path, **_VERSION)
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

    for number in range(30):  # more than one page
        keys.create_rsa_key(f"key-{number}", size=2048)
    assert len(list(keys.list_properties_of_keys(max_page_size=7))) == 31
    before = keys.get_key("key-1").properties.version
    assert keys.rotate_key("key-1").properties.version != before
    for number in range(30):
        keys.begin_delete_key(f"key-{number}").wait()
    assert [entry.name for entry in keys.list_properties_of_keys()] == ["purpose"]


def test_a_group_lists_its_resources(client: ResourceManagementClient) -> None:
    listed = {str(entry.id).lower() for entry in client.resources.list_by_resource_group("world", top=10)}
    expected = {
        path.lower()
        for path, _ in SAMPLES.values()
        if path.startswith(f"{GROUP}/providers/") and not parse(path).parent and not is_extension(parse(path))
    }
    assert expected <= listed
    assert [group.name for group in client.resource_groups.list() if group.name == "world"] == ["world"]


def test_all_resources_can_be_deleted_in_reverse_order(tmp_path: Path) -> None:
    with _site(tmp_path) as site:
        for path in [path for name, (path, _) in reversed(SAMPLES.items()) if name not in _NOT_DELETED]:
            site.client.resources.begin_delete_by_id(path, **_VERSION).result()
            with pytest.raises(ResourceNotFoundError):
                site.client.resources.get_by_id(path, **_VERSION)
        _put(site.client, SAMPLES["plan"][0], {"properties": {"pricingTier": "Free"}})
        assert site.emulator.inventory() == []


def test_every_known_type_has_a_sample() -> None:
    samples = {parse(path).type.lower() for path, _ in SAMPLES.values()}
    records = {type for type in namespaces.KINDS if type.split("/")[-2:-1] in (["dnszones"], ["privatednszones"])}
    without_resources = {type for type in namespaces.KINDS if type.endswith("/*") or "/" not in type}
    links = {"microsoft.network/privatednszones/virtualnetworklinks"}
    assert set(namespaces.KINDS) - samples - without_resources - (records - links) == _NOT_WRITTEN
