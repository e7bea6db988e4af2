"""Logs, alarms and records (OBS-1 to AUD-3)."""

from tests.assurance.mutants import drop, inside, mutant, put, remove, words

WORKSPACE, ALERT = ("azurerm_log_analytics_workspace", "observability/workspace"), "azurerm_monitor_metric_alert"
GROUP, BOARD = "azurerm_monitor_action_group", ("azurerm_application_insights_workbook", "alarms/dashboard")
SETTING, LOCK = "azurerm_monitor_diagnostic_setting", "azurerm_storage_container_immutability_policy"
PLAN = "azurerm_security_center_subscription_pricing"

MUTANTS = [
    mutant("OBS-1", "logs hardly kept", put(*WORKSPACE, "retention_in_days", 7)),
    mutant("OBS-1", "logs by a shared key", put(*WORKSPACE, "local_authentication_enabled", True)),
    mutant("OBS-1", "logs elsewhere", put(SETTING, "cache/logs", "log_analytics_workspace_id", "/x/elsewhere")),
    mutant("OBS-2", "nobody watches the CPU", remove(ALERT, "alarms/database-cpu-warning")),
    mutant("OBS-2", "an alarm that tells nobody", put(ALERT, "alarms/database-storage-critical", "action", [])),
    mutant("OBS-2", "an alarm that is off", put(ALERT, "alarms/nodes-memory-warning", "enabled", False)),
    mutant(
        "OBS-2", "an alarm that comes too late", put(ALERT, "alarms/database-cpu-warning", "criteria.threshold", 99)
    ),
    mutant("OBS-2", "refusals by a layer unwatched", remove(ALERT, "alarms/gold-denials-warning")),
    mutant("OBS-3", "nobody hears", put(GROUP, "observability/warning", "email_receiver", [])),
    mutant(
        "OBS-3",
        "somebody else hears",
        put(GROUP, "observability/critical", "email_receiver.0.email_address", "x@example.org"),
    ),
    mutant("OBS-3", "a group that is off", put(GROUP, "observability/critical", "enabled", False)),
    mutant("OBS-3", "it never becomes critical", put(ALERT, "alarms/database-cpu-critical", "window_size", "P1D")),
    mutant("OBS-4", "no dashboard", remove(*BOARD)),
    mutant("OBS-4", "a signal is not shown", inside(*BOARD, "data_json", words("storage_percent", "iops"))),
    mutant("OBS-4", "no objective", inside(*BOARD, "data_json", words("99.9 %", "many"))),
    mutant(
        "OBS-4",
        "the budget burns unseen",
        remove("azurerm_monitor_scheduled_query_rules_alert_v2", "alarms/objective-fast"),
    ),
    mutant("AUD-1", "calls are not on record", remove(SETTING, "audit/trail")),
    mutant("AUD-1", "a part of the calls", put(SETTING, "audit/trail", "enabled_log", [{"category": "Security"}])),
    mutant("AUD-1", "the vault's use unrecorded", remove(SETTING, "audit/vault-trail")),
    mutant("AUD-1", "reads of a layer unrecorded", remove(SETTING, "lake/gold/audit-log")),
    mutant("AUD-1", "the record can be changed", remove(LOCK, "lake/audit/lock-insights-activity-logs")),
    mutant(
        "AUD-1",
        "the record is locked briefly",
        put(LOCK, "lake/audit/lock-insights-activity-logs", "immutability_period_in_days", 30),
    ),
    mutant("AUD-1", "the record goes elsewhere", drop(SETTING, "audit/trail", "storage_account_id")),
    mutant("AUD-2", "the cluster is not watched", put(PLAN, "audit/detection-Containers", "tier", "Free")),
    mutant("AUD-2", "no detection for storage", remove(PLAN, "audit/detection-StorageAccounts")),
    mutant(
        "AUD-2",
        "findings reach nobody",
        put("azurerm_security_center_contact", "audit/contact", "alert_notifications", False),
    ),
    mutant("AUD-3", "no baseline", remove("azurerm_subscription_policy_assignment", "audit/baseline")),
    mutant(
        "AUD-3",
        "another baseline",
        put("azurerm_subscription_policy_assignment", "audit/baseline", "policy_definition_id", "/x"),
    ),
]
