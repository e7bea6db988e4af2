"""Backups, cost, ownership, pipelines (BAK-1 to ID-1)."""

from tests.assurance.mutants import add, drop, every, inside, mutant, point, put, remove
from tests.assurance.mutants.azure.lake import built_in

VAULT, BLOBS = (
    ("azurerm_data_protection_backup_vault", "backup/vault"),
    ("azurerm_data_protection_backup_policy_blob_storage", "backup/lake-policy"),
)
DB, BUDGET = (
    ("azurerm_postgresql_flexible_server", "database/server"),
    ("azurerm_consumption_budget_subscription", "cost/budget"),
)
CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
GRANT, ROLE = "azurerm_role_assignment", "azurerm_role_definition"
TRUST = "azurerm_federated_identity_credential"
TIME, CALL = "azurerm_logic_app_trigger_recurrence", "azurerm_logic_app_action_custom"
LOCATIONS = ("azurerm_resource_group_policy_assignment", "governance/home-locations")
GROUP = ("azurerm_monitor_action_group", "observability/warning")

MUTANTS = [
    mutant(
        "BAK-1 BAK-3",
        "weekly backups",
        put(*BLOBS, "backup_repeating_time_intervals", ["R/2026-01-04T17:00:00+00:00/P1W"]),
    ),
    mutant("BAK-1", "short backup retention", put(*BLOBS, "vault_default_retention_duration", "P1D")),
    mutant("BAK-1", "mutable backup vault", put(*VAULT, "immutability", "Disabled")),
    mutant("BAK-1", "soft delete disabled", put(*VAULT, "soft_delete", "Off")),
    mutant(
        "BAK-1",
        "backups with Azure's own key",
        remove("azurerm_data_protection_backup_vault_customer_managed_key", "backup/encryption"),
    ),
    mutant("BAK-1", "no backup in the recovery region", put(*VAULT, "redundancy", "LocallyRedundant"), only="prod"),
    mutant("BAK-1", "cross-region restore disabled", put(*VAULT, "cross_region_restore_enabled", False), only="prod"),
    mutant(
        "BAK-1",
        "layer missing in the backup plan",
        remove("azurerm_data_protection_backup_instance_blob_storage", "backup/gold"),
    ),
    mutant(
        "BAK-1",
        "database missing in the backup plan",
        remove("azurerm_data_protection_backup_instance_postgresql_flexible_server", "backup/database"),
    ),
    mutant(
        "BAK-2 LAKE-7",
        "Velero with write access everywhere",
        put(GRANT, "backup/velero-bucket", "scope", "/subscriptions/x"),
    ),
    mutant("BAK-2 LAKE-7", "Velero without write access", remove(GRANT, "backup/velero-bucket")),
    mutant(
        "BAK-2 ID-2",
        "Velero that may delete its container",
        built_in("backup/velero-bucket", "Storage Blob Data Contributor"),
    ),
    mutant(
        "BAK-2 ID-2",
        "Velero with the built-in role for snapshots",
        built_in("backup/velero-volumes", "Disk Snapshot Contributor"),
    ),
    mutant("BAK-2 ID-2", "Velero without snapshot permissions", remove(GRANT, "backup/velero-volumes")),
    mutant(
        "BAK-2",
        "cluster without snapshots of volumes",
        put(
            "azurerm_kubernetes_cluster", "cluster/control-plane", "storage_profile.snapshot_controller_enabled", False
        ),
    ),
    mutant("BAK-2 ID-2", "Velero without an identity", remove(TRUST, "backup/velero-pods")),
    mutant(
        "BAK-3",
        "no alert on failed backups",
        remove("azurerm_monitor_alert_processing_rule_action_group", "backup/trouble"),
    ),
    mutant("BAK-3 DB-5", "no point-in-time recovery", put(*DB, "backup_retention_days", 0)),
    mutant("BAK-4", "jobs not reported", remove("azurerm_monitor_diagnostic_setting", "backup/reports")),
    mutant(
        "BAK-4",
        "only the policies reported",
        put(
            "azurerm_monitor_diagnostic_setting",
            "backup/reports",
            "enabled_log",
            [{"category": "AddonAzureBackupPolicy"}],
        ),
    ),
    mutant(
        "BAK-4",
        "no alarm on failed jobs",
        remove("azurerm_monitor_scheduled_query_rules_alert_v2", "alarms/backups-failed"),
    ),
    mutant("COST-1", "no budget alert at 50 %", drop(*BUDGET, "notification.0")),
    mutant("COST-1", "disabled budget alert", put(*BUDGET, "notification.1.enabled", False)),
    mutant("COST-1", "budget too high", put(*BUDGET, "amount", 999999)),
    mutant(
        "COST-1",
        "budget alert without a recipient",
        every(
            [
                put(*BUDGET, "notification.1.contact_emails", []),
                put(*BUDGET, "notification.1.contact_groups", []),
            ]
        ),
    ),
    mutant("COST-1", "yearly budget", put(*BUDGET, "time_grain", "Annually")),
    mutant("COST-2", "cluster not stopped", remove(CALL, "cost/cluster-down-call"), only="dev"),
    mutant(
        "COST-2",
        "start schedule disabled",
        put("azurerm_logic_app_workflow", "cost/cluster-up", "enabled", False),
        only="dev",
    ),
    mutant(
        "COST-2",
        "stop schedule at noon",
        put(TIME, "cost/database-down-time", "schedule.at_these_hours", [12]),
        only="dev",
    ),
    mutant(
        "COST-2",
        "stop schedule that starts the cluster",
        inside(
            CALL,
            "cost/database-down-call",
            "body",
            lambda d: d["inputs"].update(uri=d["inputs"]["uri"].replace("/stop", "/start")),
        ),
        only="dev",
    ),
    mutant("GOV-1", "owner tag missing", drop(*DB, "tags.owner")),
    mutant("GOV-1", "no tags", drop("azurerm_virtual_network", "network/network", "tags")),
    mutant(
        "GOV-1", "resource with a conflicting tag", put("azurerm_key_vault", "keys/vault", "tags.environment", "other")
    ),
    mutant(
        "GOV-1",
        "no tag inheritance policy",
        remove("azurerm_resource_group_policy_assignment", "governance/home-tag-owner"),
    ),
    mutant("GOV-2", "resource in another region", put(*DB, "location", "eastus")),
    mutant(
        "GOV-2",
        "registry replica in another region",
        put("azurerm_container_registry", "registry/registry", "georeplications.location", "eastus"),
        only="prod",
    ),
    mutant("GOV-2", "action group without a region", drop(*GROUP, "location")),
    mutant("GOV-2", "action group in another region", put(*GROUP, "location", "swedencentral")),
    mutant("GOV-2", "database with a global location", put(*DB, "location", "global")),
    mutant("GOV-2", "other regions not denied", remove(*LOCATIONS)),
    mutant("GOV-2", "allowed-locations policy not enforced", put(*LOCATIONS, "enforce", False)),
    mutant(
        "GOV-2",
        "additional allowed region",
        inside(*LOCATIONS, "parameters", lambda d: d["listOfAllowedLocations"]["value"].append("eastus")),
    ),
    mutant(
        "ID-1",
        "apply identity open to any workflow",
        put(TRUST, "pipelines/environment", "subject", "repo:acme/terrace:*"),
    ),
    mutant(
        "ID-1",
        "plan identity open to another repository",
        put(TRUST, "pipelines/pull-requests", "subject", "repo:other/x:pull_request"),
    ),
    mutant("ID-1", "wrong OIDC issuer", put(TRUST, "pipelines/environment", "issuer", "https://example.org")),
    mutant(
        "ID-1",
        "apply identity open to pull requests",
        put(TRUST, "pipelines/environment", "subject", "repo:acme/terrace:pull_request"),
    ),
    mutant(
        "ID-2 KEY-3 SEC-3 K8S-10",
        "plan identity with write access",
        put(GRANT, "pipelines/plan-reads", "role_definition_name", "Contributor"),
    ),
    mutant(
        "ID-2",
        "plan identity with one write permission",
        put(ROLE, "pipelines/planning-home", "permissions.0.actions", ["Microsoft.Network/*"]),
    ),
    mutant(
        "LAKE-7 ID-2",
        "plan identity that may delete any container",
        put(GRANT, "pipelines/plan-state", "role_definition_name", "Storage Blob Data Contributor"),
    ),
    mutant("LAKE-7 ID-2", "plan identity that may read any blob", drop(GRANT, "pipelines/plan-state", "condition")),
    mutant("LAKE-7", "plan identity that may create any blob", drop(GRANT, "pipelines/plan-bundles", "condition")),
    mutant(
        "ID-2",
        "plan identity that may change containers",
        put(ROLE, "pipelines/bundle-creator", "permissions.0.actions", [f"{CONTAINERS}/write"]),
    ),
    mutant("ID-1", "static key", add("azuread_application_password", "pipelines/mutant", {"end_date": "x"})),
    mutant("ID-1", "no federated login", remove(TRUST, "pipelines/environment")),
    mutant(
        "ID-1",
        "apply identity in a group that it may change",
        point(
            "azurerm_user_assigned_identity",
            "pipelines/apply",
            "resource_group_name",
            ("azurerm_resource_group", "group"),
            "name",
        ),
    ),
]
