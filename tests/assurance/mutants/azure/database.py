"""The database and the cache (DB-1 to CACHE-3)."""

from tests.assurance.mutants import add, drop, mutant, put, remove

DB, SETTING = (
    ("azurerm_postgresql_flexible_server", "database/server"),
    "azurerm_postgresql_flexible_server_configuration",
)
CACHE = ("azurerm_managed_redis", "cache/server")

MUTANTS = [
    mutant("DB-1", "a public database", put(*DB, "public_network_access_enabled", True)),
    mutant(
        "DB-1",
        "an opening to the world",
        add("azurerm_postgresql_flexible_server_firewall_rule", "database/mutant", {"name": "x"}),
    ),
    mutant("DB-1", "names elsewhere", put(*DB, "private_dns_zone_id", "/x/elsewhere")),
    mutant("DB-2", "plain connections", put(SETTING, "database/require-secure-transport", "value", "off")),
    mutant("DB-2", "TLS is left to Azure", remove(SETTING, "database/require-secure-transport")),
    mutant("DB-2", "old TLS", put(SETTING, "database/ssl-min-protocol-version", "value", "TLSv1")),
    mutant("DB-3", "database under Azure's own key", drop(*DB, "customer_managed_key")),
    mutant(
        "DB-3", "database under another key", put(*DB, "customer_managed_key.key_vault_key_id", "https://other/keys/x")
    ),
    mutant(
        "DB-3",
        "copies under another key",
        put(*DB, "customer_managed_key.geo_backup_key_vault_key_id", "https://other/keys/x"),
        only="prod",
    ),
    mutant("DB-4", "no standby", drop(*DB, "high_availability"), only="prod"),
    mutant("DB-4", "a standby in the same zone", put(*DB, "high_availability.mode", "SameZone"), only="prod"),
    mutant("DB-5", "few days of recovery", put(*DB, "backup_retention_days", 3)),
    mutant("DB-5", "no copy elsewhere", put(*DB, "geo_redundant_backup_enabled", False), only="prod"),
    mutant("DB-6", "deletion is possible", remove("azurerm_management_lock", "database/keep"), only="prod"),
    mutant(
        "DB-6",
        "a lock against changes only",
        put("azurerm_management_lock", "database/keep", "lock_level", "ReadOnly"),
        only="prod",
    ),
    mutant("DB-7", "no logs", remove("azurerm_monitor_diagnostic_setting", "database/logs")),
    mutant("DB-7", "no audit", put(SETTING, "database/pgaudit-log", "value", "none")),
    mutant(
        "DB-7", "audit is not loaded", put(SETTING, "database/shared-preload-libraries", "value", "pg_stat_statements")
    ),
    mutant("DB-7", "slow queries are not logged", put(SETTING, "database/log-min-duration-statement", "value", "-1")),
    mutant("DB-7", "no insights", put(SETTING, "database/pg-qs-query-capture-mode", "value", "none")),
    mutant("DB-8", "storage does not grow", put(*DB, "auto_grow_enabled", False)),
    mutant("DB-8", "no replica", remove("azurerm_postgresql_flexible_server", "database/replica-1"), only="prod"),
    mutant("DB-9", "no PostGIS", put(SETTING, "database/azure-extensions", "value", "pgaudit")),
    mutant("DB-9", "another version", put(*DB, "version", "14")),
    mutant(
        "DB-9 SEC-2",
        "nobody can make the roles",
        remove("azurerm_postgresql_flexible_server_active_directory_administrator", "database/bootstrap"),
    ),
    mutant("DB-10", "patched at any time", drop(*DB, "maintenance_window")),
    mutant("DB-10", "patched at noon", put(*DB, "maintenance_window.start_hour", 12)),
    mutant("CACHE-1", "a public cache", put(*CACHE, "public_network_access", "Enabled")),
    mutant(
        "CACHE-1", "keys that everybody has", put(*CACHE, "default_database.access_keys_authentication_enabled", True)
    ),
    mutant(
        "CACHE-1",
        "somebody else may log in",
        add("azurerm_managed_redis_access_policy_assignment", "workloads/mutant", {"object_id": "x"}),
    ),
    mutant(
        "CACHE-1",
        "its path among the endpoints",
        put("azurerm_private_endpoint", "cache/path-cache", "subnet_id", "/x/subnets/endpoints"),
    ),
    mutant("CACHE-2", "no TLS", put(*CACHE, "default_database.client_protocol", "Plaintext")),
    mutant("CACHE-2", "cache under Azure's own key", drop(*CACHE, "customer_managed_key")),
    mutant("CACHE-3", "one node", put(*CACHE, "high_availability_enabled", False), only="prod"),
    mutant("CACHE-3", "nothing is kept", drop(*CACHE, "default_database.persistence_redis_database_backup_frequency")),
]
