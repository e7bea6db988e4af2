"""The lake (LAKE-1 to LAKE-8)."""

from terrace.azure.names import below
from tests.assurance.mutants import Edit, Stack, body, drop, every, mutant, point, put, remove

GOLD = ("azurerm_storage_account", "lake/gold/account")
LOCK, RULES = (
    "azurerm_storage_container_immutability_policy",
    ("azurerm_storage_management_policy", "lake/gold/lifecycle"),
)
COPY = ("azurerm_storage_object_replication", "lake/gold/replication")
DISCOVERY = ("azurerm_security_center_storage_defender", "lake/bronze/discovery")
GRANT, WRITER = "azurerm_role_assignment", ("azurerm_role_definition", "blob-writer")


def built_in(path: str, role: str) -> Edit:
    """A built-in role instead of a custom one."""
    return every([drop(GRANT, path, "role_definition_id"), put(GRANT, path, "role_definition_name", role)])


def writing(path: str) -> Edit:
    """The role for writing blobs instead of a built-in one."""
    by_id = point(GRANT, path, "role_definition_id", WRITER, "role_definition_resource_id")
    return every([drop(GRANT, path, "role_definition_name"), by_id])


def unlimited(path: str) -> Edit:
    """A right on the whole container."""
    return every([drop(GRANT, path, "condition"), drop(GRANT, path, "condition_version")])


def limited(right: str, old: str, new: str | None) -> Edit:
    """Another condition of a module's right to orders; None: without what begins with `old`."""

    def edit(stack: Stack) -> None:
        grant = body(stack, GRANT, f"workloads/module-{right}")
        before, found, after = grant["condition"].partition(old)
        assert found
        grant["condition"] = before if new is None else f"{before}{new}{after}"

    return edit


def container_action(action: str) -> Edit:
    """One more action of the role for writing blobs."""
    containers = "Microsoft.Storage/storageAccounts/blobServices/containers"
    return put(*WRITER, "permissions.0.actions", [f"{containers}/read", f"{containers}/{action}"])


def second_block(stack: Stack) -> None:
    """Every action, in a second block of the role for writing blobs."""
    body(stack, *WRITER)["permissions"].append({"actions": ["*"]})


MUTANTS = [
    mutant("LAKE-1", "public containers allowed", put(*GOLD, "allow_nested_items_to_be_public", True)),
    mutant("LAKE-1", "shared keys enabled", put(*GOLD, "shared_access_key_enabled", True)),
    mutant("LAKE-1", "public network access enabled", put(*GOLD, "public_network_access_enabled", True)),
    mutant("LAKE-1", "storage account open to all networks", put(*GOLD, "network_rules.default_action", "Allow")),
    mutant(
        "LAKE-1",
        "public container",
        put("azurerm_storage_container", "lake/gold/container-gold", "container_access_type", "blob"),
    ),
    mutant("LAKE-1", "local users enabled", put(*GOLD, "local_user_enabled", True)),
    mutant("LAKE-2", "bucket with Azure's own key", drop(*GOLD, "customer_managed_key")),
    mutant(
        "LAKE-2",
        "bucket with the wrong key",
        put(*GOLD, "customer_managed_key.key_vault_key_id", "https://other/keys/x"),
    ),
    mutant("LAKE-2", "plain HTTP allowed", put(*GOLD, "https_traffic_only_enabled", False)),
    mutant("LAKE-2", "outdated TLS version", put(*GOLD, "min_tls_version", "TLS1_0")),
    mutant("LAKE-3", "versioning disabled", put(*GOLD, "blob_properties.versioning_enabled", False)),
    mutant("LAKE-3", "bronze without immutability", remove(LOCK, "lake/bronze/lock-bronze")),
    mutant(
        "LAKE-3", "short bronze immutability", put(LOCK, "lake/bronze/lock-bronze", "immutability_period_in_days", 0)
    ),
    mutant("LAKE-3", "removable bronze lock", put(LOCK, "lake/bronze/lock-bronze", "locked", False), only="prod"),
    mutant(
        "LAKE-4",
        "no transition of cold data",
        drop(*RULES, "rule.0.actions.base_blob.tier_to_cool_after_days_since_modification_greater_than"),
    ),
    mutant(
        "LAKE-4",
        "no transition of cold data (-1, as planned)",
        put(*RULES, "rule.0.actions.base_blob.tier_to_cool_after_days_since_modification_greater_than", -1),
    ),
    mutant(
        "LAKE-4",
        "bronze without expiration (-1, as planned)",
        put(
            "azurerm_storage_management_policy",
            "lake/bronze/lifecycle",
            "rule.0.actions.base_blob.delete_after_days_since_modification_greater_than",
            -1,
        ),
    ),
    mutant(
        "LAKE-4",
        "no expiration of old versions (-1, as planned)",
        put(*RULES, "rule.0.actions.version.delete_after_days_since_creation", -1),
    ),
    mutant("LAKE-4", "disabled lifecycle rule", put(*RULES, "rule.0.enabled", False)),
    mutant(
        "LAKE-4",
        "gold with an expiration",
        put(*RULES, "rule.0.actions.base_blob.delete_after_days_since_modification_greater_than", 30),
    ),
    mutant("LAKE-4", "no expiration of old versions", drop(*RULES, "rule.0.actions.version")),
    mutant("LAKE-4", "lifecycle rule for a prefix", put(*RULES, "rule.0.filters.prefix_match", ["x/"])),
    mutant("LAKE-4", "no lifecycle rules", remove(*RULES)),
    mutant("LAKE-5", "bucket without replication", remove(*COPY), only="prod"),
    mutant(
        "LAKE-5",
        "replication of new objects only",
        put(*COPY, "rules.0.copy_blobs_created_after", "OnlyNewObjects"),
        only="prod",
    ),
    mutant(
        "LAKE-5 LAKE-7",
        "replication to another bucket",
        point(
            *COPY, "destination_storage_account_id", ("azurerm_storage_account", "lake/silver-recovery/account"), "id"
        ),
        only="prod",
    ),
    mutant(
        "LAKE-5 GOV-2",
        "replica in the home region",
        point(
            "azurerm_storage_account",
            "lake/gold-recovery/account",
            "location",
            ("azurerm_resource_group", "group"),
            "location",
        ),
        only="prod",
    ),
    mutant(
        "LAKE-6", "bucket without access logs", remove("azurerm_monitor_diagnostic_setting", "lake/gold/access-log")
    ),
    mutant(
        "LAKE-6",
        "reads not logged",
        put(
            "azurerm_monitor_diagnostic_setting", "lake/gold/access-log", "enabled_log", [{"category": "StorageWrite"}]
        ),
    ),
    mutant(
        "LAKE-7",
        "write access for a read-only module",
        writing("workloads/module-superset-gold-read"),
    ),
    mutant(
        "ID-2",
        "module that may delete its layer's container",
        built_in("workloads/module-spark-gold-write", "Storage Blob Data Contributor"),
    ),
    mutant("ID-2", "writers that may delete containers", container_action("delete")),
    mutant("ID-2", "writers that may change containers", container_action("write")),
    mutant("ID-2", "writers that may do anything", put(*WRITER, "permissions.0.actions", ["*"])),
    mutant("ID-2", "writers of any data", put(*WRITER, "permissions.0.data_actions", ["*"])),
    mutant("ID-2", "writers with more permissions in a second block", second_block),
    mutant("LAKE-7", "writers that may not write", drop(*WRITER, "permissions.0.data_actions.4")),
    mutant(
        "LAKE-7",
        "module that reads every layer",
        put("azurerm_role_assignment", "workloads/module-spark-bronze-read", "scope", "/subscriptions/x"),
    ),
    mutant("LAKE-7", "module that writes a whole layer", unlimited("workloads/module-spark-silver-write")),
    mutant(
        "LAKE-7",
        "module with another product",
        put(GRANT, "workloads/module-airflow-silver-write", "condition", below(["web-events"], "write")),
    ),
    mutant("LAKE-7", "module with a product's name as a prefix", limited("superset-gold-read", "orders/*", "orders*")),
    mutant("LAKE-7", "module whose writes are not limited", limited("airflow-silver-write", "blobs/*'", "blobs/read'")),
    mutant("LAKE-7", "module that lists a whole layer", limited("superset-gold-read", "With 'orders/'", "With ''")),
    mutant(
        "LAKE-7",
        "module that lists by a product's name as a prefix",
        limited("superset-gold-read", "With 'orders/'", "With 'orders'"),
    ),
    mutant("LAKE-7", "module that lists without a condition", limited("superset-gold-read", " AND ((!", None)),
    mutant(
        "LAKE-7",
        "module without its declared product",
        remove("azurerm_role_assignment", "workloads/module-spark-bronze-read"),
    ),
    mutant(
        "LAKE-7 ID-2",
        "module as owner of a layer",
        put(
            "azurerm_role_assignment",
            "workloads/module-spark-bronze-read",
            "role_definition_name",
            "Storage Blob Data Owner",
        ),
    ),
    mutant("LAKE-8", "no discovery of sensitive data", remove(*DISCOVERY), only="prod"),
    mutant("LAKE-8", "discovery switched off", put(*DISCOVERY, "sensitive_data_discovery_enabled", False), only="prod"),
    mutant(
        "LAKE-8",
        "discovery that follows another environment's settings",
        put(*DISCOVERY, "override_subscription_settings_enabled", False),
        only="prod",
    ),
]
