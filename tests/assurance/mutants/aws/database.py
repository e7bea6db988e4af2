"""The database and the cache (DB-1 to CACHE-3)."""

from tests.assurance.mutants import drop, every, inside, mutant, parameter, point, put, remove, statement

DB = ("aws_db_instance", "database/server")
PARAMETERS = ("aws_db_parameter_group", "database/parameters")
CACHE = ("aws_elasticache_replication_group", "cache/server")
LOGS_KEY = ("aws_kms_key", "keys/logs")

MUTANTS = [
    mutant("DB-1", "public database", put(*DB, "publicly_accessible", True)),
    mutant(
        "DB-1",
        "database in another security group",
        point(*DB, "vpc_security_group_ids.0", ("aws_security_group", "network/openings/nodes-group"), "id"),
    ),
    mutant(
        "DB-1 NET-2",
        "database in a node subnet",
        point("aws_db_subnet_group", "database/subnets", "subnet_ids.0", ("aws_subnet", "network/nodes-a"), "id"),
    ),
    mutant("DB-2", "unencrypted connections allowed", parameter(*PARAMETERS, "rds.force_ssl", "0")),
    mutant("DB-2", "TLS setting missing", parameter(*PARAMETERS, "rds.force_ssl", None)),
    mutant("DB-2", "outdated TLS version", parameter(*PARAMETERS, "ssl_min_protocol_version", "TLSv1")),
    mutant("DB-2 DB-7 DB-9", "default parameter group", put(*DB, "parameter_group_name", "default.postgres16")),
    mutant("DB-3", "unencrypted database", put(*DB, "storage_encrypted", False)),
    mutant("DB-3", "database with the wrong key", point(*DB, "kms_key_id", LOGS_KEY)),
    mutant("DB-3", "insights with AWS's own key", drop(*DB, "performance_insights_kms_key_id")),
    mutant(
        "DB-3",
        "replicated backups with the wrong key",
        point(
            "aws_db_instance_automated_backups_replication",
            "database/recovery",
            "kms_key_id",
            ("aws_kms_key", "keys/lake-recovery"),
        ),
        only="prod",
    ),
    mutant("DB-4", "no standby", put(*DB, "multi_az", False), only="prod"),
    mutant("DB-5", "recovery period of a day", put(*DB, "backup_retention_period", 1)),
    mutant("DB-5", "backups deleted with the server", put(*DB, "delete_automated_backups", True), only="prod"),
    mutant(
        "DB-5",
        "no backup in the recovery region",
        remove("aws_db_instance_automated_backups_replication", "database/recovery"),
        only="prod",
    ),
    mutant(
        "DB-5",
        "backup replica in the home region",
        drop("aws_db_instance_automated_backups_replication", "database/recovery", "provider"),
        only="prod",
    ),
    mutant(
        "DB-5",
        "short retention of replicated backups",
        put("aws_db_instance_automated_backups_replication", "database/recovery", "retention_period", 7),
        only="prod",
    ),
    mutant("DB-6", "no deletion protection", put(*DB, "deletion_protection", False), only="prod"),
    mutant(
        "DB-6",
        "replica without deletion protection",
        put("aws_db_instance", "database/replica-1", "deletion_protection", False),
        only="prod",
    ),
    mutant("DB-6", "no final snapshot", put(*DB, "skip_final_snapshot", True), only="prod"),
    mutant("DB-7", "database logs disabled", put(*DB, "enabled_cloudwatch_logs_exports", [])),
    mutant("DB-7", "query insights disabled", put(*DB, "performance_insights_enabled", False)),
    mutant("DB-7", "short insights retention", put(*DB, "performance_insights_retention_period", 7), only="prod"),
    mutant("DB-7", "enhanced monitoring disabled", put(*DB, "monitoring_interval", 0)),
    mutant("DB-7", "audit logging disabled", parameter(*PARAMETERS, "pgaudit.log", "none")),
    mutant("DB-7", "pgaudit not loaded", parameter(*PARAMETERS, "shared_preload_libraries", "pg_stat_statements")),
    mutant("DB-7", "passwords in the log", parameter(*PARAMETERS, "log_statement", "ddl")),
    mutant("DB-7", "slow-query log disabled", parameter(*PARAMETERS, "log_min_duration_statement", "-1")),
    mutant("DB-8", "no storage autoscaling", drop(*DB, "max_allocated_storage")),
    mutant("DB-8", "missing read replica", remove("aws_db_instance", "database/replica-1"), only="prod"),
    mutant("DB-9", "PostGIS not allowed", parameter(*PARAMETERS, "rds.allowed_extensions", "pgaudit")),
    mutant("DB-9", "identity login disabled", put(*DB, "iam_database_authentication_enabled", False)),
    mutant(
        "ID-2", "bootstrap job without rights", remove("aws_iam_role_policy", "workloads/database-bootstrap-secret")
    ),
    mutant(
        "ID-2",
        "bootstrap job of another namespace",
        put("aws_eks_pod_identity_association", "workloads/database-bootstrap-identity", "namespace", "default"),
    ),
    mutant("ID-2", "module without database login", remove("aws_iam_role_policy", "workloads/module-airflow-database")),
    mutant(
        "ID-2",
        "module with another module's login",
        inside(
            "aws_iam_role_policy",
            "workloads/module-airflow-database",
            "policy",
            statement(0, Resource="arn:aws:rds-db:::dbuser:x/superset"),
        ),
    ),
    mutant("DB-10", "no automatic minor upgrades", put(*DB, "auto_minor_version_upgrade", False)),
    mutant("DB-10", "maintenance window on Monday at noon", put(*DB, "maintenance_window", "mon:12:00-mon:13:00")),
    mutant(
        "CACHE-1",
        "cache user without authentication",
        every(
            [
                put("aws_elasticache_user", "cache/user-airflow", "authentication_mode.type", "no-password-required"),
            ]
        ),
    ),
    mutant(
        "CACHE-1",
        "default cache user enabled",
        put("aws_elasticache_user", "cache/user-default", "access_string", "on ~* +@all"),
    ),
    mutant("CACHE-1", "cache without user groups", put(*CACHE, "user_group_ids", [])),
    mutant(
        "CACHE-1",
        "cache in another security group",
        point(*CACHE, "security_group_ids.0", ("aws_security_group", "network/openings/entry-group"), "id"),
    ),
    mutant(
        "CACHE-1 NET-2",
        "cache in a node subnet",
        point("aws_elasticache_subnet_group", "cache/subnets", "subnet_ids.0", ("aws_subnet", "network/nodes-a"), "id"),
    ),
    mutant("CACHE-2", "optional TLS", put(*CACHE, "transit_encryption_mode", "preferred")),
    mutant("CACHE-2", "TLS disabled", put(*CACHE, "transit_encryption_enabled", False)),
    mutant("CACHE-2", "unencrypted cache", put(*CACHE, "at_rest_encryption_enabled", "false")),
    mutant("CACHE-2", "cache with the wrong key", point(*CACHE, "kms_key_id", LOGS_KEY)),
    mutant("CACHE-3", "no cache replica", put(*CACHE, "num_cache_clusters", 1), only="prod"),
    mutant("CACHE-3", "no automatic failover", put(*CACHE, "automatic_failover_enabled", False), only="prod"),
    mutant("CACHE-3", "replicas in one zone", put(*CACHE, "multi_az_enabled", False), only="prod"),
    mutant("CACHE-3", "no cache snapshots", put(*CACHE, "snapshot_retention_limit", 0)),
]
