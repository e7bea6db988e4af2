"""Every rule refuses the configuration it is about, with its code, where a world without the mistake is accepted."""

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
    at,
)
from tests.emulator.azure.conftest import Azure
from tests.emulator.azure.mistakes import MISTAKES
from tests.emulator.azure.mistakes.mistake import Mistake
from tests.emulator.azure.world import WORLD


def _surroundings(azure: Azure) -> None:
    """What some of the mistakes refer to: an account in another region, one with a hierarchy, an open network."""
    azure.put(f"{SUBSCRIPTION}/resourceGroups/elsewhere", {"location": "germanywestcentral"})
    plain = {"location": "germanywestcentral", "kind": "StorageV2", "sku": {"name": "Standard_ZRS"}, "properties": {}}
    made = {
        at("Storage/storageAccounts", "faraway"): {**plain, "location": "westeurope"},
        at("Storage/storageAccounts", "hierarchy"): {**plain, "properties": {"isHnsEnabled": True}},
        at("Storage/storageAccounts", "overzones"): plain,
        at("Network/publicIPAddresses", "basic"): {"location": "germanywestcentral", "sku": {"name": "Basic"}},
        at("Network/networkSecurityGroups", "closed"): {"location": "germanywestcentral"},
        f"{NETWORK}/subnets/closed": {
            "properties": {
                "addressPrefix": "10.0.40.0/24",
                "networkSecurityGroup": {"id": at("Network/networkSecurityGroups", "closed")},
            }
        },
        at("Network/virtualNetworks", "other"): {
            "location": "germanywestcentral",
            "properties": {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}},
        },
        at("Network/virtualNetworks", "other/subnets/nodes"): {"properties": {"addressPrefix": "10.9.0.0/24"}},
        at("Network/privateDnsZones", "other.example"): {"location": "global"},
        at("Network/privateDnsZones", "alone.postgres.database.azure.com"): {"location": "global"},
        at("Cache/redisEnterprise", "small"): {"location": "germanywestcentral", "sku": {"name": "Balanced_B0"}},
        at("DBforPostgreSQL/flexibleServers", "passwords"): {
            "location": "germanywestcentral",
            "properties": {"administratorLogin": "chief", "administratorLoginPassword": "Correct-Horse-9"},
        },
    }
    for path, body in made.items():
        said = azure.put(path, copy.deepcopy(body))
        assert said.status < 300, (path, said.body)


@pytest.fixture(scope="module")
def full() -> Azure:
    """A world in which nothing may change: a refused write leaves no trace, which the last test looks at."""
    azure = Azure()
    azure.make(*WORLD)
    _surroundings(azure)
    return azure


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: f"{mistake.rule}-{mistake.name}")
def test_a_mistake_is_refused(full: Azure, mistake: Mistake) -> None:
    path, body = copy.deepcopy(WORLD[mistake.name])
    for change in mistake.changes:
        change(body)
    before = full.backend.inventory()
    said = full.put(mistake.at or path, body)
    assert (said.status // 100, said.code) == (4, mistake.code), said.body
    assert said.message
    assert full.backend.inventory() == before


# rule, what of the world is deleted while the rest is there, and the code of the answer
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


@pytest.mark.parametrize(("rule", "name", "code"), DELETES, ids=[f"{w[0]}-{w[1]}" for w in DELETES])
def test_what_is_needed_stays(full: Azure, rule: str, name: str, code: str) -> None:
    said = full.delete(WORLD[name][0])
    assert (said.status // 100, said.code) == (4, code)
    assert full.get(WORLD[name][0]).status == 200


def test_the_last_system_pool_stays(world: Azure) -> None:
    said = world.delete(f"{CLUSTER}/agentPools/system")
    assert (said.status, said.code) == (400, "AtLeastOneSystemPool")


def test_a_role_in_use_stays(world: Azure) -> None:
    grant = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{guid('sleep')}"
    assert world.put(grant, {"properties": {"roleDefinitionId": WORLD["role"][0], "principalId": PEOPLE}}).status == 201
    said = world.delete(WORLD["role"][0])
    assert said.code == "RoleDefinitionHasAssignments"
    world.delete(grant)
    assert world.delete(WORLD["role"][0]).status == 200


def test_a_locked_policy_only_grows(world: Azure) -> None:
    path, body = copy.deepcopy(WORLD["immutability"])
    assert world.call("POST", f"{path}/lock").status == 200
    days = "immutabilityPeriodSinceCreationInDays"
    body["properties"][days] = 30
    body["properties"]["state"] = "Locked"
    assert world.put(path, body).status == 200
    body["properties"][days] = 7
    assert world.put(path, body).code == "ImmutabilityPolicyLocked"
    assert world.delete(path).code == "ImmutabilityPolicyLocked"
    assert world.delete(ACCOUNT).code == "AccountProtectedFromDeletion"


def test_a_container_with_kept_blobs_stays(world: Azure) -> None:
    host = "worldlake.blob.core.windows.net"
    assert world.call("PUT", "/bronze/day", {"a": 1}, host=host).status == 201
    assert world.delete(CONTAINER).code == "ContainerProtectedFromDeletion"


def test_a_vaults_promises_are_not_taken_back(world: Azure) -> None:
    path, body = copy.deepcopy(WORLD["backup"])
    security = body["properties"]["securitySettings"]
    security["immutabilitySettings"]["state"] = "Locked"
    assert world.put(path, body).status == 200
    security["immutabilitySettings"]["state"] = "Unlocked"
    assert world.put(path, body).code == "ImmutabilityStateIrreversible"
    security["immutabilitySettings"]["state"] = "Locked"
    security["softDeleteSettings"]["state"] = "AlwaysOn"
    assert world.put(path, body).status == 200
    security["softDeleteSettings"]["state"] = "Off"
    assert world.put(path, body).code == "SoftDeleteStateIrreversible"


def test_twenty_credentials_and_no_more(azure: Azure) -> None:
    azure.make("group", "user")
    path, body = copy.deepcopy(WORLD["credential"])
    for number in range(21):
        body["properties"]["subject"] = f"subject-{number}"
        said = azure.put(f"{path}-{number}", body)
    assert said.code == "TooManyFederatedIdentityCredentials"


def test_a_deleted_vault_keeps_its_name(azure: Azure) -> None:
    azure.make("group", "vault")
    azure.key("gone")
    azure.call("DELETE", "/keys/gone", host="world-vault.vault.azure.net")
    azure.delete(VAULT)
    path, body = copy.deepcopy(WORLD["vault"])
    assert azure.put(path, body).code == "ConflictError"
    body["properties"]["createMode"] = "recover"
    assert azure.put(path, body).status == 200
    assert azure.call("GET", "/keys/purpose", host="world-vault.vault.azure.net").status == 200
    assert azure.call("GET", "/keys/gone", host="world-vault.vault.azure.net").status == 404
    assert azure.call("GET", "/deletedkeys/gone", host="world-vault.vault.azure.net").status == 200


def test_a_key_needs_a_safe_vault_and_a_right(azure: Azure) -> None:
    """A store that took any key would hide the two mistakes that cost most time on Azure."""
    azure.make("group", "user")
    path, body = copy.deepcopy(WORLD["vault"])
    del body["properties"]["enablePurgeProtection"]
    azure.put(path, body)
    azure.key("purpose")
    account, wanted = copy.deepcopy(WORLD["account"])
    said = azure.put(account, wanted)
    assert said.code == "KeyVaultPolicyError" and "purge protection" in said.message
    body["properties"]["enablePurgeProtection"] = True
    assert azure.put(path, body).status == 200
    said = azure.put(account, wanted)
    assert (said.status, said.code) == (403, "KeyVaultPolicyError") and "permission" in said.message
    azure.make("grant-key")
    assert azure.put(account, wanted).status == 200


@pytest.mark.parametrize("on", [GROUP, SUBSCRIPTION, NETWORK])
def test_a_lock_holds_what_is_below(world: Azure, on: str) -> None:
    lock = f"{on}/providers/Microsoft.Authorization/locks/keep"
    assert world.put(lock, {"properties": {"level": "CanNotDelete"}}).status == 201
    said = world.delete(f"{NETWORK}/subnets/paths")
    assert (said.status, said.code) == (409, "ScopeLocked") and on in said.message
    assert world.put(f"{NETWORK}/subnets/paths", WORLD["subnet-paths"][1]).status == 200
    assert world.delete(lock).status == 204


def test_a_read_only_lock_holds_writes(world: Azure) -> None:
    world.put(f"{NETWORK}/providers/Microsoft.Authorization/locks/still", {"properties": {"level": "ReadOnly"}})
    assert world.put(f"{NETWORK}/subnets/paths", WORLD["subnet-paths"][1]).code == "ScopeLocked"


def test_a_lock_below_holds_its_group(world: Azure) -> None:
    world.put(f"{SERVER}/providers/Microsoft.Authorization/locks/keep", {"properties": {"level": "CanNotDelete"}})
    assert world.delete(GROUP).code == "ScopeLocked"


def test_local_accounts_that_are_off_give_nothing(world: Azure) -> None:
    assert world.call("POST", f"{CLUSTER}/listClusterAdminCredential").code == "BadRequest"
    assert world.call("POST", f"{CLUSTER}/listClusterUserCredential").status == 200


def _rules() -> set[str]:
    """The names of all rules: what takes a resource and may answer with a refusal."""
    found = set()
    for module in pkgutil.iter_modules(refusals.__path__):
        loaded = importlib.import_module(f"terrace.emulator.azure.refusals.{module.name}")
        assert loaded.__file__
        for node in ast.parse(Path(loaded.__file__).read_text()).body:
            returns = ast.unparse(node.returns) if isinstance(node, ast.FunctionDef) and node.returns else ""
            if isinstance(node, ast.FunctionDef) and returns == "Refused | None" and not node.name.startswith("_"):
                found.add(node.name)
    return found


_IN_STORIES = {
    "account_kept",
    "container_kept",
    "immutability_taken_back",
    "last_system_pool",
    "name_soft_deleted",
    "policy_kept",
    "policy_locked",
    "role_in_use",
    "soft_delete_taken_back",
    "too_many_credentials",
}


def test_no_rule_goes_untested() -> None:
    shown = {mistake.rule for mistake in MISTAKES} | {delete[0] for delete in DELETES} | _IN_STORIES
    assert _rules() - shown == set()
    assert len(_rules()) > 100
