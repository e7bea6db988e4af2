"""The lake (LAKE-1 to LAKE-7)."""

from tests.assurance.mutants import drop, mutant, point, put, remove

GOLD = ("azurerm_storage_account", "lake/gold/account")
LOCK, RULES = (
    "azurerm_storage_container_immutability_policy",
    ("azurerm_storage_management_policy", "lake/gold/lifecycle"),
)
COPY = ("azurerm_storage_object_replication", "lake/gold/replication")

MUTANTS = [
    mutant("LAKE-1", "containers may be public", put(*GOLD, "allow_nested_items_to_be_public", True)),
    mutant("LAKE-1", "shared keys", put(*GOLD, "shared_access_key_enabled", True)),
    mutant("LAKE-1", "a public account", put(*GOLD, "public_network_access_enabled", True)),
    mutant("LAKE-1", "it answers everybody", put(*GOLD, "network_rules.default_action", "Allow")),
    mutant(
        "LAKE-1",
        "a public container",
        put("azurerm_storage_container", "lake/gold/container-gold", "container_access_type", "blob"),
    ),
    mutant("LAKE-1", "local users", put(*GOLD, "local_user_enabled", True)),
    mutant("LAKE-2", "under Azure's own key", drop(*GOLD, "customer_managed_key")),
    mutant("LAKE-2", "under another key", put(*GOLD, "customer_managed_key.key_vault_key_id", "https://other/keys/x")),
    mutant("LAKE-2", "plain HTTP", put(*GOLD, "https_traffic_only_enabled", False)),
    mutant("LAKE-2", "old TLS", put(*GOLD, "min_tls_version", "TLS1_0")),
    mutant("LAKE-3", "no versions", put(*GOLD, "blob_properties.versioning_enabled", False)),
    mutant("LAKE-3", "bronze can be changed", remove(LOCK, "lake/bronze/lock-bronze")),
    mutant(
        "LAKE-3", "bronze is locked briefly", put(LOCK, "lake/bronze/lock-bronze", "immutability_period_in_days", 0)
    ),
    mutant("LAKE-3", "some may lift the lock", put(LOCK, "lake/bronze/lock-bronze", "locked", False), only="prod"),
    mutant(
        "LAKE-4",
        "cold data stays",
        drop(*RULES, "rule.0.actions.base_blob.tier_to_cool_after_days_since_modification_greater_than"),
    ),
    mutant(
        "LAKE-4",
        "cold data stays, as a plan says it",
        put(*RULES, "rule.0.actions.base_blob.tier_to_cool_after_days_since_modification_greater_than", -1),
    ),
    mutant(
        "LAKE-4",
        "bronze is kept for ever, as a plan says it",
        put(
            "azurerm_storage_management_policy",
            "lake/bronze/lifecycle",
            "rule.0.actions.base_blob.delete_after_days_since_modification_greater_than",
            -1,
        ),
    ),
    mutant(
        "LAKE-4",
        "old versions stay, as a plan says it",
        put(*RULES, "rule.0.actions.version.delete_after_days_since_creation", -1),
    ),
    mutant("LAKE-4", "a rule is off", put(*RULES, "rule.0.enabled", False)),
    mutant(
        "LAKE-4",
        "gold ends",
        put(*RULES, "rule.0.actions.base_blob.delete_after_days_since_modification_greater_than", 30),
    ),
    mutant("LAKE-4", "old versions stay", drop(*RULES, "rule.0.actions.version")),
    mutant("LAKE-4", "a rule for a part", put(*RULES, "rule.0.filters.prefix_match", ["x/"])),
    mutant("LAKE-4", "no rules", remove(*RULES)),
    mutant("LAKE-5", "a bucket is not copied", remove(*COPY), only="prod"),
    mutant(
        "LAKE-5",
        "only new objects are copied",
        put(*COPY, "rules.0.copy_blobs_created_after", "OnlyNewObjects"),
        only="prod",
    ),
    mutant(
        "LAKE-5",
        "copied to another bucket",
        point(
            *COPY, "destination_storage_account_id", ("azurerm_storage_account", "lake/silver-recovery/account"), "id"
        ),
        only="prod",
    ),
    mutant(
        "LAKE-5",
        "the copy is at home",
        point(
            "azurerm_storage_account",
            "lake/gold-recovery/account",
            "location",
            ("azurerm_resource_group", "group"),
            "location",
        ),
        only="prod",
    ),
    mutant("LAKE-6", "a bucket without a log", remove("azurerm_monitor_diagnostic_setting", "lake/gold/access-log")),
    mutant(
        "LAKE-6",
        "reads are not logged",
        put(
            "azurerm_monitor_diagnostic_setting", "lake/gold/access-log", "enabled_log", [{"category": "StorageWrite"}]
        ),
    ),
    mutant(
        "LAKE-7",
        "a reader writes",
        put(
            "azurerm_role_assignment",
            "workloads/module-superset-gold",
            "role_definition_name",
            "Storage Blob Data Contributor",
        ),
    ),
    mutant(
        "LAKE-7",
        "a module reads all",
        put("azurerm_role_assignment", "workloads/module-spark-bronze", "scope", "/subscriptions/x"),
    ),
    mutant("LAKE-7", "a module lost its layer", remove("azurerm_role_assignment", "workloads/module-spark-bronze")),
    mutant(
        "LAKE-7",
        "a module owns the lake",
        put(
            "azurerm_role_assignment",
            "workloads/module-spark-bronze",
            "role_definition_name",
            "Storage Blob Data Owner",
        ),
    ),
]
