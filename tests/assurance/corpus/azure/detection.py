"""Detection: logs, alarms, threat detection, notifications, budget."""

from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Edit, add, body, every, put, to

SETTING, ALERT = "azurerm_monitor_diagnostic_setting", "azurerm_monitor_metric_alert"
QUERY, GROUP = "azurerm_monitor_scheduled_query_rules_alert_v2", "azurerm_monitor_action_group"
WORKSPACE = ("azurerm_log_analytics_workspace", "observability/workspace")
FLOW = ("azurerm_network_watcher_flow_log", "network/flow-log")
PLAN = "azurerm_security_center_subscription_pricing"
CONTACT, BASELINE = (
    ("azurerm_security_center_contact", "audit/contact"),
    ("azurerm_subscription_policy_assignment", "audit/baseline"),
)
EXPORT = ("azurerm_security_center_automation", "audit/findings")
EVENT, DEFENDER = "azurerm_monitor_activity_log_alert", "azurerm_security_center_storage_defender"
BUDGET = ("azurerm_consumption_budget_subscription", "cost/budget")
TROUBLE = ("azurerm_monitor_alert_processing_rule_action_group", "backup/trouble")
ELSEWHERE = "/subscriptions/99999999-9999-4999-8999-999999999999/resourceGroups/other/providers"


def _danger(sentence: str, edit: Edit, type: str, path: str) -> Danger:
    return Danger("detection", sentence, edit, f"{type} {path}")


def _alarm(sentence: str, path: str, attribute: str, value: Any, type: str = ALERT) -> Danger:
    return _danger(sentence, put(type, path, attribute, value), type, path)


def _receiver(path: str, block: str, **values: Any) -> Edit:
    def edit(stack: dict[str, Any]) -> None:
        body(stack, GROUP, path).setdefault(block, []).append(values)

    return edit


def _also_to(workspace: str) -> Edit:
    def edit(stack: dict[str, Any]) -> None:
        body(stack, *EXPORT)["action"].append({"type": "Workspace", "resource_id": workspace})

    return edit


DANGERS = (
    _alarm("alarm with a reversed operator", "alarms/database-cpu-critical", "criteria.0.operator", "LessThan"),
    _alarm("alarm with a huge threshold", "alarms/nat-ports-all-zones-critical", "criteria.0.threshold", 100000),
    _alarm(
        "alarm on node disks with a threshold that is never reached",
        "alarms/nodes-disk-warning",
        "criteria.0.threshold",
        101,
    ),
    _alarm(
        "alarm on another resource",
        "alarms/cache-memory-critical",
        "scopes",
        [f"{ELSEWHERE}/Microsoft.Cache/redisEnterprise/x"],
    ),
    _alarm("alarm on denials of no kind", "alarms/gold-denials-critical", "criteria.0.dimension.0.values", ["Success"]),
    _alarm(
        "alarm on the least instead of the most",
        "alarms/database-storage-critical",
        "criteria.0.aggregation",
        "Minimum",
    ),
    _alarm(
        "alarm on the database's life that never fires", "alarms/database-alive-critical", "criteria.0.threshold", 0
    ),
    _alarm("alarm switched off", "alarms/database-alive-warning", "enabled", False),
    _alarm(
        "alarm that notifies an outside group",
        "alarms/database-cpu-warning",
        "action.0.action_group_id",
        f"{ELSEWHERE}/Microsoft.Insights/actionGroups/x",
    ),
    _alarm("alarm evaluated hourly", "alarms/database-cpu-critical", "frequency", "PT1H"),
    _alarm("alarm on removed locks switched off", "alarms/lock-removed", "enabled", False, QUERY),
    _alarm(
        "alarm on removed locks with a filter that matches nothing",
        "alarms/lock-removed",
        "criteria.0.query",
        "AzureActivity | where false",
        QUERY,
    ),
    _alarm(
        "alarm on removed locks with a huge threshold", "alarms/lock-removed", "criteria.0.threshold", 100000, QUERY
    ),
    _alarm(
        "alarm on the stopped trail with a reversed operator",
        "alarms/trail-stopped",
        "criteria.0.operator",
        "LessThan",
        QUERY,
    ),
    _alarm(
        "alarm on refused calls of another workspace",
        "alarms/api-denials",
        "scopes",
        [f"{ELSEWHERE}/Microsoft.OperationalInsights/workspaces/x"],
        QUERY,
    ),
    _alarm(
        "alarm on the stopped trail muted for a day",
        "alarms/trail-stopped",
        "mute_actions_after_alert_duration",
        "P1D",
        QUERY,
    ),
    _alarm("alarm on refused calls without a recipient", "alarms/api-denials", "action", {"action_groups": []}, QUERY),
    _alarm(
        "objective's alarm with a rate that is never reached",
        "alarms/objective-fast",
        "criteria.0.query",
        "AGWAccessLogs | extend burn = 0 | where burn > 1000",
        QUERY,
    ),
    _danger(
        "rule that suppresses every alert",
        add(
            "azurerm_monitor_alert_processing_rule_suppression",
            "alarms/quiet",
            {"name": "quiet", "scopes": ["/subscriptions/00000000-0000-4000-8000-000000000021"]},
        ),
        "azurerm_monitor_alert_processing_rule_suppression",
        "alarms/quiet",
    ),
    _danger("rule of backup alerts switched off", put(*TROUBLE, "enabled", False), *TROUBLE),
    _danger(
        "rule of backup alerts with a condition that matches nothing",
        put(*TROUBLE, "condition", {"severity": {"operator": "Equals", "values": ["Sev4"]}}),
        *TROUBLE,
    ),
    _danger(
        "rule of backup alerts that starts in a hundred years",
        put(*TROUBLE, "schedule", {"effective_from": "2126-01-01T00:00:00"}),
        *TROUBLE,
    ),
    _danger(
        "alerts sent to an outside address, too",
        _receiver("observability/critical", "email_receiver", name="x", email_address="x@example.net"),
        GROUP,
        "observability/critical",
    ),
    _danger(
        "alerts that start an outside function",
        _receiver(
            "observability/critical",
            "azure_function_receiver",
            name="x",
            function_app_resource_id=f"{ELSEWHERE}/Microsoft.Web/sites/x",
            function_name="x",
            http_trigger_url="https://x.example.net",
        ),
        GROUP,
        "observability/critical",
    ),
    _danger("logs dropped above a daily quota", put(*WORKSPACE, "daily_quota_gb", 0.1), *WORKSPACE),
    _danger(
        "logs queried from the internet by a shared key",
        put(*WORKSPACE, "local_authentication_enabled", None),
        *WORKSPACE,
    ),
    _danger(
        "activity log also sent to an outside event hub",
        put(
            SETTING,
            "audit/trail",
            "eventhub_authorization_rule_id",
            f"{ELSEWHERE}/Microsoft.EventHub/namespaces/x/authorizationRules/y",
        ),
        SETTING,
        "audit/trail",
    ),
    _danger(
        "activity log without the categories of policy and health",
        put(
            SETTING,
            "audit/trail",
            "enabled_log",
            [{"category": "Administrative"}, {"category": "Security"}, {"category": "Policy"}],
        ),
        SETTING,
        "audit/trail",
    ),
    _danger(
        "vault's audit of the wrong category",
        put(SETTING, "audit/vault-trail", "enabled_log", [{"category": "AzurePolicyEvaluationDetails"}]),
        "azurerm_key_vault",
        "keys/vault",
    ),
    _danger("cache's log of nothing", put(SETTING, "cache/logs", "enabled_log", []), SETTING, "cache/logs"),
    _danger(
        "logs sent to a workspace of the same name elsewhere",
        put(
            SETTING,
            "database/logs",
            "log_analytics_workspace_id",
            f"{ELSEWHERE}/Microsoft.OperationalInsights/workspaces/dpf-prod",
        ),
        SETTING,
        "database/logs",
    ),
    _danger(
        "flow logs of another network",
        put(*FLOW, "target_resource_id", f"{ELSEWHERE}/Microsoft.Network/virtualNetworks/x"),
        "azurerm_virtual_network",
        "network/network",
    ),
    _danger("flow log's analytics switched off", put(*FLOW, "traffic_analytics.enabled", False), *FLOW),
    _danger(
        "Defender with its weakest plan for machines",
        put(PLAN, "audit/detection-VirtualMachines", "subplan", "P1"),
        PLAN,
        "audit/detection-VirtualMachines",
    ),
    _danger(
        "Defender of storage without malware scanning",
        put(PLAN, "audit/detection-StorageAccounts", "extension", []),
        PLAN,
        "audit/detection-StorageAccounts",
    ),
    _danger("findings of Defender sent to an outside address", put(*CONTACT, "email", "x@example.net"), *CONTACT),
    _danger(
        "baseline without a resource group",
        put(*BASELINE, "not_scopes", ["/subscriptions/00000000-0000-4000-8000-000000000021/resourceGroups/dpf-prod"]),
        *BASELINE,
    ),
    _danger(
        "budget that starts in a hundred years", put(*BUDGET, "time_period.start_date", "2126-01-01T00:00:00Z"), *BUDGET
    ),
    _danger("budget of another environment", put(*BUDGET, "filter.tag.0.values", ["nothing"]), *BUDGET),
    _danger("budget that warns below its thresholds", put(*BUDGET, "notification.1.operator", "EqualTo"), *BUDGET),
    _danger(
        "cluster without Defender's sensor",
        put("azurerm_kubernetes_cluster", "cluster/control-plane", "microsoft_defender", None),
        "azurerm_kubernetes_cluster",
        "cluster/control-plane",
    ),
    _danger(
        "cluster without Azure Policy",
        put("azurerm_kubernetes_cluster", "cluster/control-plane", "azure_policy_enabled", False),
        "azurerm_kubernetes_cluster",
        "cluster/control-plane",
    ),
    _danger(
        "cluster that trusts a proxy's certificate",
        put(
            "azurerm_kubernetes_cluster",
            "cluster/control-plane",
            "http_proxy_config",
            {"https_proxy": "https://proxy.example.net", "trusted_ca": "LS0t"},
        ),
        "azurerm_kubernetes_cluster",
        "cluster/control-plane",
    ),
    _danger(
        "cluster with a public ingress of its own",
        every(
            [
                put("azurerm_kubernetes_cluster", "cluster/control-plane", "http_application_routing_enabled", True),
                put("azurerm_kubernetes_cluster", "cluster/control-plane", "web_app_routing", {"dns_zone_ids": []}),
            ]
        ),
        "azurerm_kubernetes_cluster",
        "cluster/control-plane",
    ),
    _danger(
        "another node pool, on a public image",
        add(
            "azurerm_kubernetes_cluster_node_pool",
            "cluster/pool-extra",
            {
                "name": "extra",
                "kubernetes_cluster_id": to("azurerm_kubernetes_cluster", "cluster/control-plane", "id"),
                "vm_size": "Standard_D4s_v5",
                "vnet_subnet_id": to("azurerm_subnet", "network/nodes", "id"),
                "zones": ["1", "2", "3"],
                "os_sku": "Windows2022",
            },
        ),
        "azurerm_kubernetes_cluster_node_pool",
        "cluster/pool-extra",
    ),
    _danger("findings of Defender that a rule selects", put(*EXPORT, "source.0.rule_set", [{"rule": []}]), *EXPORT),
    _danger(
        "findings of Defender sent to an outside workspace, too",
        _also_to(f"{ELSEWHERE}/Microsoft.OperationalInsights/workspaces/x"),
        *EXPORT,
    ),
    _danger("export of findings switched off", put(*EXPORT, "enabled", False), *EXPORT),
    _alarm(
        "alarm on Defender's alerts for one kind only",
        "alarms/findings-alerted",
        "criteria.0.query",
        "SecurityAlert | where AlertName == 'x'",
        QUERY,
    ),
    _alarm(
        "alarm on changed routes that counts failures",
        "alarms/routes-changed",
        "criteria.0.query",
        "AzureActivity | where OperationNameValue in~ ('Microsoft.Network/routeTables/delete',"
        " 'Microsoft.Network/routeTables/routes/write', 'Microsoft.Network/routeTables/write')"
        " and ActivityStatusValue == 'Failure'",
        QUERY,
    ),
    _alarm("alarm on disabled keys with a huge threshold", "alarms/keys-disabled", "criteria.0.threshold", 9999, QUERY),
    _alarm("alarm on failed backups switched off", "alarms/backups-failed", "enabled", False, QUERY),
    _alarm(
        "event of the database's health in another group only",
        "alarms/database-health",
        "criteria.resource_groups",
        ["other"],
        EVENT,
    ),
    _alarm(
        "event of the database's deletion by one caller only",
        "alarms/database-deleted",
        "criteria.caller",
        "x@example.net",
        EVENT,
    ),
    _alarm(
        "event of the database that notifies an outside group",
        "alarms/database-maintenance",
        "action.0.action_group_id",
        f"{ELSEWHERE}/Microsoft.Insights/actionGroups/x",
        EVENT,
    ),
    _alarm(
        "alarm on deleted records of one group only",
        "alarms/records-deleted",
        "scopes",
        ["/subscriptions/00000000-0000-4000-8000-000000000021/resourceGroups/other"],
        EVENT,
    ),
    _danger(
        "audit log of the recovery vault sent to an outside workspace",
        put(
            SETTING,
            "audit/vault-recovery-trail",
            "log_analytics_workspace_id",
            f"{ELSEWHERE}/Microsoft.OperationalInsights/workspaces/x",
        ),
        SETTING,
        "audit/vault-recovery-trail",
    ),
    _danger(
        "copy of a layer without Defender",
        add(
            DEFENDER,
            "lake/gold-recovery/quiet",
            {
                "storage_account_id": to("azurerm_storage_account", "lake/gold-recovery/account", "id"),
                "override_subscription_settings_enabled": True,
                "malware_scanning_on_upload_enabled": False,
            },
        ),
        DEFENDER,
        "lake/gold-recovery/quiet",
    ),
    _danger(
        "results of scans sent to an outside topic",
        put(
            DEFENDER,
            "lake/bronze/discovery",
            "scan_results_event_grid_topic_id",
            f"{ELSEWHERE}/Microsoft.EventGrid/topics/x",
        ),
        DEFENDER,
        "lake/bronze/discovery",
    ),
    _danger(
        "lock of the cluster on another resource",
        put("azurerm_management_lock", "cluster/keep", "scope", f"{ELSEWHERE}/Microsoft.Compute/disks/x"),
        "azurerm_kubernetes_cluster",
        "cluster/control-plane",
    ),
)
