"""Logs, alarms and audit (OBS-1 to AUD-6)."""

from tests.assurance.mutants import drop, inside, mutant, put, remove, words

WORKSPACE, ALERT = ("azurerm_log_analytics_workspace", "observability/workspace"), "azurerm_monitor_metric_alert"
GROUP, BOARD = "azurerm_monitor_action_group", ("azurerm_application_insights_workbook", "alarms/dashboard")
SETTING, LOCK = "azurerm_monitor_diagnostic_setting", "azurerm_storage_container_immutability_policy"
PLAN = "azurerm_security_center_subscription_pricing"
QUERY, EVENT = "azurerm_monitor_scheduled_query_rules_alert_v2", "azurerm_monitor_activity_log_alert"
EXPORT = ("azurerm_security_center_automation", "audit/findings")

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
    mutant(
        "OBS-2",
        "alarm on removed locks that matches nothing",
        put(
            "azurerm_monitor_scheduled_query_rules_alert_v2",
            "alarms/lock-removed",
            "criteria.0.query",
            "AzureActivity | where false",
        ),
    ),
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
    mutant("OBS-5", "no event of the database's health", remove(EVENT, "alarms/database-health")),
    mutant(
        "OBS-5", "disabled event of the database's deletion", put(EVENT, "alarms/database-deleted", "enabled", False)
    ),
    mutant(
        "OBS-5",
        "no announcement of maintenance",
        put(EVENT, "alarms/database-maintenance", "criteria.service_health.events", ["Incident"]),
    ),
    mutant(
        "OBS-5",
        "health of other resources",
        put(EVENT, "alarms/database-health", "criteria.resource_types", ["Microsoft.Compute/virtualMachines"]),
    ),
    mutant("OBS-5", "event of the database without a recipient", put(EVENT, "alarms/database-deleted", "action", [])),
    mutant("AUD-1", "control-plane calls not logged", remove(SETTING, "audit/trail")),
    mutant("AUD-1", "log categories missing", put(SETTING, "audit/trail", "enabled_log", [{"category": "Security"}])),
    mutant("AUD-1", "key vault use not logged", remove(SETTING, "audit/vault-trail")),
    mutant("AUD-1", "reads of a layer not logged", remove(SETTING, "lake/gold/audit-log")),
    mutant("AUD-1", "reads of a layer's copy not logged", remove(SETTING, "lake/gold-recovery/audit-log"), only="prod"),
    mutant(
        "AUD-1",
        "audit log of the copies without immutability",
        remove(LOCK, "lake/audit-recovery/lock-insights-logs-storageread"),
        only="prod",
    ),
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
    mutant("AUD-4", "recovery vault not logged", remove(SETTING, "audit/vault-recovery-trail"), only="prod"),
    mutant(
        "AUD-4",
        "wrong log of the vault in the paired region",
        put(SETTING, "audit/vault-geo-trail", "enabled_log", [{"category": "AzurePolicyEvaluationDetails"}]),
        only="prod",
    ),
    mutant(
        "AUD-5",
        "findings of the home region only",
        put(*EXPORT, "scopes", ["/subscriptions/x/resourceGroups/dpf-prod"]),
    ),
    mutant("AUD-5", "findings not exported", remove(*EXPORT)),
    mutant("AUD-5", "only alerts exported", put(*EXPORT, "source", [{"event_source": "Alerts"}])),
    mutant("AUD-5", "export of findings disabled", put(*EXPORT, "enabled", False)),
    mutant("AUD-5", "no tables for findings", remove("azurerm_log_analytics_solution", "audit/findings-tables")),
    mutant("AUD-5", "no alarm on alerts of Defender", remove(QUERY, "alarms/findings-alerted")),
    mutant(
        "AUD-5",
        "alarm on recommendations of no severity",
        put(QUERY, "alarms/findings-recommended", "criteria.0.query", "SecurityRecommendation | where false"),
    ),
    mutant("AUD-6", "no alarm on changed roles", remove(QUERY, "alarms/roles-changed")),
    mutant("AUD-6", "no alarm on deleted records", remove(EVENT, "alarms/records-deleted")),
    mutant("AUD-6", "no alarm on disabled keys", remove(QUERY, "alarms/keys-disabled")),
    mutant(
        "AUD-6",
        "alarm on changed records without deleted ones",
        put(
            QUERY,
            "alarms/records-changed",
            "criteria.0.query",
            "AzureActivity | where OperationNameValue in~ ('Microsoft.Insights/diagnosticSettings/write')"
            " and ActivityStatusValue == 'Success'",
        ),
    ),
    mutant(
        "AUD-6",
        "alarm on changed detection that matches nothing",
        put(QUERY, "alarms/detection-changed", "criteria.0.query", "AzureActivity | where false"),
    ),
]
