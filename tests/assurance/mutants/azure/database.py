"""The database and the cache (DB-1 to CACHE-3)."""

from tests.assurance.mutants import add, drop, mutant, put, remove

DB, SETTING = (
    ("azurerm_postgresql_flexible_server", "database/server"),
    "azurerm_postgresql_flexible_server_configuration",
)
CACHE = ("azurerm_managed_redis", "cache/server")

MUTANTS = [
    mutant("DB-1", "public database", put(*DB, "public_network_access_enabled", True)),
    mutant(
        "NET-4",
        "database open to a public address",
        add("azurerm_postgresql_flexible_server_firewall_rule", "database/mutant", {"name": "x"}),
    ),
    mutant("DB-1", "wrong private DNS zone", put(*DB, "private_dns_zone_id", "/x/elsewhere")),
    mutant(
        "DB-2", "unencrypted connections allowed", put(SETTING, "database/require-secure-transport", "value", "off")
    ),
    mutant("DB-2", "TLS setting missing", remove(SETTING, "database/require-secure-transport")),
    mutant("DB-2", "outdated TLS version", put(SETTING, "database/ssl-min-protocol-version", "value", "TLSv1")),
    mutant("DB-3", "database with Azure's own key", drop(*DB, "customer_managed_key")),
    mutant(
        "DB-3", "database with the wrong key", put(*DB, "customer_managed_key.key_vault_key_id", "https://other/keys/x")
    ),
    mutant(
        "DB-3",
        "geo-redundant backups with the wrong key",
        put(*DB, "customer_managed_key.geo_backup_key_vault_key_id", "https://other/keys/x"),
        only="prod",
    ),
    mutant("DB-4", "no standby", drop(*DB, "high_availability"), only="prod"),
    mutant("DB-4", "standby in the same zone", put(*DB, "high_availability.mode", "SameZone"), only="prod"),
    mutant("DB-5", "short recovery period", put(*DB, "backup_retention_days", 3)),
    mutant("DB-5", "no backup in the recovery region", put(*DB, "geo_redundant_backup_enabled", False), only="prod"),
    mutant("DB-6", "no deletion protection", remove("azurerm_management_lock", "database/keep"), only="prod"),
    mutant(
        "DB-6",
        "read-only lock",
        put("azurerm_management_lock", "database/keep", "lock_level", "ReadOnly"),
        only="prod",
    ),
    mutant("DB-7", "database logs disabled", remove("azurerm_monitor_diagnostic_setting", "database/logs")),
    mutant("DB-7", "audit logging disabled", put(SETTING, "database/pgaudit-log", "value", "none")),
    mutant(
        "DB-7", "pgaudit not loaded", put(SETTING, "database/shared-preload-libraries", "value", "pg_stat_statements")
    ),
    mutant("DB-7", "passwords in the log", put(SETTING, "database/log-statement", "value", "ddl")),
    mutant("DB-7", "slow-query log disabled", put(SETTING, "database/log-min-duration-statement", "value", "-1")),
    mutant("DB-7", "query insights disabled", put(SETTING, "database/pg-qs-query-capture-mode", "value", "none")),
    mutant("DB-8", "no storage autoscaling", put(*DB, "auto_grow_enabled", False)),
    mutant(
        "DB-8", "missing read replica", remove("azurerm_postgresql_flexible_server", "database/replica-1"), only="prod"
    ),
    mutant("DB-9", "PostGIS not allowed", put(SETTING, "database/azure-extensions", "value", "pgaudit")),
    mutant(
        "DB-9 ID-2",
        "bootstrap job without an identity",
        remove("azurerm_federated_identity_credential", "workloads/database-admin-identity"),
    ),
    mutant("DB-9", "wrong PostgreSQL version", put(*DB, "version", "14")),
    mutant(
        "DB-9 SEC-2 ID-2",
        "no identity that creates database roles",
        remove("azurerm_postgresql_flexible_server_active_directory_administrator", "database/bootstrap"),
    ),
    mutant("DB-10", "no maintenance window", drop(*DB, "maintenance_window")),
    mutant("DB-10", "maintenance window at noon", put(*DB, "maintenance_window.start_hour", 12)),
    mutant("CACHE-1", "public cache", put(*CACHE, "public_network_access", "Enabled")),
    mutant("CACHE-1", "access keys enabled", put(*CACHE, "default_database.access_keys_authentication_enabled", True)),
    mutant(
        "ID-2",
        "additional cache user",
        add("azurerm_managed_redis_access_policy_assignment", "workloads/mutant", {"object_id": "x"}),
    ),
    mutant(
        "CACHE-1",
        "cache endpoint in another subnet",
        put("azurerm_private_endpoint", "cache/path-cache", "subnet_id", "/x/subnets/endpoints"),
    ),
    mutant("CACHE-2", "TLS disabled", put(*CACHE, "default_database.client_protocol", "Plaintext")),
    mutant("CACHE-2", "cache with Azure's own key", drop(*CACHE, "customer_managed_key")),
    mutant("CACHE-3", "cache without high availability", put(*CACHE, "high_availability_enabled", False), only="prod"),
    mutant(
        "CACHE-3",
        "cache without persistence",
        drop(*CACHE, "default_database.persistence_redis_database_backup_frequency"),
    ),
]
