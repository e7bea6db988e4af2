"""Storage accounts on Azure (LAKE-1 to LAKE-6)."""

import pytest

from terrace.azure.bucket import _ACCESS_LOGS
from terrace.azure.lake import _RECORDS, ENCRYPTED_FOR
from terrace.capabilities.lake import BUCKETS, REPLICATED
from terrace.capabilities.spec import LAYERS
from tests.azure.conftest import ENVIRONMENTS


def buckets(stack):
    """Accounts of the lake: (path without /account, attributes)."""
    for path, body in stack.all("azurerm_storage_account"):
        if path.startswith("lake/"):
            yield path.removesuffix("/account"), body


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_bucket_can_be_public(azure, environment):  # LAKE-1
    stack = azure(environment)
    by_path = dict(buckets(stack))
    assert {f"lake/{name}" for name in BUCKETS} <= set(by_path)
    for path, account in by_path.items():
        assert account["allow_nested_items_to_be_public"] is False, path
        assert account["shared_access_key_enabled"] is False, path
        assert account["public_network_access_enabled"] is False, path
        assert account["local_user_enabled"] is False, path
        assert account["cross_tenant_replication_enabled"] is False, path
        assert account["network_rules"]["default_action"] == "Deny", path
    for path, container in stack.all("azurerm_storage_container"):
        assert container["container_access_type"] == "private", path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_buckets_are_encrypted_with_their_key_and_deny_plain_http(azure, environment):  # LAKE-2
    for path, account in buckets(azure(environment)):
        purpose = ENCRYPTED_FOR[path.split("/")[1].removesuffix("-recovery")]
        assert account["customer_managed_key"]["key_vault_key_id"].endswith(f".vault.azure.net/keys/{purpose}"), path
        assert account["https_traffic_only_enabled"] is True, path
        assert account["min_tls_version"] == "TLS1_2", path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_accounts_depend_on_the_role_on_their_key(azure, environment):  # LAKE-2
    stack = azure(environment)
    for path, account in stack.all("azurerm_storage_account"):
        assert stack.waits_for(account, "azurerm_role_assignment", "keys/lake-use"), path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_bucket_is_versioned(azure, environment):  # LAKE-3
    for path, account in buckets(azure(environment)):
        assert account["blob_properties"]["versioning_enabled"] is True, path
        assert account.get("is_hns_enabled", False) is False, path  # or versioning would fail


@pytest.mark.parametrize(
    ("environment", "days", "locked"), [("dev", 1, False), ("staging", 7, False), ("prod", 30, True)]
)
def test_bronze_is_immutable_for_the_environments_days(azure, environment, days, locked):  # LAKE-3
    stack = azure(environment)
    policy = stack.one("azurerm_storage_container_immutability_policy", "lake/bronze/lock-bronze")
    assert policy["immutability_period_in_days"] == days
    assert policy["locked"] is locked
    assert stack.resolve(policy["storage_container_resource_manager_id"]) == "lake/bronze/container-bronze"


@pytest.mark.parametrize(("environment", "days"), [("dev", 400), ("prod", 731)])
def test_the_activity_log_is_immutable(azure, environment, days):  # AUD-1
    for container in _RECORDS:
        policy = azure(environment).one("azurerm_storage_container_immutability_policy", f"lake/audit/lock-{container}")
        assert policy["immutability_period_in_days"] == days
        assert policy["protected_append_writes_all_enabled"] is True


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_bucket_moves_cold_data_and_expires_objects(azure, environment):  # LAKE-4
    stack = azure(environment)
    for path, _ in buckets(stack):
        rules = {
            rule["name"]: rule for rule in stack.one("azurerm_storage_management_policy", f"{path}/lifecycle")["rule"]
        }
        actions = rules["age"]["actions"]
        cool = actions["base_blob"]["tier_to_cool_after_days_since_modification_greater_than"]
        assert 30 <= cool < actions["base_blob"]["tier_to_cold_after_days_since_modification_greater_than"], path
        assert actions["version"]["delete_after_days_since_creation"] >= 7, path


def test_append_blobs_expire_too_and_gold_does_not(azure):  # LAKE-4
    def rules(name):
        return {
            rule["name"]: rule["actions"]["base_blob"].get("delete_after_days_since_modification_greater_than")
            for rule in azure("prod").one("azurerm_storage_management_policy", f"lake/{name}/lifecycle")["rule"]
        }

    assert rules("bronze") == {"age": 365, "age-logs": 365}
    assert rules("gold") == {"age": None}


def test_only_prod_is_replicated_to_the_recovery_region(azure):  # LAKE-5
    stack = azure("prod")
    copied = dict(stack.all("azurerm_storage_object_replication"))
    assert set(copied) == {f"lake/{name}/replication" for name in REPLICATED}
    for path, rule in copied.items():
        source = stack.resolve(rule["source_storage_account_id"])
        assert source == path.replace("/replication", "/account")
        copy = stack.one("azurerm_storage_account", stack.resolve(rule["destination_storage_account_id"]))
        assert copy["location"] == stack.one("azurerm_resource_group", "group-recovery")["location"], path
        assert rule["rules"][0]["copy_blobs_created_after"] == "Everything", path
    for environment in ("dev", "staging"):
        assert azure(environment).all("azurerm_storage_object_replication") == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_requests_to_every_bucket_are_logged_in_another_bucket(azure, environment):  # LAKE-6
    stack = azure(environment)
    for name in BUCKETS:
        if name == "access":
            continue
        setting = stack.one("azurerm_monitor_diagnostic_setting", f"lake/{name}/access-log")
        assert stack.resolve(setting["storage_account_id"]) == "lake/access/account"
        assert stack.resolve(setting["target_resource_id"].split("/")[0]) == f"lake/{name}/account"
        assert {log["category"] for log in setting["enabled_log"]} == set(_ACCESS_LOGS)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_requests_to_the_layers_are_in_the_immutable_audit_logs(azure, environment):  # AUD-1
    for layer in LAYERS:
        setting = azure(environment).one("azurerm_monitor_diagnostic_setting", f"lake/{layer}/audit-log")
        assert azure(environment).resolve(setting["storage_account_id"]) == "lake/audit/account"


def test_requests_to_the_copies_are_in_the_immutable_audit_logs_of_their_region(azure):  # AUD-1
    stack = azure("prod")
    records = stack.one("azurerm_storage_account", "lake/audit-recovery/account")
    assert records["location"] == stack.one("azurerm_resource_group", "group-recovery")["location"]
    for layer in LAYERS:
        setting = stack.one("azurerm_monitor_diagnostic_setting", f"lake/{layer}-recovery/audit-log")
        assert stack.resolve(setting["storage_account_id"]) == "lake/audit-recovery/account"
        assert {log["category"] for log in setting["enabled_log"]} == set(_ACCESS_LOGS)
    locks = dict(stack.all("azurerm_storage_container_immutability_policy"))
    away = {path.rpartition("/lock-")[2] for path in locks if path.startswith("lake/audit-recovery/")}
    assert away == {f"insights-logs-storage{operation}" for operation in ("read", "write", "delete")}
    days = locks["lake/audit-recovery/lock-insights-logs-storageread"]["immutability_period_in_days"]
    assert days == locks["lake/audit/lock-insights-logs-storageread"]["immutability_period_in_days"] >= 365


def test_bronze_is_searched_for_sensitive_data_where_the_environment_asks_for_it(azure):  # LAKE-8
    setting = azure("prod").one("azurerm_security_center_storage_defender", "lake/bronze/discovery")
    assert azure("prod").resolve(setting["storage_account_id"]) == "lake/bronze/account"
    assert setting["sensitive_data_discovery_enabled"] is True
    assert azure("dev").all("azurerm_security_center_storage_defender") == []


def test_a_lock_is_removed_before_what_is_below_it(azure):  # LAKE-5
    stack = azure("prod")
    below = {"azurerm_storage_management_policy", "azurerm_monitor_diagnostic_setting", "azurerm_role_assignment"}
    locks = {path: lock for path, lock in stack.all("azurerm_management_lock") if path.startswith("lake/")}
    assert "lake/gold/keep" in locks
    for path, lock in locks.items():
        if path != "lake/access/keep":  # its requests are not logged
            assert below <= {one.split(".")[0] for one in lock["depends_on"]}, path
