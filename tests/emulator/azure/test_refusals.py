"""Each rule refuses an invalid configuration with its code; the valid sample resources are accepted."""

import ast
import copy
import importlib
import pkgutil
from pathlib import Path

import pytest

from terrace.emulator.azure import refusals
from terrace.emulator.azure.ids import guid
from tests.emulator.azure.bodies import (
    ACCOUNT,
    CLUSTER,
    CONTAINER,
    GROUP,
    NETWORK,
    PEOPLE,
    SERVER,
    SUBSCRIPTION,
    VAULT,
    resource_id,
)
from tests.emulator.azure.conftest import Azure
from tests.emulator.azure.invalid_requests import INVALID_REQUESTS
from tests.emulator.azure.invalid_requests.invalid_request import InvalidRequest
from tests.emulator.azure.samples import SAMPLES


def _create_referenced(azure: Azure) -> None:
    """Create resources that the invalid requests refer to, such as an account in another region."""
    azure.put(f"{SUBSCRIPTION}/resourceGroups/elsewhere", {"location": "germanywestcentral"})
    plain = {"location": "germanywestcentral", "kind": "StorageV2", "sku": {"name": "Standard_ZRS"}, "properties": {}}
    resources = {
        resource_id("Storage/storageAccounts", "faraway"): {**plain, "location": "westeurope"},
        resource_id("Storage/storageAccounts", "hierarchy"): {**plain, "properties": {"isHnsEnabled": True}},
        resource_id("Storage/storageAccounts", "overzones"): plain,
        resource_id("Network/publicIPAddresses", "basic"): {"location": "germanywestcentral", "sku": {"name": "Basic"}},
        resource_id("Network/networkSecurityGroups", "closed"): {"location": "germanywestcentral"},
        f"{NETWORK}/subnets/closed": {
            "properties": {
                "addressPrefix": "10.0.40.0/24",
                "networkSecurityGroup": {"id": resource_id("Network/networkSecurityGroups", "closed")},
            }
        },
        resource_id("Network/virtualNetworks", "other"): {
            "location": "germanywestcentral",
            "properties": {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}},
        },
        resource_id("Network/virtualNetworks", "other/subnets/nodes"): {"properties": {"addressPrefix": "10.9.0.0/24"}},
        resource_id("Network/privateDnsZones", "other.example"): {"location": "global"},
        resource_id("Network/privateDnsZones", "alone.postgres.database.azure.com"): {"location": "global"},
        resource_id("Cache/redisEnterprise", "small"): {
            "location": "germanywestcentral",
            "sku": {"name": "Balanced_B0"},
        },
        resource_id("DBforPostgreSQL/flexibleServers", "passwords"): {
            "location": "germanywestcentral",
            "properties": {"administratorLogin": "chief", "administratorLoginPassword": "Correct-Horse-9"},
        },
    }
    for path, body in resources.items():
        response = azure.put(path, copy.deepcopy(body))
        assert response.status < 300, (path, response.body)


@pytest.fixture(scope="module")
def full() -> Azure:
    """A populated subscription that no test may change."""
    azure = Azure()
    azure.create(*SAMPLES)
    _create_referenced(azure)
    return azure


@pytest.mark.parametrize("invalid", INVALID_REQUESTS, ids=lambda invalid: f"{invalid.rule}-{invalid.name}")
def test_an_invalid_request_is_refused(full: Azure, invalid: InvalidRequest) -> None:
    path, body = copy.deepcopy(SAMPLES[invalid.name])
    for change in invalid.changes:
        change(body)
    before = full.backend.inventory()
    response = full.put(invalid.path or path, body)
    assert (response.status // 100, response.code) == (4, invalid.code), response.body
    assert response.message
    assert full.backend.inventory() == before


# rule, the sample that is deleted while the others exist, and the expected code
DELETES = [
    ("in_use", "network", "InUseVirtualNetworkCannotBeDeleted"),
    ("in_use", "subnet-nodes", "InUseSubnetCannotBeDeleted"),
    ("in_use", "nsg", "InUseNetworkSecurityGroupCannotBeDeleted"),
    ("in_use", "nat", "InUseNatGatewayCannotBeDeleted"),
    ("in_use", "entry-address", "PublicIPAddressCannotBeDeleted"),
    ("in_use", "waf", "ApplicationGatewayFirewallPolicyInUse"),
    ("zone_with_links", "zone", "CannotDeleteResource"),
    ("vault_in_use", "backup", "VaultNotEmpty"),
    ("policy_in_use", "backup-policy", "UserErrorPolicyInUse"),
]


@pytest.mark.parametrize(("rule", "name", "code"), DELETES, ids=[f"{each[0]}-{each[1]}" for each in DELETES])
def test_a_resource_in_use_is_not_deleted(full: Azure, rule: str, name: str, code: str) -> None:
    response = full.delete(SAMPLES[name][0])
    assert (response.status // 100, response.code) == (4, code)
    assert full.get(SAMPLES[name][0]).status == 200


def test_the_last_system_pool_is_not_deleted(populated: Azure) -> None:
    response = populated.delete(f"{CLUSTER}/agentPools/system")
    assert (response.status, response.code) == (400, "AtLeastOneSystemPool")


@pytest.mark.parametrize("scope", [GROUP, SUBSCRIPTION])
def test_a_custom_role_is_assigned_by_its_id_within_its_scopes(populated: Azure, scope: str) -> None:
    role = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{guid('role')}"
    body = {"properties": {"roleDefinitionId": role, "principalId": PEOPLE}}
    grant = f"providers/Microsoft.Authorization/roleAssignments/{guid('writer')}"
    assert populated.put(f"{CONTAINER}/{grant}", body).status == 201
    populated.put(f"{SUBSCRIPTION}/resourceGroups/elsewhere", {"location": "germanywestcentral"})
    refused = populated.put(f"{SUBSCRIPTION}/resourceGroups/elsewhere/{grant}", body)
    assert refused.code == "RoleDefinitionNotAssignableAtScope"


def test_a_role_in_use_is_not_deleted(populated: Azure) -> None:
    grant = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{guid('sleep')}"
    assert (
        populated.put(grant, {"properties": {"roleDefinitionId": SAMPLES["role"][0], "principalId": PEOPLE}}).status
        == 201
    )
    response = populated.delete(SAMPLES["role"][0])
    assert response.code == "RoleDefinitionHasAssignments"
    populated.delete(grant)
    assert populated.delete(SAMPLES["role"][0]).status == 200


def test_a_locked_policy_can_only_be_extended(populated: Azure) -> None:
    path, body = copy.deepcopy(SAMPLES["immutability"])
    assert populated.call("POST", f"{path}/lock").status == 200
    days = "immutabilityPeriodSinceCreationInDays"
    body["properties"][days] = 30
    body["properties"]["state"] = "Locked"
    assert populated.put(path, body).status == 200
    body["properties"][days] = 7
    assert populated.put(path, body).code == "ImmutabilityPolicyLocked"
    assert populated.delete(path).code == "ImmutabilityPolicyLocked"
    assert populated.delete(ACCOUNT).code == "AccountProtectedFromDeletion"


def test_a_container_with_protected_blobs_is_not_deleted(populated: Azure) -> None:
    host = "worldlake.blob.core.windows.net"
    assert populated.call("PUT", "/bronze/day", {"a": 1}, host=host).status == 201
    assert populated.delete(CONTAINER).code == "ContainerProtectedFromDeletion"


def test_a_vaults_protection_is_irreversible(populated: Azure) -> None:
    path, body = copy.deepcopy(SAMPLES["backup"])
    security = body["properties"]["securitySettings"]
    security["immutabilitySettings"]["state"] = "Locked"
    assert populated.put(path, body).status == 200
    security["immutabilitySettings"]["state"] = "Unlocked"
    assert populated.put(path, body).code == "ImmutabilityStateIrreversible"
    security["immutabilitySettings"]["state"] = "Locked"
    security["softDeleteSettings"]["state"] = "AlwaysOn"
    assert populated.put(path, body).status == 200
    security["softDeleteSettings"]["state"] = "Off"
    assert populated.put(path, body).code == "SoftDeleteStateIrreversible"


def test_more_than_twenty_credentials_are_refused(azure: Azure) -> None:
    azure.create("group", "user")
    path, body = copy.deepcopy(SAMPLES["credential"])
    for number in range(21):
        body["properties"]["subject"] = f"subject-{number}"
        response = azure.put(f"{path}-{number}", body)
    assert response.code == "TooManyFederatedIdentityCredentials"


def test_the_name_of_a_deleted_vault_is_reserved(azure: Azure) -> None:
    azure.create("group", "vault")
    azure.key("gone")
    azure.call("DELETE", "/keys/gone", host="world-vault.vault.azure.net")
    azure.delete(VAULT)
    path, body = copy.deepcopy(SAMPLES["vault"])
    assert azure.put(path, body).code == "ConflictError"
    body["properties"]["createMode"] = "recover"
    assert azure.put(path, body).status == 200
    assert azure.call("GET", "/keys/purpose", host="world-vault.vault.azure.net").status == 200
    assert azure.call("GET", "/keys/gone", host="world-vault.vault.azure.net").status == 404
    assert azure.call("GET", "/deletedkeys/gone", host="world-vault.vault.azure.net").status == 200


def test_a_key_needs_purge_protection_and_a_role(azure: Azure) -> None:
    """These two errors cost most time on Azure."""
    azure.create("group", "user")
    path, body = copy.deepcopy(SAMPLES["vault"])
    del body["properties"]["enablePurgeProtection"]
    azure.put(path, body)
    azure.key("purpose")
    account, account_body = copy.deepcopy(SAMPLES["account"])
    response = azure.put(account, account_body)
    assert response.code == "KeyVaultPolicyError" and "purge protection" in response.message
    body["properties"]["enablePurgeProtection"] = True
    assert azure.put(path, body).status == 200
    response = azure.put(account, account_body)
    assert (response.status, response.code) == (403, "KeyVaultPolicyError") and "permission" in response.message
    azure.create("grant-key")
    assert azure.put(account, account_body).status == 200


@pytest.mark.parametrize("scope", [GROUP, SUBSCRIPTION, NETWORK])
def test_a_lock_protects_resources_below_its_scope(populated: Azure, scope: str) -> None:
    lock = f"{scope}/providers/Microsoft.Authorization/locks/keep"
    assert populated.put(lock, {"properties": {"level": "CanNotDelete"}}).status == 201
    response = populated.delete(f"{NETWORK}/subnets/paths")
    assert (response.status, response.code) == (409, "ScopeLocked") and scope in response.message
    assert populated.put(f"{NETWORK}/subnets/paths", SAMPLES["subnet-paths"][1]).status == 200
    assert populated.delete(lock).status == 204


def test_a_read_only_lock_refuses_writes(populated: Azure) -> None:
    populated.put(f"{NETWORK}/providers/Microsoft.Authorization/locks/still", {"properties": {"level": "ReadOnly"}})
    assert populated.put(f"{NETWORK}/subnets/paths", SAMPLES["subnet-paths"][1]).code == "ScopeLocked"


def test_a_lock_on_a_resource_protects_its_group(populated: Azure) -> None:
    populated.put(f"{SERVER}/providers/Microsoft.Authorization/locks/keep", {"properties": {"level": "CanNotDelete"}})
    assert populated.delete(GROUP).code == "ScopeLocked"


def test_disabled_local_accounts_have_no_credentials(populated: Azure) -> None:
    assert populated.call("POST", f"{CLUSTER}/listClusterAdminCredential").code == "BadRequest"
    assert populated.call("POST", f"{CLUSTER}/listClusterUserCredential").status == 200


def _rules() -> set[str]:
    """The names of all rules: functions that return `Refused | None`."""
    names = set()
    for module in pkgutil.iter_modules(refusals.__path__):
        loaded = importlib.import_module(f"terrace.emulator.azure.refusals.{module.name}")
        assert loaded.__file__
        for node in ast.parse(Path(loaded.__file__).read_text()).body:
            returns = ast.unparse(node.returns) if isinstance(node, ast.FunctionDef) and node.returns else ""
            if isinstance(node, ast.FunctionDef) and returns == "Refused | None" and not node.name.startswith("_"):
                names.add(node.name)
    return names


_TESTED_SEPARATELY = {
    "account_protected",
    "container_protected",
    "immutability_disabled",
    "last_system_pool",
    "name_soft_deleted",
    "locked_policy_deleted",
    "locked_policy_shortened",
    "role_in_use",
    "soft_delete_disabled",
    "too_many_credentials",
}


def test_every_rule_is_tested() -> None:
    tested = {invalid.rule for invalid in INVALID_REQUESTS} | {delete[0] for delete in DELETES} | _TESTED_SEPARATELY
    assert _rules() - tested == set()
    assert len(_rules()) > 100
