"""Key Vault on Azure (KEY-1 to KEY-3)."""

import re

import pytest

from terrace.azure.keys import _USE, USERS
from terrace.azure.names import RECOVERY_KEYS
from terrace.capabilities.keys import PURPOSES
from tests.azure.conftest import ENVIRONMENTS


def days(duration: str) -> int:
    match = re.fullmatch(r"P(\d+)D", duration)
    assert match, duration
    return int(match[1])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_purpose_has_a_key_that_rotates_before_it_expires(azure, environment):  # KEY-1
    keys = dict(azure(environment).all("azurerm_key_vault_key"))
    assert {f"keys/{purpose}" for purpose in PURPOSES} <= set(keys)
    for path, key in keys.items():
        policy = key["rotation_policy"]
        rotated = days(policy["automatic"]["time_after_creation"])
        assert 28 <= rotated <= 365, path
        assert days(policy["expire_after"]) > rotated + days(policy["notify_before_expiry"]), path


def test_prod_rotates_twice_a_year_and_keeps_keys_in_hardware(azure):  # KEY-1
    for _, key in azure("prod").all("azurerm_key_vault_key"):
        assert key["rotation_policy"]["automatic"]["time_after_creation"] == "P180D"
        assert key["key_type"] == "RSA-HSM"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_vaults_cannot_be_purged_and_stay_recoverable(azure, environment):  # KEY-2
    for path, vault in azure(environment).all("azurerm_key_vault"):
        assert vault["purge_protection_enabled"] is True, path
        assert vault["soft_delete_retention_days"] == 30, path


def test_a_destroy_purges_nothing(azure):  # KEY-2
    vaults = azure("prod").document["provider"]["azurerm"][0]["features"][0]["key_vault"][0]
    purging = {name: value for name, value in vaults.items() if name.startswith("purge_")}
    assert purging
    assert not any(purging.values())


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_vaults_have_private_access_and_role_based_access_control(azure, environment):  # KEY-3, NET-3
    for path, vault in azure(environment).all("azurerm_key_vault"):
        assert vault["rbac_authorization_enabled"] is True, path
        assert vault["public_network_access_enabled"] is False, path
        assert vault["network_acls"]["default_action"] == "Deny", path
        assert "access_policy" not in vault, path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_identity_uses_only_its_own_key(azure, environment):  # KEY-3
    stack = azure(environment)
    by_identity: dict[str, list[str]] = {}
    for _, grant in stack.granted(_USE):
        # apart from the state home's vault, which opens bundles of plans and is in no stack
        if "user_assigned_identity" in grant["principal_id"] and "/resourceGroups/dpf-state/" not in grant["scope"]:
            by_identity.setdefault(stack.resolve(grant["principal_id"]), []).append(stack.resolve(grant["scope"]))
    assert {f"keys/{purpose}-user" for purpose in USERS} <= set(by_identity)
    for identity, keys in by_identity.items():
        assert keys == [identity.removesuffix("-user")]


def test_recovery_keys_exist_only_with_a_recovery_region(azure):
    def away(environment: str) -> set[str]:
        return {path for path, _ in azure(environment).all("azurerm_key_vault_key") if path.endswith("-recovery")}

    assert away("dev") == away("staging") == set()
    assert away("prod") == {f"keys/{purpose}-recovery" for purpose in RECOVERY_KEYS}


def test_the_databases_recovery_key_is_in_the_paired_region(azure):  # DB-5
    stack = azure("prod")
    key = stack.one("azurerm_key_vault_key", "keys/database-recovery")
    vault = stack.one("azurerm_key_vault", stack.resolve(key["key_vault_id"]))
    assert vault["location"] == "germanynorth"
    other = stack.one("azurerm_key_vault_key", "keys/lake-recovery")
    assert stack.one("azurerm_key_vault", stack.resolve(other["key_vault_id"]))["location"] == "francecentral"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_keys_depend_on_the_private_path_of_their_vault(azure, environment):
    stack = azure(environment)
    for path, key in stack.all("azurerm_key_vault_key"):
        assert stack.waits_for(key, "azurerm_private_endpoint", "network/path-vault"), path
