"""Backups, cost, ownership, pipelines (BAK-1 to ID-1)."""

from tests.assurance.mutants import add, drop, every, inside, mutant, put, remove

VAULT, BLOBS = (
    ("azurerm_data_protection_backup_vault", "backup/vault"),
    ("azurerm_data_protection_backup_policy_blob_storage", "backup/lake-policy"),
)
DB, BUDGET = (
    ("azurerm_postgresql_flexible_server", "database/server"),
    ("azurerm_consumption_budget_subscription", "cost/budget"),
)
GRANT, TRUST = "azurerm_role_assignment", "azurerm_federated_identity_credential"
TIME, CALL = "azurerm_logic_app_trigger_recurrence", "azurerm_logic_app_action_custom"
LOCATIONS = ("azurerm_resource_group_policy_assignment", "governance/home-locations")
GROUP = ("azurerm_monitor_action_group", "observability/warning")

MUTANTS = [
    mutant(
        "BAK-1 BAK-3",
        "backups once a week",
        put(*BLOBS, "backup_repeating_time_intervals", ["R/2026-01-04T17:00:00+00:00/P1W"]),
    ),
    mutant("BAK-1", "backups hardly kept", put(*BLOBS, "vault_default_retention_duration", "P1D")),
    mutant("BAK-1", "backups can be changed", put(*VAULT, "immutability", "Disabled")),
    mutant("BAK-1", "backups are gone at once", put(*VAULT, "soft_delete", "Off")),
    mutant(
        "BAK-1",
        "backups under Azure's own key",
        remove("azurerm_data_protection_backup_vault_customer_managed_key", "backup/encryption"),
    ),
    mutant("BAK-1", "no copy elsewhere", put(*VAULT, "redundancy", "LocallyRedundant"), only="prod"),
    mutant("BAK-1", "the copy cannot be used", put(*VAULT, "cross_region_restore_enabled", False), only="prod"),
    mutant(
        "BAK-1", "a layer is left out", remove("azurerm_data_protection_backup_instance_blob_storage", "backup/gold")
    ),
    mutant(
        "BAK-1",
        "the database is left out",
        remove("azurerm_data_protection_backup_instance_postgresql_flexible_server", "backup/database"),
    ),
    mutant("BAK-2", "Velero writes anywhere", put(GRANT, "backup/velero-bucket", "scope", "/subscriptions/x")),
    mutant("BAK-2", "Velero writes nowhere", remove(GRANT, "backup/velero-bucket")),
    mutant("BAK-2", "no snapshots of volumes", remove(GRANT, "backup/velero-volumes")),
    mutant("BAK-2", "Velero without an identity", remove(TRUST, "backup/velero-pods")),
    mutant(
        "BAK-3",
        "failed backups are a secret",
        remove("azurerm_monitor_alert_processing_rule_action_group", "backup/trouble"),
    ),
    mutant("BAK-3 DB-5", "no recovery to a point in time", put(*DB, "backup_retention_days", 0)),
    mutant("COST-1", "no alert at half", drop(*BUDGET, "notification.0")),
    mutant("COST-1", "an alert that is off", put(*BUDGET, "notification.1.enabled", False)),
    mutant("COST-1", "twice the budget", put(*BUDGET, "amount", 999999)),
    mutant(
        "COST-1",
        "an alert for nobody",
        every(
            [
                put(*BUDGET, "notification.1.contact_emails", []),
                put(*BUDGET, "notification.1.contact_groups", []),
            ]
        ),
    ),
    mutant("COST-1", "a budget a year", put(*BUDGET, "time_grain", "Annually")),
    mutant("COST-2", "the cluster stays awake", remove(CALL, "cost/cluster-down-call"), only="dev"),
    mutant(
        "COST-2", "it never wakes", put("azurerm_logic_app_workflow", "cost/cluster-up", "enabled", False), only="dev"
    ),
    mutant(
        "COST-2", "it sleeps at noon", put(TIME, "cost/database-down-time", "schedule.at_these_hours", [12]), only="dev"
    ),
    mutant(
        "COST-2",
        "it starts what it should stop",
        inside(
            CALL,
            "cost/database-down-call",
            "body",
            lambda d: d["inputs"].update(uri=d["inputs"]["uri"].replace("/stop", "/start")),
        ),
        only="dev",
    ),
    mutant("GOV-1", "no owner", drop(*DB, "tags.owner")),
    mutant("GOV-1", "no tags", drop("azurerm_virtual_network", "network/network", "tags")),
    mutant("GOV-1", "a resource says otherwise", put("azurerm_key_vault", "keys/vault", "tags.environment", "other")),
    mutant(
        "GOV-1",
        "what Azure makes has no owner",
        remove("azurerm_resource_group_policy_assignment", "governance/home-tag-owner"),
    ),
    mutant("GOV-2", "another region", put(*DB, "location", "eastus")),
    mutant(
        "GOV-2",
        "images elsewhere",
        put("azurerm_container_registry", "registry/registry", "georeplications.location", "eastus"),
        only="prod",
    ),
    mutant("GOV-2", "alerts are processed anywhere", drop(*GROUP, "location")),
    mutant("GOV-2", "alerts are processed elsewhere", put(*GROUP, "location", "swedencentral")),
    mutant("GOV-2", "a server of no region", put(*DB, "location", "global")),
    mutant("GOV-2", "other regions are open", remove(*LOCATIONS)),
    mutant("GOV-2", "other regions are only told of", put(*LOCATIONS, "enforce", False)),
    mutant(
        "GOV-2",
        "a region more",
        inside(*LOCATIONS, "parameters", lambda d: d["listOfAllowedLocations"]["value"].append("eastus")),
    ),
    mutant("ID-1", "any workflow may apply", put(TRUST, "pipelines/environment", "subject", "repo:acme/terrace:*")),
    mutant(
        "ID-1",
        "anybody's workflow may plan",
        put(TRUST, "pipelines/pull-requests", "subject", "repo:other/x:pull_request"),
    ),
    mutant("ID-1", "another issuer", put(TRUST, "pipelines/environment", "issuer", "https://example.org")),
    mutant(
        "ID-1", "pull requests apply", put(TRUST, "pipelines/environment", "subject", "repo:acme/terrace:pull_request")
    ),
    mutant("ID-1", "plan writes", put(GRANT, "pipelines/plan-reads", "role_definition_name", "Contributor")),
    mutant(
        "ID-1",
        "plan writes a little",
        put("azurerm_role_definition", "pipelines/planning-home", "permissions.0.actions", ["Microsoft.Network/*"]),
    ),
    mutant("ID-1", "a static key", add("azuread_application_password", "pipelines/mutant", {"end_date": "x"})),
    mutant("ID-1", "no federation", remove(TRUST, "pipelines/environment")),
]
