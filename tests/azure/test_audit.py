"""Activity log, Defender and Policy on Azure (AUD-1 to AUD-6)."""

import pytest

from terrace.azure.audit import _CATEGORIES
from terrace.azure.detection import _BASELINE, _DETECTION
from terrace.azure.records import _CHANGES
from tests.azure.conftest import ENVIRONMENTS
from tests.conftest import ACCOUNTS


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_call_is_recorded_in_the_workspace_and_the_audit_bucket(azure, environment):  # AUD-1
    stack = azure(environment)
    trail = stack.one("azurerm_monitor_diagnostic_setting", "audit/trail")
    assert trail["target_resource_id"] == f"/subscriptions/{ACCOUNTS['azure'][environment]}"
    assert {log["category"] for log in trail["enabled_log"]} == set(_CATEGORIES)
    audit = stack.one("azurerm_storage_account", "lake/audit/account")
    assert trail["storage_account_id"].endswith(f"/{audit['name']}")
    assert trail["log_analytics_workspace_id"].endswith(f"/workspaces/dpf-{environment}")
    assert stack.waits_for(trail, "azurerm_storage_container", "lake/audit/container-insights-activity-logs")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_reads_of_keys_and_secrets_are_recorded(azure, environment):  # AUD-1
    setting = azure(environment).one("azurerm_monitor_diagnostic_setting", "audit/vault-trail")
    assert "/vaults/" in setting["target_resource_id"]
    assert setting["enabled_log"] == [{"category_group": "audit"}]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_threat_detection_is_enabled(azure, environment):  # AUD-2
    stack = azure(environment)
    plans = {
        plan["resource_type"]: plan["tier"] for _, plan in stack.all("azurerm_security_center_subscription_pricing")
    }
    assert plans == dict.fromkeys(_DETECTION, "Standard")
    assert {"Containers", "StorageAccounts", "KeyVaults", "OpenSourceRelationalDatabases", "Arm"} <= set(plans)
    assert stack.one("azurerm_security_center_contact", "audit/contact")["alert_notifications"] is True
    assert "microsoft_defender" in stack.one("azurerm_kubernetes_cluster", "cluster/control-plane")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_configuration_is_evaluated_against_a_baseline(azure, environment):  # AUD-3
    baseline = azure(environment).one("azurerm_subscription_policy_assignment", "audit/baseline")
    assert baseline["policy_definition_id"].endswith(f"/policySetDefinitions/{_BASELINE}")


def test_the_vaults_of_the_recovery_region_are_recorded(azure):  # AUD-4
    for site in ("recovery", "geo"):
        setting = azure("prod").one("azurerm_monitor_diagnostic_setting", f"audit/vault-{site}-trail")
        vault = azure("prod").one("azurerm_key_vault", f"keys/vault-{site}")
        assert setting["target_resource_id"].endswith(
            f"/dpf-prod-recovery/providers/Microsoft.KeyVault/vaults/{vault['name']}"
        )
        assert setting["log_analytics_workspace_id"].endswith("/workspaces/dpf-prod")
    assert not [
        path for path, _ in azure("dev").all("azurerm_monitor_diagnostic_setting") if "-trail" in path and "geo" in path
    ]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_findings_of_the_subscription_are_in_the_workspace_and_raise_alarms(azure, environment):  # AUD-5
    stack = azure(environment)
    export = stack.one("azurerm_security_center_automation", "audit/findings")
    assert export["scopes"] == [f"/subscriptions/{ACCOUNTS['azure'][environment]}"]
    assert [source["event_source"] for source in export["source"]] == ["Alerts", "Assessments"]
    assert [action["resource_id"].rpartition("/")[2] for action in export["action"]] == [f"dpf-{environment}"]
    assert stack.waits_for(export, "azurerm_log_analytics_solution", "audit/findings-tables")
    for name in ("findings-alerted", "findings-noncompliant", "findings-recommended"):
        alarm = stack.one("azurerm_monitor_scheduled_query_rules_alert_v2", f"alarms/{name}")
        assert alarm["severity"] == 0
        assert alarm["action"]["action_groups"][0].endswith("-critical")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_changes_raise_alarms(azure, environment):  # AUD-6
    stack = azure(environment)
    for name, change in _CHANGES.items():
        alarm = stack.one("azurerm_monitor_scheduled_query_rules_alert_v2", f"alarms/{name}")
        assert all(f"'{operation}'" in alarm["criteria"][0]["query"] for operation in change.operations), name
        assert alarm["severity"] == (0 if change.at_once else 2), name
    for name in ("keys-disabled", "owners-made"):
        assert stack.one("azurerm_monitor_scheduled_query_rules_alert_v2", f"alarms/{name}")["severity"] == 0
