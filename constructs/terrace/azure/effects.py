"""What changes of Azure resources do to what uses them."""

from collections.abc import Mapping
from datetime import date

from terrace.capabilities.effects import REPLACED, Effect, EffectTable, KnownEffect

_READ = date(2026, 12, 1)
_POSTGRES = "Azure Database for PostgreSQL documentation, 'Scaling resources', on regular and near-zero scaling"
_ONLINE = "Azure Database for PostgreSQL documentation, 'Scaling resources': an online operation"
_STORAGE = "Azure Database for PostgreSQL documentation, 'Scale storage size'"
_STANDBY = "Azure Database for PostgreSQL documentation, 'Configure high availability': an online operation"
_MAINTENANCE = "Azure Database for PostgreSQL documentation, 'Scheduled maintenance'"
_MAJOR = "Azure Database for PostgreSQL documentation, 'Major version upgrades': the service is stopped for it"
_PARAMETERS = "Azure Database for PostgreSQL documentation, 'Server parameters'; azurerm 5.2, which restarts the server"
_AKS = "AKS documentation, 'Configure rolling upgrades for node pools' and, on the cluster, 'Automatically upgrade'"
_WINDOWS = "AKS documentation, 'Use planned maintenance to schedule and control upgrades'"
_SCALING = "AKS documentation, 'Use the cluster autoscaler' and 'Cluster autoscaling overview'"
_ROTATE = "azurerm 5.2, azurerm_kubernetes_cluster and _node_pool: cycling a pool does not cordon and drain its nodes"
_DELETE = "AKS documentation, 'Resize node pools': a deletion does not cordon and drain the nodes; azurerm 5.2"
_TAGS = "Azure PowerShell reference, New-AzTag: tags categorize resources; AKS documentation, 'Use Azure tags in AKS'"


def _known(effect: Effect, detail: str, source: str) -> KnownEffect:
    return KnownEffect(effect, detail, source, _READ)


_BOUNDS = _known("none", "the autoscaler enforces the minimum; the maximum limits what it adds later", _SCALING)
_GONE = _known(
    "downtime",
    "its nodes are deleted, without being drained, before the new ones are made: its pods stop at once and wait for "
    "minutes. To avoid it, add a pool with the new settings, apply, drain this one, and then remove it",
    _DELETE,
)
_CYCLE = _known(
    "downtime",
    "a temporary pool takes the pods while this one is made again; both are deleted without being drained, so all of "
    "their pods stop at once, twice. To avoid it, add a pool with the new settings, apply, drain this one, and then "
    "remove it",
    _ROTATE,
)
_DRAIN = _known("restart", "nodes are drained and replaced a few at a time; their pods restart", _AKS)

_RIGHT = _known(
    "downtime",
    "who had the right loses it; if the same right is given again, requests are refused for a moment",
    "azurerm 5.2, azurerm_role_assignment and its like: another principal forces a new one",
)
_POLICY = _known(
    "downtime",
    "the old policy is deleted before the new one is made; no backups are made meanwhile",
    "azurerm 5.2, azurerm_data_protection_backup_policy_*: every argument forces a new one",
)
_NEW_VAULT = _known(
    "none",
    "backups begin anew in the new vault; those in the old one are lost with it",
    "azurerm 5.2: another vault forces a new one",
)
_NEW_ACCOUNT = _known(
    "none",
    "it is made again with its storage account, whose loss is said there",
    "azurerm 5.2: another storage account forces a new one",
)
_WAY_OUT = _known(
    "downtime",
    "nodes have no way out until it is made again",
    "azurerm 5.2: another gateway or address forces a new one",
)
_SLO = "Azure Monitor documentation, 'Manage your alert rules'"

_WINDOW = _known("none", "affects later upgrades only", _WINDOWS)

EFFECTS: EffectTable = {
    "*": {"tags": _known("none", "tags are labels", _TAGS)},
    "azurerm_application_gateway": {
        REPLACED: _known(
            "downtime",
            "the entry is deleted before the new one is made: requests fail for minutes",
            "azurerm 5.2, azurerm_application_gateway: other zones force a new one",
        ),
    },
    "azurerm_application_insights_workbook": {
        "data_json": _known(
            "none", "shows the new panels", "azurerm 5.2, azurerm_application_insights_workbook: its configuration"
        ),
    },
    "azurerm_consumption_budget_subscription": {
        "*": _known(
            "none",
            "affects later notifications",
            "Cost Management documentation, 'Create and manage budgets': resources are not affected",
        ),
    },
    "azurerm_container_registry": {
        "retention_policy_in_days": _known(
            "none",
            "affects when untagged manifests are purged",
            "azurerm 5.2, azurerm_container_registry, retention_policy_in_days",
        ),
    },
    "azurerm_data_protection_backup_instance_blob_storage": {REPLACED: _NEW_VAULT},
    "azurerm_data_protection_backup_instance_postgresql_flexible_server": {REPLACED: _NEW_VAULT},
    "azurerm_data_protection_backup_policy_blob_storage": {REPLACED: _POLICY},
    "azurerm_data_protection_backup_policy_postgresql_flexible_server": {REPLACED: _POLICY},
    "azurerm_data_protection_backup_vault": {
        "immutability": _known(
            "none",
            "operations that lose backups are refused; once locked, for good",
            "PSRule for Azure, Azure.BV.Immutable; Azure Backup documentation, 'Immutable vault for Azure Backup'",
        ),
    },
    "azurerm_data_protection_backup_vault_customer_managed_key": {REPLACED: _NEW_VAULT},
    "azurerm_dns_a_record": {
        REPLACED: _known(
            "downtime",
            "the old name no longer resolves, once caches have expired",
            "azurerm 5.2, azurerm_dns_a_record: another name or zone forces a new one",
        ),
        "target_resource_id": _known(
            "downtime",
            "the name leads to the new address once the old answer has expired",
            "Azure DNS documentation, 'Alias records overview': the record follows its resource",
        ),
    },
    "azurerm_dns_zone": {
        REPLACED: _known(
            "downtime",
            "its names do not resolve until its records are made again and the parent domain names the new zone's "
            "name servers",
            "Azure DNS documentation, 'Delegation of DNS zones'; azurerm 5.2, azurerm_dns_zone: another name forces a "
            "new one",
        )
    },
    "azurerm_eventhub": {
        "partition_count": _known(
            "none",
            "events stay where they are; those with a key may go to another partition from now on",
            "Event Hubs documentation, 'Dynamically add partitions to an event hub'",
        ),
        "retention_description.retention_time_in_hours": _known(
            "none",
            "events that are older than a shorter retention are removed",
            "Event Hubs documentation, 'Features and terminology', event retention",
        ),
    },
    "azurerm_federated_identity_credential": {
        "issuer": _known(
            "downtime",
            "tokens of the old issuer are refused",
            "Microsoft Entra documentation, 'Workload identity federation': subject, issuer and audience have to match",
        ),
        "subject": _known(
            "downtime",
            "tokens of the old subject are refused",
            "Microsoft Entra documentation, 'Workload identity federation': subject, issuer and audience have to match",
        ),
    },
    "azurerm_key_vault_certificate": {
        "certificate_policy": _known(
            "none",
            "a new version of the certificate is made, and replaces the old one once it is issued",
            "azurerm 5.2, azurerm_key_vault_certificate: another policy creates a new version",
        ),
    },
    "azurerm_key_vault_key": {
        "rotation_policy": _known(
            "none", "affects later rotations", "azurerm 5.2, azurerm_key_vault_key: rotation_policy"
        ),
    },
    "azurerm_kubernetes_cluster": {
        "api_server_access_profile.authorized_ip_ranges": _known(
            "downtime",
            "addresses outside the new ranges lose the API server; the cluster runs on",
            "AKS documentation, 'API server authorized IP ranges': other addresses are blocked",
        ),
        "azure_active_directory_role_based_access_control.admin_group_object_ids": _known(
            "downtime",
            "members of a group that is removed are no longer administrators",
            "AKS API, ManagedClusterAADProfile.adminGroupObjectIDs: the groups that have the admin role",
        ),
        "cost_analysis_enabled": _known(
            "none", "affects what the cost analysis shows", "AKS documentation, 'Cost analysis'"
        ),
        "default_node_pool.max_count": _BOUNDS,
        "default_node_pool.min_count": _BOUNDS,
        "default_node_pool.orchestrator_version": _DRAIN,
        "default_node_pool.os_disk_size_gb": _CYCLE,
        "default_node_pool.tags": _known("none", "tags are labels", _TAGS),
        "default_node_pool.vm_size": _CYCLE,
        "default_node_pool.zones": _CYCLE,
        "kubernetes_version": _DRAIN,
        "maintenance_window_auto_upgrade": _WINDOW,
        "maintenance_window_node_os": _WINDOW,
        "sku_tier": _known(
            "none",
            "the API server's service level changes while the cluster runs",
            "AKS documentation, 'Free, Standard, and Premium pricing tiers for cluster management'",
        ),
    },
    "azurerm_kubernetes_cluster_node_pool": {
        REPLACED: _GONE,
        "max_count": _BOUNDS,
        "min_count": _BOUNDS,
        "orchestrator_version": _DRAIN,
        "os_disk_size_gb": _CYCLE,
        "vm_size": _CYCLE,
        "zones": _CYCLE,
    },
    "azurerm_local_network_gateway": {
        "*": _known(
            "downtime",
            "the link's tunnels may break, and stay down until the device has the new settings",
            "Azure VPN Gateway documentation, 'Modify local network gateway settings': tunnel disconnects and downtime",
        ),
    },
    "azurerm_log_analytics_saved_search": {
        REPLACED: _known(
            "none",
            "the query has its name again after a moment",
            "azurerm 5.2, azurerm_log_analytics_saved_search: every argument forces a new one",
        ),
    },
    "azurerm_log_analytics_workspace": {
        "retention_in_days": _known(
            "none",
            "data that is older than a shorter retention is removed after 30 days",
            "Azure Monitor documentation, 'Manage data retention in a Log Analytics workspace'",
        ),
    },
    "azurerm_logic_app_trigger_recurrence": {
        "*": _known("none", "affects later runs", "azurerm 5.2, azurerm_logic_app_trigger_recurrence: when it runs"),
    },
    "azurerm_managed_redis": {
        "sku_name": _known(
            "downtime",
            "with replicas, connections break and can be opened again at once; without one, the cache is offline and "
            "loses its data",
            "Azure Managed Redis documentation, 'Scale an Azure Managed Redis instance'",
        ),
    },
    "azurerm_managed_redis_access_policy_assignment": {REPLACED: _RIGHT},
    "azurerm_monitor_action_group": {
        "*": _known(
            "none",
            "later alerts notify the new receivers; a new e-mail address has to be verified within 30 minutes",
            "Azure Monitor documentation, 'Action groups'",
        ),
    },
    "azurerm_monitor_alert_processing_rule_action_group": {
        "scopes": _known(
            "none",
            "later alerts of the new scopes are sent",
            "Azure Monitor documentation, 'Alert processing rules', on scope and filters",
        ),
    },
    "azurerm_monitor_diagnostic_setting": {
        REPLACED: _known(
            "none",
            "logs of the minutes between are not kept",
            "azurerm 5.2, azurerm_monitor_diagnostic_setting: another target forces a new one",
        )
    },
    "azurerm_monitor_metric_alert": {
        "*": _known("none", "later evaluations use the new settings", _SLO),
    },
    "azurerm_monitor_scheduled_query_rules_alert_v2": {
        "*": _known("none", "later evaluations use the new settings", _SLO),
    },
    "azurerm_nat_gateway": {
        REPLACED: _known(
            "downtime",
            "nodes have no way out until the new one is made",
            "azurerm 5.2, azurerm_nat_gateway: other zones or another sku_name force a new one",
        ),
    },
    "azurerm_nat_gateway_public_ip_association": {REPLACED: _WAY_OUT},
    "azurerm_network_security_rule": {
        "*": _known(
            "downtime",
            "new connections that the new rule does not allow are blocked; open ones stay",
            "Azure Virtual Network documentation, 'Network security groups overview', on security rules",
        ),
    },
    "azurerm_network_watcher_flow_log": {
        REPLACED: _known(
            "none",
            "traffic of the minutes between is not recorded",
            "azurerm 5.2, azurerm_network_watcher_flow_log: another network watcher forces a new one",
        ),
        "retention_policy": _known(
            "none",
            "affects how long records are kept",
            "azurerm 5.2, azurerm_network_watcher_flow_log",
        ),
        "traffic_analytics": _known(
            "none",
            "affects how often records are analysed",
            "azurerm 5.2, azurerm_network_watcher_flow_log: traffic_analytics",
        ),
    },
    "azurerm_postgresql_flexible_server": {
        "backup_retention_days": _known("none", "affects how long backups are kept", _ONLINE),
        "high_availability": _known("none", "the standby is made or removed while the server runs", _STANDBY),
        "maintenance_window": _known("none", "takes effect after the next scheduled maintenance", _MAINTENANCE),
        "sku_name": _known("downtime", "the server moves to the new size, in 30 seconds to 10 minutes", _POSTGRES),
        "storage_mb": _known(
            "restart", "storage grows while the server runs, but the server restarts beyond 4 TiB", _STORAGE
        ),
        "version": _known("downtime", "the server is unavailable while it is upgraded in place", _MAJOR),
    },
    "azurerm_postgresql_flexible_server_active_directory_administrator": {REPLACED: _RIGHT},
    "azurerm_postgresql_flexible_server_configuration": {
        "value": _known("restart", "the server restarts if the parameter is static", _PARAMETERS),
    },
    "azurerm_private_endpoint": {
        REPLACED: _known(
            "downtime",
            "the service cannot be reached until the new endpoint is approved and resolved",
            "azurerm 5.2, azurerm_private_endpoint: another service forces a new one",
        )
    },
    "azurerm_public_ip": {
        REPLACED: _known(
            "downtime",
            "the address is released; who allows or names it has to follow the new one",
            "azurerm 5.2, azurerm_public_ip: other zones or another sku force a new one",
        ),
    },
    "azurerm_role_assignment": {REPLACED: _RIGHT},
    "azurerm_role_definition": {
        "permissions": _known(
            "downtime",
            "requests that the new permissions do not allow are refused; all others go on",
            "Azure RBAC documentation, 'Understand Azure role definitions', on actions",
        ),
    },
    "azurerm_security_center_contact": {
        "email": _known(
            "none",
            "later alerts go to the new address",
            "Defender for Cloud documentation, 'Configure email notifications'",
        ),
    },
    "azurerm_storage_account": {
        "account_replication_type": _known(
            "none",
            "copies in another region are added or removed while the account is in use",
            "Azure Storage documentation, 'Change how a storage account is replicated'; azurerm 5.2 replaces for ZRS",
        ),
    },
    "azurerm_storage_container_immutability_policy": {
        REPLACED: _NEW_ACCOUNT,
        "immutability_period_in_days": _known(
            "none",
            "affects how long blobs cannot be changed or deleted",
            "azurerm 5.2, azurerm_storage_container_immutability_policy, immutability_period_in_days",
        ),
        "locked": _known(
            "none",
            "for good: a locked policy cannot be unlocked",
            "azurerm 5.2, azurerm_storage_container_immutability_policy, locked",
        ),
    },
    "azurerm_storage_management_policy": {
        REPLACED: _NEW_ACCOUNT,
        "*": _known(
            "none",
            "applies to the blobs that exist, too, within 24 hours or after the run that is active",
            "Azure Storage documentation, 'Lifecycle management policy FAQ' and 'Lifecycle management overview'",
        ),
    },
    "azurerm_subnet_nat_gateway_association": {REPLACED: _WAY_OUT},
    "azurerm_web_application_firewall_policy": {
        "policy_settings.mode": _known(
            "downtime",
            "in prevention mode, requests that match a rule are refused; all others go on",
            "PSRule for Azure, Azure.AppGwWAF.PreventionMode: detection logs, prevention takes action",
        ),
        "custom_rules": _known(
            "downtime",
            "requests that the new rules block are refused; all others go on",
            "Azure Web Application Firewall documentation, 'Custom rules on Application Gateway'",
        ),
    },
}

WITHOUT_EFFECT: Mapping[str, str] = {
    "audit.continuous_recording": "Azure Policy evaluates a resource when it changes, and all of them daily",
    "audit.unusual_activity": "Defender for Cloud detects unusual activity with any of its plans",
    "backup.archive_after_days": "Backup vaults have one storage tier; lower backup.retention_days to store less",
    "backup.every": "vaulted backups run daily, weekly for the database; point-in-time recovery has the days between",
    "cache.snapshot_days": "Azure Managed Redis keeps the last snapshot only, and has no older ones to restore",
    "database.max_storage_gb": "automatic growth has no limit; alarms report a disk that fills up",
    "identity.apply_workflow": "a federated credential compares the subject only, which has no workflow",
    "network.hybrid.peer_asn": "routes of the link are static, from network.hybrid.peer_cidrs",
    "network.private_paths": "public access to each service is disabled, so each has a private endpoint",
    "registry.scanning": "Defender for Containers scans images whenever it is on for the subscription",
    "secrets.database_rotation_days": "the database has no password: access is by Microsoft Entra tokens",
    "secrets.recovery_days": "a secret is recoverable as long as its vault's keys: keys.deletion_window_days",
}
"""Settings that change nothing on Azure: setting to the reason, and what has the effect. Sources: Azure documentation:
Policy, "Get compliance data"; Entra, "Configure an app to trust an external identity provider"; Data Protection,
"Backup vault overview"; Managed Redis, "Data persistence"; Database for PostgreSQL, "Storage autogrow"."""
