"""Data at rest: storage, database, cache, backups, deletion, regions."""

from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Edit, add, body, every, put, to

ACCOUNT, LIFECYCLE = "azurerm_storage_account", "azurerm_storage_management_policy"
GOLD, AUDIT = (ACCOUNT, "lake/gold/account"), (ACCOUNT, "lake/audit/account")
LOCK, IMMUTABLE = "azurerm_management_lock", "azurerm_storage_container_immutability_policy"
DB, SETTING = (
    ("azurerm_postgresql_flexible_server", "database/server"),
    "azurerm_postgresql_flexible_server_configuration",
)
VAULT = ("azurerm_key_vault", "keys/vault")


def _danger(kind: str, sentence: str, edit: Edit, type: str, path: str) -> Danger:
    return Danger(kind, sentence, edit, f"{type} {path}")


def _rule(path: str, **rule: Any) -> Edit:
    """One more lifecycle rule of a bucket."""
    after = {"base_blob": {"delete_after_days_since_modification_greater_than": 1}}
    written = {"name": "cleanup", "enabled": True, "filters": {"blob_types": ["blockBlob"]}, "actions": after, **rule}

    def edit(stack: dict[str, Any]) -> None:
        body(stack, LIFECYCLE, path)["rule"].append(written)

    return edit


def _features(block: str, **values: bool) -> Edit:
    def edit(stack: dict[str, Any]) -> None:
        stack["provider"]["azurerm"][0]["features"][0][block][0].update(values)

    return edit


DANGERS = (
    _danger(
        "data",
        "lifecycle rule that deletes gold after a day",
        _rule("lake/gold/lifecycle"),
        LIFECYCLE,
        "lake/gold/lifecycle",
    ),
    _danger(
        "data",
        "lifecycle rule that deletes a prefix of gold after a day",
        _rule("lake/gold/lifecycle", filters={"blob_types": ["blockBlob"], "prefix_match": ["gold/"]}),
        LIFECYCLE,
        "lake/gold/lifecycle",
    ),
    _danger(
        "data",
        "lifecycle rule that deletes audit records after a day",
        _rule("lake/audit/lifecycle", filters={"blob_types": ["appendBlob"]}),
        LIFECYCLE,
        "lake/audit/lifecycle",
    ),
    _danger(
        "data",
        "lifecycle rule that deletes a copy in the recovery region after a day",
        _rule("lake/gold-recovery/lifecycle"),
        LIFECYCLE,
        "lake/gold-recovery/lifecycle",
    ),
    _danger("data", "locally redundant storage in prod", put(*GOLD, "account_replication_type", "LRS"), *GOLD),
    _danger("data", "locally redundant audit storage in prod", put(*AUDIT, "account_replication_type", "LRS"), *AUDIT),
    _danger(
        "data", "static website of a bucket", put(*GOLD, "static_website", {"index_document": "index.html"}), *GOLD
    ),
    _danger(
        "data",
        "any site reads a bucket through a browser",
        put(
            *GOLD,
            "blob_properties.cors_rule",
            [
                {
                    "allowed_origins": ["*"],
                    "allowed_methods": ["GET"],
                    "allowed_headers": ["*"],
                    "exposed_headers": ["*"],
                    "max_age_in_seconds": 1,
                }
            ],
        ),
        *GOLD,
    ),
    _danger("data", "copies of a bucket from any tenant", put(*GOLD, "allowed_copy_scope", None), *GOLD),
    _danger(
        "data", "deleted objects gone after a day", put(*GOLD, "blob_properties.delete_retention_policy.days", 1), *GOLD
    ),
    _danger(
        "data",
        "public container of the flow logs' account",
        add(
            "azurerm_storage_container",
            "observability/public",
            {
                "name": "public",
                "storage_account_id": to(ACCOUNT, "observability/flow-account", "id"),
                "container_access_type": "container",
            },
        ),
        "azurerm_storage_container",
        "observability/public",
    ),
    _danger(
        "data",
        "flow logs' account with Azure's own key",
        put(ACCOUNT, "observability/flow-account", "customer_managed_key", None),
        ACCOUNT,
        "observability/flow-account",
    ),
    _danger(
        "data",
        "flow logs' account with anonymous containers allowed",
        put(ACCOUNT, "observability/flow-account", "allow_nested_items_to_be_public", True),
        ACCOUNT,
        "observability/flow-account",
    ),
    _danger(
        "data",
        "lock of a bucket on something else",
        put(LOCK, "lake/gold/keep", "scope", "/subscriptions/x"),
        LOCK,
        "lake/gold/keep",
    ),
    _danger(
        "data",
        "read-only lock of the vault, which any owner removes",
        put(LOCK, "governance/keep-vault", "lock_level", "ReadOnly"),
        LOCK,
        "governance/keep-vault",
    ),
    _danger(
        "data",
        "unlocked immutability of audit records",
        put(IMMUTABLE, "lake/audit/lock-insights-activity-logs", "locked", False),
        IMMUTABLE,
        "lake/audit/lock-insights-activity-logs",
    ),
    _danger(
        "data",
        "PostgreSQL's extension that reads storage accounts",
        put(SETTING, "database/azure-extensions", "value", "postgis,pgaudit,azure_storage,dblink"),
        SETTING,
        "database/azure-extensions",
    ),
    _danger(
        "data",
        "another setting of PostgreSQL, which trusts old passwords",
        add(
            SETTING,
            "database/password-encryption",
            {"name": "password_encryption", "value": "md5", "server_id": to(*DB, "id")},
        ),
        SETTING,
        "database/password-encryption",
    ),
    _danger(
        "data",
        "connections of PostgreSQL not logged",
        put(SETTING, "database/log-connections", "value", "off"),
        SETTING,
        "database/log-connections",
    ),
    _danger(
        "data",
        "keys of software in prod",
        put("azurerm_key_vault_key", "keys/lake", "key_type", "RSA"),
        "azurerm_key_vault_key",
        "keys/lake",
    ),
    _danger(
        "data",
        "short keys",
        put("azurerm_key_vault_key", "keys/database", "key_size", 2048),
        "azurerm_key_vault_key",
        "keys/database",
    ),
    _danger(
        "data",
        "keys that may be exported with any policy",
        put(
            "azurerm_key_vault_key",
            "keys/lake",
            "key_opts",
            ["decrypt", "encrypt", "sign", "unwrapKey", "verify", "wrapKey", "export"],
        ),
        "azurerm_key_vault_key",
        "keys/lake",
    ),
    _danger(
        "data",
        "secret that expires next year",
        put("azurerm_key_vault_secret", "secrets/airflow", "expiration_date", "2027-01-01T00:00:00Z"),
        "azurerm_key_vault_secret",
        "secrets/airflow",
    ),
    _danger(
        "data",
        "certificate from an unknown authority",
        put(
            "azurerm_key_vault_certificate", "entry/certificate", "certificate_policy.issuer_parameters.name", "Unknown"
        ),
        "azurerm_key_vault_certificate",
        "entry/certificate",
    ),
    _danger("data", "vaults purged when destroyed", _features("key_vault", purge_soft_delete_on_destroy=True), *VAULT),
    _danger(
        "data",
        "resource group deleted with what is in it",
        _features("resource_group", prevent_deletion_if_contains_resources=False),
        "azurerm_resource_group",
        "group",
    ),
    _danger(
        "data", "server in one zone in prod", every([put(*DB, "high_availability.standby_availability_zone", "1")]), *DB
    ),
    _danger(
        "data",
        "name of the database that leads elsewhere",
        put("azurerm_private_dns_cname_record", "database/address", "record", "db.example.net"),
        "azurerm_private_dns_cname_record",
        "database/address",
    ),
    _danger(
        "data",
        "domain that leads elsewhere",
        every(
            [
                put("azurerm_dns_a_record", "entry/apex-record", "target_resource_id", None),
                put("azurerm_dns_a_record", "entry/apex-record", "records", ["203.0.113.66"]),
            ]
        ),
        "azurerm_dns_a_record",
        "entry/apex-record",
    ),
)
