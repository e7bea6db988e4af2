"""The database and the cache (DB-1 to CACHE-3)."""

from tests.assurance.mutants import drop, mutant, put, remove

SQL = "google_sql_database_instance"
DB, CACHE = (SQL, "database/server"), ("google_memorystore_instance", "cache/cache")
NET, BACKUPS = "settings.ip_configuration", "settings.backup_configuration"
PGAUDIT, LOGIN, SLOW, LOGGED, AUDITED = 0, 1, 6, 7, 9  # where the flags stand

MUTANTS = [
    mutant("DB-1 NET-4", "public database", put(*DB, f"{NET}.ipv4_enabled", True)),
    mutant(
        "DB-1 NET-4",
        "database open to a public address",
        put(*DB, f"{NET}.authorized_networks", [{"value": "0.0.0.0/0"}]),
    ),
    mutant(
        "DB-1 NET-4",
        "reachable from another network",
        put(*DB, f"{NET}.psc_config.psc_auto_connections.consumer_network", "x"),
    ),
    mutant("DB-1", "public DNS zone", put("google_dns_managed_zone", "database/server-zone", "visibility", "public")),
    mutant("DB-2", "unencrypted connections allowed", put(*DB, f"{NET}.ssl_mode", "ALLOW_UNENCRYPTED_AND_ENCRYPTED")),
    mutant("DB-2", "TLS setting missing", drop(*DB, f"{NET}.ssl_mode")),
    mutant("DB-3", "database with Google's own key", drop(*DB, "encryption_key_name")),
    mutant(
        "DB-3", "replica with the wrong key", put(SQL, "database/recovery", "encryption_key_name", "x"), only="prod"
    ),
    mutant("DB-4", "no standby", put(*DB, "settings.availability_type", "ZONAL"), only="prod"),
    mutant("DB-5", "backups disabled", put(*DB, f"{BACKUPS}.enabled", False)),
    mutant("DB-5", "point-in-time recovery disabled", put(*DB, f"{BACKUPS}.point_in_time_recovery_enabled", False)),
    mutant("DB-5", "recovery period of a day", put(*DB, f"{BACKUPS}.transaction_log_retention_days", 1)),
    mutant("DB-5", "too few backups", put(*DB, f"{BACKUPS}.backup_retention_settings.retained_backups", 1)),
    mutant("DB-5", "backups in the home region", put(*DB, f"{BACKUPS}.location", "europe-west3"), only="prod"),
    mutant("DB-5", "no backup in the recovery region", remove(SQL, "database/recovery"), only="prod"),
    mutant("DB-6", "no deletion protection", put(*DB, "settings.deletion_protection_enabled", False), only="prod"),
    mutant("DB-6", "no final backup", put(*DB, "settings.final_backup_config.enabled", False), only="prod"),
    mutant("DB-7", "audit logging disabled", put(*DB, f"settings.database_flags.{PGAUDIT}.value", "off")),
    mutant("DB-7", "no audit events", put(*DB, f"settings.database_flags.{AUDITED}.value", "none")),
    mutant("DB-7", "passwords in the log", put(*DB, f"settings.database_flags.{LOGGED}.value", "ddl")),
    mutant("DB-7", "slow-query log disabled", put(*DB, f"settings.database_flags.{SLOW}.value", "-1")),
    mutant("DB-7", "query insights disabled", put(*DB, "settings.insights_config.query_insights_enabled", False)),
    mutant("DB-8", "no storage autoscaling", put(*DB, "settings.disk_autoresize", False)),
    mutant("DB-8", "unlimited storage autoscaling", put(*DB, "settings.disk_autoresize_limit", 0)),
    mutant("DB-8", "missing read replica", remove(SQL, "database/replica-1"), only="prod"),
    mutant("DB-9", "wrong PostgreSQL version", put(*DB, "database_version", "POSTGRES_14")),
    mutant(
        "DB-9", "no identity that creates database roles", drop("google_sql_user", "database/admin-user", "instance")
    ),
    mutant(
        "DB-9 ID-2",
        "bootstrap job without an identity",
        remove("google_service_account_iam_member", "workloads/database-bootstrap-identity"),
    ),
    mutant("DB-9 ID-2", "module without database login", remove("google_sql_user", "workloads/module-airflow-user")),
    mutant(
        "DB-9 ID-2",
        "module without the login role",
        put("google_project_iam_member", "workloads/module-airflow-login", "role", "roles/cloudsql.viewer"),
    ),
    mutant("DB-10", "no maintenance window", drop(*DB, "settings.maintenance_window")),
    mutant("DB-10", "maintenance window at noon", put(*DB, "settings.maintenance_window.hour", 12)),
    mutant("CACHE-1", "authentication disabled", put(*CACHE, "authorization_mode", "AUTH_DISABLED")),
    mutant(
        "CACHE-1 NET-4", "reachable from another network", put(*CACHE, "desired_auto_created_endpoints.network", "x")
    ),
    mutant("CACHE-2", "TLS disabled", put(*CACHE, "transit_encryption_mode", "TRANSIT_ENCRYPTION_DISABLED")),
    mutant("CACHE-2", "cache with Google's own key", drop(*CACHE, "kms_key")),
    mutant("CACHE-3", "no cache replica", put(*CACHE, "replica_count", 0), only="prod"),
    mutant("CACHE-3", "replicas in one zone", put(*CACHE, "zone_distribution_config.mode", "SINGLE_ZONE"), only="prod"),
    mutant("CACHE-3", "no cache snapshots", drop(*CACHE, "automated_backup_config")),
]
