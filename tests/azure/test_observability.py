"""Azure Monitor (OBS-1 to OBS-5)."""

import json

import pytest

from terrace.azure.alarms import _window
from tests.azure.conftest import ENVIRONMENTS

SIGNALS = {
    "database-cpu",
    "database-storage",
    "database-connections",
    "cache-memory",
    "cache-evictions",
    "nodes-cpu",
    "nodes-memory",
    "bronze-denials",
    "gold-denials",
}


def alarms(stack):
    return {path.removeprefix("alarms/"): body for path, body in stack.all("azurerm_monitor_metric_alert")}


@pytest.mark.parametrize(("environment", "days"), [("dev", 30), ("staging", 90), ("prod", 365)])
def test_logs_are_in_one_workspace_with_the_environments_retention(azure, environment, days):  # OBS-1
    stack = azure(environment)
    (workspace,) = dict(stack.all("azurerm_log_analytics_workspace")).values()
    assert workspace["retention_in_days"] == days
    for path, setting in stack.all("azurerm_monitor_diagnostic_setting"):
        assert setting.get("log_analytics_workspace_id", "/dpf-" + environment).endswith(f"/dpf-{environment}"), path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_signal_has_an_alert_for_both_severities(azure, environment):  # OBS-2
    alerts = set(alarms(azure(environment)))
    for signal in SIGNALS:
        assert {f"{signal}-warning", f"{signal}-critical"} <= alerts
    assert any(name.startswith("nat-ports-") for name in alerts)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_alert_notifies_the_channels_of_its_severity(azure, environment):  # OBS-3
    for name, alarm in alarms(azure(environment)).items():
        (action,) = alarm["action"]
        assert action["action_group_id"].endswith(f"/dpf-{environment}-{name.rsplit('-', 1)[1]}"), name
        assert alarm.get("enabled", True) is True, name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_critical_alert_needs_a_longer_duration(azure, environment):  # OBS-3
    alerts = alarms(azure(environment))
    assert alerts["database-cpu-warning"]["window_size"] == "PT15M"
    assert alerts["database-cpu-critical"]["window_size"] == "PT1H"


def test_the_pager_receives_critical_alerts_in_prod(azure):  # OBS-3
    stack = azure("prod")
    critical = stack.one("azurerm_monitor_action_group", "observability/critical")
    assert [receiver["name"] for receiver in critical["webhook_receiver"]] == ["pager"]
    warning = stack.one("azurerm_monitor_action_group", "observability/warning")
    assert not warning.get("webhook_receiver")
    assert [receiver["email_address"] for receiver in warning["email_receiver"]] == ["platform@example.com"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_alert_depends_on_the_resource_it_watches(azure, environment):
    for name, alarm in alarms(azure(environment)).items():
        assert alarm["depends_on"], name
        assert len(alarm["scopes"]) == 1, name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_dashboard_shows_objective_and_signals(azure, environment):  # OBS-4
    stack = azure(environment)
    board = json.loads(stack.one("azurerm_application_insights_workbook", "alarms/dashboard")["data_json"])
    shown = {item["name"] for item in board["items"]}
    assert {"objective", "error-budget"} | SIGNALS <= shown
    assert "99.9 %" in json.dumps(board)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_objective_has_alerts_on_its_burn_rates(azure, environment):  # OBS-4
    stack = azure(environment)
    for name, rate, level in (("fast", "14.4", 0), ("slow", "6", 2)):
        rule = stack.one("azurerm_monitor_scheduled_query_rules_alert_v2", f"alarms/objective-{name}")
        assert f"burn > {rate}" in rule["criteria"][0]["query"]
        assert rule["severity"] == level


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_stopping_the_activity_log_export_raises_a_critical_alert(azure, environment):  # AUD-1
    rule = azure(environment).one("azurerm_monitor_scheduled_query_rules_alert_v2", "alarms/trail-stopped")
    assert "DIAGNOSTICSETTINGS/DELETE" in rule["criteria"][0]["query"]
    assert rule["severity"] == 0


@pytest.mark.parametrize(("minutes", "text"), [(5, "PT5M"), (16, "PT30M"), (60, "PT1H"), (61, "PT6H"), (1440, "P1D")])
def test_windows_are_those_that_azure_supports(minutes, text):
    assert _window(minutes) == text


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_events_of_the_database_and_ends_of_records_are_critical(azure, environment):  # OBS-5, AUD-6
    stack = azure(environment)
    alarms = {path.removeprefix("alarms/"): body for path, body in stack.all("azurerm_monitor_activity_log_alert")}
    categories = {name: alarm["criteria"]["category"] for name, alarm in alarms.items()}
    assert categories == {
        "database-deleted": "Administrative",
        "database-health": "ResourceHealth",
        "database-maintenance": "ServiceHealth",
        "records-deleted": "Administrative",
        "workspace-deleted": "Administrative",
    }
    for name, alarm in alarms.items():
        (action,) = alarm["action"]
        assert action["action_group_id"].endswith(f"/dpf-{environment}-critical"), name
