"""The database and the cache (DB-1 to CACHE-3)."""

from tests.assurance.mutants import drop, every, inside, mutant, parameter, point, put, remove, statement

DB = ("aws_db_instance", "database/server")
PARAMETERS = ("aws_db_parameter_group", "database/parameters")
CACHE = ("aws_elasticache_replication_group", "cache/server")
LOGS_KEY = ("aws_kms_key", "keys/logs")

MUTANTS = [
    mutant("DB-1", "a public database", put(*DB, "publicly_accessible", True)),
    mutant(
        "DB-1",
        "database in another group",
        point(*DB, "vpc_security_group_ids.0", ("aws_security_group", "network/openings/nodes-group"), "id"),
    ),
    mutant(
        "DB-1 NET-2",
        "database among the nodes",
        point("aws_db_subnet_group", "database/subnets", "subnet_ids.0", ("aws_subnet", "network/nodes-a"), "id"),
    ),
    mutant("DB-2", "plain connections", parameter(*PARAMETERS, "rds.force_ssl", "0")),
    mutant("DB-2", "TLS not asked for", parameter(*PARAMETERS, "rds.force_ssl", None)),
    mutant("DB-2", "old TLS", parameter(*PARAMETERS, "ssl_min_protocol_version", "TLSv1")),
    mutant("DB-2 DB-7 DB-9", "the default parameters", put(*DB, "parameter_group_name", "default.postgres16")),
    mutant("DB-3", "database in the clear", put(*DB, "storage_encrypted", False)),
    mutant("DB-3", "database under another key", point(*DB, "kms_key_id", LOGS_KEY)),
    mutant("DB-3", "insights under AWS's own key", drop(*DB, "performance_insights_kms_key_id")),
    mutant(
        "DB-3",
        "copies under another key",
        point(
            "aws_db_instance_automated_backups_replication",
            "database/recovery",
            "kms_key_id",
            ("aws_kms_key", "keys/lake-recovery"),
        ),
        only="prod",
    ),
    mutant("DB-4", "no standby", put(*DB, "multi_az", False), only="prod"),
    mutant("DB-5", "a day of recovery", put(*DB, "backup_retention_period", 1)),
    mutant("DB-5", "backups go with the server", put(*DB, "delete_automated_backups", True), only="prod"),
    mutant(
        "DB-5",
        "no copy elsewhere",
        remove("aws_db_instance_automated_backups_replication", "database/recovery"),
        only="prod",
    ),
    mutant(
        "DB-5",
        "the copy is at home",
        drop("aws_db_instance_automated_backups_replication", "database/recovery", "provider"),
        only="prod",
    ),
    mutant(
        "DB-5",
        "copies hardly kept",
        put("aws_db_instance_automated_backups_replication", "database/recovery", "retention_period", 7),
        only="prod",
    ),
    mutant("DB-6", "deletion is possible", put(*DB, "deletion_protection", False), only="prod"),
    mutant(
        "DB-6",
        "a replica may be deleted",
        put("aws_db_instance", "database/replica-1", "deletion_protection", False),
        only="prod",
    ),
    mutant("DB-6", "no final snapshot", put(*DB, "skip_final_snapshot", True), only="prod"),
    mutant("DB-7", "no logs", put(*DB, "enabled_cloudwatch_logs_exports", [])),
    mutant("DB-7", "no insights", put(*DB, "performance_insights_enabled", False)),
    mutant("DB-7", "insights hardly kept", put(*DB, "performance_insights_retention_period", 7), only="prod"),
    mutant("DB-7", "no monitoring", put(*DB, "monitoring_interval", 0)),
    mutant("DB-7", "no audit", parameter(*PARAMETERS, "pgaudit.log", "none")),
    mutant("DB-7", "audit is not loaded", parameter(*PARAMETERS, "shared_preload_libraries", "pg_stat_statements")),
    mutant("DB-7", "slow queries are not logged", parameter(*PARAMETERS, "log_min_duration_statement", "-1")),
    mutant("DB-8", "storage does not grow", drop(*DB, "max_allocated_storage")),
    mutant("DB-8", "no replica", remove("aws_db_instance", "database/replica-1"), only="prod"),
    mutant("DB-9", "no PostGIS", parameter(*PARAMETERS, "rds.allowed_extensions", "pgaudit")),
    mutant("DB-9", "no login by identity", put(*DB, "iam_database_authentication_enabled", False)),
    mutant("DB-9", "a module without login", remove("aws_iam_role_policy", "workloads/module-airflow-database")),
    mutant(
        "DB-9",
        "a module logs in as another",
        inside(
            "aws_iam_role_policy",
            "workloads/module-airflow-database",
            "policy",
            statement(0, Resource="arn:aws:rds-db:::dbuser:x/superset"),
        ),
    ),
    mutant("DB-10", "no minor versions", put(*DB, "auto_minor_version_upgrade", False)),
    mutant("DB-10", "patched at noon on Monday", put(*DB, "maintenance_window", "mon:12:00-mon:13:00")),
    mutant(
        "CACHE-1",
        "a user without a password",
        every(
            [
                put("aws_elasticache_user", "cache/user-airflow", "authentication_mode.type", "no-password-required"),
            ]
        ),
    ),
    mutant(
        "CACHE-1",
        "the default user is on",
        put("aws_elasticache_user", "cache/user-default", "access_string", "on ~* +@all"),
    ),
    mutant("CACHE-1", "no users", put(*CACHE, "user_group_ids", [])),
    mutant(
        "CACHE-1",
        "cache in another group",
        point(*CACHE, "security_group_ids.0", ("aws_security_group", "network/openings/entry-group"), "id"),
    ),
    mutant(
        "CACHE-1 NET-2",
        "cache among the nodes",
        point("aws_elasticache_subnet_group", "cache/subnets", "subnet_ids.0", ("aws_subnet", "network/nodes-a"), "id"),
    ),
    mutant("CACHE-2", "TLS is a choice", put(*CACHE, "transit_encryption_mode", "preferred")),
    mutant("CACHE-2", "no TLS", put(*CACHE, "transit_encryption_enabled", False)),
    mutant("CACHE-2", "cache in the clear", put(*CACHE, "at_rest_encryption_enabled", "false")),
    mutant("CACHE-2", "cache under another key", point(*CACHE, "kms_key_id", LOGS_KEY)),
    mutant("CACHE-3", "no replica of the cache", put(*CACHE, "num_cache_clusters", 1), only="prod"),
    mutant("CACHE-3", "no failover", put(*CACHE, "automatic_failover_enabled", False), only="prod"),
    mutant("CACHE-3", "replicas in one zone", put(*CACHE, "multi_az_enabled", False), only="prod"),
    mutant("CACHE-3", "no snapshots", put(*CACHE, "snapshot_retention_limit", 0)),
]
