"""The backup vault and Velero on Azure (BAK-1 to BAK-4)."""

import pytest

from tests.azure.conftest import ENVIRONMENTS


def vault(stack):
    return stack.one("azurerm_data_protection_backup_vault", "backup/vault")


@pytest.mark.parametrize(
    ("environment", "redundancy", "immutability"),
    [
        ("dev", "LocallyRedundant", "Unlocked"),
        ("staging", "ZoneRedundant", "Unlocked"),
        ("prod", "GeoRedundant", "Locked"),
    ],
)
def test_redundancy_and_immutability_follow_the_environment(azure, environment, redundancy, immutability):  # BAK-1
    settings = vault(azure(environment))
    assert (settings["redundancy"], settings["immutability"]) == (redundancy, immutability)
    assert settings["soft_delete"] in ("On", "AlwaysOn")
    assert settings.get("cross_region_restore_enabled", False) is (environment == "prod")


@pytest.mark.parametrize(("environment", "days"), [("dev", 7), ("staging", 30), ("prod", 120)])
def test_layers_are_backed_up_daily_with_the_required_retention(azure, environment, days):  # BAK-1
    stack = azure(environment)
    policy = stack.one("azurerm_data_protection_backup_policy_blob_storage", "backup/lake-policy")
    assert policy["backup_repeating_time_intervals"][0].endswith("/P1D")
    assert policy["vault_default_retention_duration"] == f"P{days}D"
    taken = {path for path, _ in stack.all("azurerm_data_protection_backup_instance_blob_storage")}
    assert taken == {"backup/silver", "backup/gold", "backup/platinum"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_backup_depends_on_the_vaults_role(azure, environment):  # BAK-1
    stack = azure(environment)
    for layer in ("silver", "gold", "platinum"):
        instance = stack.one("azurerm_data_protection_backup_instance_blob_storage", f"backup/{layer}")
        assert stack.waits_for(instance, "azurerm_role_assignment", f"backup/{layer}-rights")
        rights = stack.one("azurerm_role_assignment", f"backup/{layer}-rights")
        assert rights["scope"] == instance["storage_account_id"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_database_is_in_the_vault_too(azure, environment):  # BAK-1
    stack = azure(environment)
    instance = stack.one("azurerm_data_protection_backup_instance_postgresql_flexible_server", "backup/database")
    server = stack.one("azurerm_postgresql_flexible_server", "database/server")
    assert instance["server_id"].endswith(f"/flexibleServers/{server['name']}")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_vault_is_encrypted_with_the_backups_key(azure, environment):  # BAK-1
    key = azure(environment).one("azurerm_data_protection_backup_vault_customer_managed_key", "backup/encryption")
    assert key["key_vault_key_id"].endswith("/keys/backups")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_velero_writes_only_to_the_backups_bucket(azure, environment):  # BAK-2
    stack = azure(environment)
    bucket = stack.one("azurerm_role_assignment", "backup/velero-bucket")
    assert bucket["scope"].endswith("/containers/backups")
    assert stack.resolve(bucket["role_definition_id"]) == "blob-writer"
    pods = stack.one("azurerm_federated_identity_credential", "backup/velero-pods")
    assert pods["subject"] == "system:serviceaccount:velero:velero"


def test_the_vault_has_the_objectives_as_tags(azure):  # BAK-3
    tags = vault(azure("prod"))["tags"]
    assert (tags["rpo"], tags["rto"]) == ("PT12H", "PT4H")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_backup_jobs_are_reported_and_failed_ones_raise_an_alarm(azure, environment):  # BAK-4
    stack = azure(environment)
    reports = stack.one("azurerm_monitor_diagnostic_setting", "backup/reports")
    assert stack.resolve(reports["target_resource_id"]) == "backup/vault"
    assert reports["enabled_log"] == [{"category_group": "allLogs"}]
    alarm = stack.one("azurerm_monitor_scheduled_query_rules_alert_v2", "alarms/backups-failed")
    assert alarm["criteria"][0]["query"].startswith("AddonAzureBackupJobs | where JobStatus in~")
    assert alarm["severity"] == 0
