"""Logs, alarms and audit (OBS-1 to AUD-3)."""

from tests.assurance.mutants import drop, inside, mutant, put, remove, words

WORKSPACE, ALERT = ("azurerm_log_analytics_workspace", "observability/workspace"), "azurerm_monitor_metric_alert"
GROUP, BOARD = "azurerm_monitor_action_group", ("azurerm_application_insights_workbook", "alarms/dashboard")
SETTING, LOCK = "azurerm_monitor_diagnostic_setting", "azurerm_storage_container_immutability_policy"
PLAN = "azurerm_security_center_subscription_pricing"

MUTANTS = [
    mutant("OBS-1", "short log retention", put(*WORKSPACE, "retention_in_days", 7)),
    mutant("OBS-1", "local authentication enabled", put(*WORKSPACE, "local_authentication_enabled", True)),
    mutant(
        "OBS-1", "logs in another destination", put(SETTING, "cache/logs", "log_analytics_workspace_id", "/x/elsewhere")
    ),
    mutant("OBS-2", "no CPU alarm", remove(ALERT, "alarms/database-cpu-warning")),
    mutant("OBS-2", "alarm without a notification", put(ALERT, "alarms/database-storage-critical", "action", [])),
    mutant("OBS-2", "disabled alarm", put(ALERT, "alarms/nodes-memory-warning", "enabled", False)),
    mutant("OBS-2", "alarm threshold too high", put(ALERT, "alarms/database-cpu-warning", "criteria.threshold", 99)),
    mutant("OBS-2", "layer without a denial alarm", remove(ALERT, "alarms/gold-denials-warning")),
    mutant("OBS-3", "no subscriber", put(GROUP, "observability/warning", "email_receiver", [])),
    mutant(
        "OBS-3",
        "wrong subscriber",
        put(GROUP, "observability/critical", "email_receiver.0.email_address", "x@example.org"),
    ),
    mutant("OBS-3", "disabled action group", put(GROUP, "observability/critical", "enabled", False)),
    mutant("OBS-3", "critical alarm too late", put(ALERT, "alarms/database-cpu-critical", "window_size", "P1D")),
    mutant("OBS-4", "no dashboard", remove(*BOARD)),
    mutant("OBS-4", "signal missing on the dashboard", inside(*BOARD, "data_json", words("storage_percent", "iops"))),
    mutant("OBS-4", "objective missing on the dashboard", inside(*BOARD, "data_json", words("99.9 %", "many"))),
    mutant(
        "OBS-4",
        "no burn rate alarm",
        remove("azurerm_monitor_scheduled_query_rules_alert_v2", "alarms/objective-fast"),
    ),
    mutant("AUD-1", "control-plane calls not logged", remove(SETTING, "audit/trail")),
    mutant("AUD-1", "log categories missing", put(SETTING, "audit/trail", "enabled_log", [{"category": "Security"}])),
    mutant("AUD-1", "key vault use not logged", remove(SETTING, "audit/vault-trail")),
    mutant("AUD-1", "reads of a layer not logged", remove(SETTING, "lake/gold/audit-log")),
    mutant("AUD-1", "audit log without immutability", remove(LOCK, "lake/audit/lock-insights-activity-logs")),
    mutant(
        "AUD-1",
        "short audit log immutability",
        put(LOCK, "lake/audit/lock-insights-activity-logs", "immutability_period_in_days", 30),
    ),
    mutant("AUD-1", "audit log without a storage account", drop(SETTING, "audit/trail", "storage_account_id")),
    mutant("AUD-2", "cluster without threat detection", put(PLAN, "audit/detection-Containers", "tier", "Free")),
    mutant("AUD-2", "storage without threat detection", remove(PLAN, "audit/detection-StorageAccounts")),
    mutant(
        "AUD-2",
        "no notification of findings",
        put("azurerm_security_center_contact", "audit/contact", "alert_notifications", False),
    ),
    mutant("AUD-3", "no policy baseline", remove("azurerm_subscription_policy_assignment", "audit/baseline")),
    mutant(
        "AUD-3",
        "wrong policy baseline",
        put("azurerm_subscription_policy_assignment", "audit/baseline", "policy_definition_id", "/x"),
    ),
]
