"""Activity log, Defender and Policy on Azure (AUD-1 to AUD-3)."""

import pytest

from terrace.azure.audit import _BASELINE, _CATEGORIES, _DETECTION
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
