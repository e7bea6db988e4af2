"""Data: buckets, backups, vaults, databases, encryption, regions, schedules."""

from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Stack, add, body, drop, every, put, to

LOCK = ("aws_backup_vault_lock_configuration", "backup/home/lock")
SELECTION = ("aws_backup_selection", "backup/platform")
PLAN = ("aws_backup_plan", "backup/plan")
SERVER = ("aws_db_instance", "database/server")


def expire(path: str) -> Any:
    """One more rule of a bucket's lifecycle, which deletes after a day."""

    def edit(stack: Stack) -> None:
        rules = body(stack, "aws_s3_bucket_lifecycle_configuration", path)["rule"]
        rules.append({"id": "cleanup", "status": "Enabled", "filter": [{"prefix": ""}], "expiration": [{"days": 1}]})

    return edit


def expire_prefix(path: str) -> Any:
    """One more rule of a bucket's lifecycle, for some of its objects."""

    def edit(stack: Stack) -> None:
        rules = body(stack, "aws_s3_bucket_lifecycle_configuration", path)["rule"]
        rules.append(
            {"id": "tmp", "status": "Enabled", "filter": [{"prefix": "warehouse/"}], "expiration": [{"days": 1}]}
        )

    return edit


DANGERS = [
    Danger(
        "backup",
        "the vault's lock can be removed for a hundred years",
        put(*LOCK, "changeable_for_days", 36500),
        " ".join(LOCK),
    ),
    Danger(
        "backup",
        "the vault's lock limits the retention to a week",
        put(*LOCK, "max_retention_days", 8),
        " ".join(LOCK),
    ),
    Danger(
        "backup",
        "the backup's selection drops the database by a condition",
        put(
            *SELECTION,
            "condition",
            [{"string_not_equals": [{"key": "aws:ResourceTag/environment", "value": "prod"}]}],
        ),
        " ".join(SELECTION),
    ),
    Danger(
        "backup",
        "the backup's selection asks for a tag that nothing has",
        put(*SELECTION, "selection_tag", [{"type": "STRINGEQUALS", "key": "backup", "value": "yes"}]),
        " ".join(SELECTION),
    ),
    Danger(
        "backup",
        "the backup's selection leaves out the database",
        put(*SELECTION, "not_resources", ["arn:aws:rds:*:*:db:*"]),
        " ".join(SELECTION),
    ),
    Danger(
        "backup",
        "the backup runs once in a hundred years",
        put(*PLAN, "rule.0.schedule", "cron(0 5 1 1 ? 2126)"),
        " ".join(PLAN),
    ),
    Danger(
        "backup",
        "the backup is deleted before the next one",
        put(*PLAN, "rule.0.lifecycle", {"delete_after": 1}),
        " ".join(PLAN),
    ),
    Danger(
        "backup",
        "the backup's copies are kept for a week",
        put(*PLAN, "rule.0.copy_action.0.lifecycle", {"delete_after": 7}),
        " ".join(PLAN),
    ),
    Danger(
        "backup",
        "a second vault's copies go to another account",
        lambda stack: body(stack, *PLAN)["rule"][0]["copy_action"].append(
            {"destination_vault_arn": "arn:aws:backup:eu-central-1:999999999999:backup-vault:x"}
        ),
        " ".join(PLAN),
    ),
    Danger(
        "backup",
        "the vault is deleted with what it holds",
        put("aws_backup_vault", "backup/home/vault", "force_destroy", True),
        "aws_backup_vault backup/home/vault",
    ),
    Danger(
        "backup",
        "the vault says nothing about failed backups",
        put(
            "aws_backup_vault_notifications",
            "backup/trouble",
            "backup_vault_events",
            ["BACKUP_JOB_STARTED"],
        ),
        "aws_backup_vault_notifications backup/trouble",
    ),
    Danger(
        "backup",
        "the vault's failures go to another topic",
        put(
            "aws_backup_vault_notifications",
            "backup/trouble",
            "sns_topic_arn",
            "arn:aws:sns:eu-central-1:777788889999:dpf-prod-trail",
        ),
        "aws_backup_vault_notifications backup/trouble",
    ),
    Danger(
        "backup",
        "the database's backups are in the recovery region for a day",
        put("aws_db_instance_automated_backups_replication", "database/recovery", "retention_period", 1),
        "aws_db_instance_automated_backups_replication database/recovery",
    ),
    Danger(
        "data",
        "the audit bucket is deleted with what it holds",
        put("aws_s3_bucket", "lake/audit/bucket", "force_destroy", True),
        "aws_s3_bucket lake/audit/bucket",
    ),
    Danger(
        "data",
        "a recovery copy of gold is deleted with what it holds",
        put("aws_s3_bucket", "lake/gold-recovery/bucket", "force_destroy", True),
        "aws_s3_bucket lake/gold-recovery/bucket",
    ),
    Danger(
        "data",
        "gold expires after a day by one more rule",
        expire("lake/gold/lifecycle"),
        "aws_s3_bucket_lifecycle_configuration lake/gold/lifecycle",
    ),
    Danger(
        "data",
        "tables in silver expire after a day by a rule with a prefix",
        expire_prefix("lake/silver/lifecycle"),
        "aws_s3_bucket_lifecycle_configuration lake/silver/lifecycle",
    ),
    Danger(
        "data",
        "the recovery copy of platinum expires after a day",
        expire("lake/platinum-recovery/lifecycle"),
        "aws_s3_bucket_lifecycle_configuration lake/platinum-recovery/lifecycle",
    ),
    Danger(
        "data",
        "superseded versions in gold go after a day",
        put(
            "aws_s3_bucket_lifecycle_configuration",
            "lake/gold/lifecycle",
            "rule.0.noncurrent_version_expiration.noncurrent_days",
            1,
        ),
        "aws_s3_bucket_lifecycle_configuration lake/gold/lifecycle",
    ),
    Danger(
        "data",
        "deletions of the audit bucket need no second factor and versions stop",
        put(
            "aws_s3_bucket_versioning",
            "lake/audit/versioning",
            "versioning_configuration.status",
            "Suspended",
        ),
        "aws_s3_bucket_versioning lake/audit/versioning",
    ),
    Danger(
        "data",
        "replication leaves out what is encrypted",
        put(
            "aws_s3_bucket_replication_configuration",
            "lake/gold/replication",
            "rule.0.source_selection_criteria.sse_kms_encrypted_objects.status",
            "Disabled",
        ),
        "aws_s3_bucket_replication_configuration lake/gold/replication",
    ),
    Danger(
        "data",
        "replication copies gold to another account",
        put(
            "aws_s3_bucket_replication_configuration",
            "lake/gold/replication",
            "rule.0.destination.account",
            "999999999999",
        ),
        "aws_s3_bucket_replication_configuration lake/gold/replication",
    ),
    Danger(
        "data",
        "one more rule replicates gold to a bucket of another account",
        lambda stack: body(stack, "aws_s3_bucket_replication_configuration", "lake/gold/replication")["rule"].append(
            {
                "id": "partner",
                "status": "Enabled",
                "priority": 9,
                "filter": [{"prefix": ""}],
                "destination": {"bucket": "arn:aws:s3:::partner-exchange", "account": "999999999999"},
            }
        ),
        "aws_s3_bucket_replication_configuration lake/gold/replication",
    ),
    Danger(
        "data",
        "the bucket's own encryption is another key",
        put(
            "aws_s3_bucket_server_side_encryption_configuration",
            "lake/gold/encryption",
            "rule.0.apply_server_side_encryption_by_default.kms_master_key_id",
            "arn:aws:kms:eu-central-1:999999999999:key/1",
        ),
        "aws_s3_bucket_server_side_encryption_configuration lake/gold/encryption",
    ),
    Danger(
        "data",
        "public access is blocked, but not by the account",
        put("aws_s3_account_public_access_block", "lake/account-public-access", "block_public_policy", False),
        "aws_s3_account_public_access_block lake/account-public-access",
    ),
    Danger(
        "data",
        "the database accepts TLS 1.0",
        lambda stack: _parameter(stack, "ssl_min_protocol_version", "TLSv1"),
        "aws_db_parameter_group database/parameters",
    ),
    Danger(
        "data",
        "the database's read replica is not protected",
        put("aws_db_instance", "database/replica-1", "deletion_protection", False),
        "aws_db_instance database/replica-1",
    ),
    Danger(
        "data",
        "the database is restored from a snapshot of unknown origin",
        put(*SERVER, "snapshot_identifier", "arn:aws:rds:eu-central-1:999999999999:snapshot:x"),
        " ".join(SERVER),
    ),
    Danger(
        "data",
        "a module's secret is replicated with AWS's own key",
        drop("aws_secretsmanager_secret", "secrets/airflow", "replica.0.kms_key_id"),
        "aws_secretsmanager_secret secrets/airflow",
    ),
    Danger(
        "data",
        "a module's secret can be deleted at once",
        put("aws_secretsmanager_secret", "secrets/airflow", "recovery_window_in_days", 0),
        "aws_secretsmanager_secret secrets/airflow",
    ),
    Danger(
        "data",
        "a rotated secret is rotated by a function of another account",
        put(
            "aws_secretsmanager_secret_rotation",
            "secrets/database-rotation",
            "rotation_lambda_arn",
            "arn:aws:lambda:eu-central-1:999999999999:function:rotate",
        ),
        "aws_secretsmanager_secret_rotation secrets/database-rotation",
    ),
    Danger(
        "data",
        "the cache's user for everyone is on, without a password",
        put("aws_elasticache_user", "cache/user-default", "access_string", "on ~* +@all"),
        "aws_elasticache_user cache/user-default",
    ),
    Danger(
        "data",
        "a module's user of the cache sees all keys of others",
        put("aws_elasticache_user", "cache/user-airflow", "access_string", "on ~* +@all"),
        "aws_elasticache_user cache/user-airflow",
    ),
    Danger(
        "data",
        "images are replicated to a registry of another account",
        put(
            "aws_ecr_replication_configuration",
            "registry/replication",
            "replication_configuration.rule.0.destination.0.registry_id",
            "999999999999",
        ),
        "aws_ecr_replication_configuration registry/replication",
    ),
    Danger(
        "data",
        "images are deleted after one day whether used or not",
        put(
            "aws_ecr_lifecycle_policy",
            "registry/airflow-lifecycle",
            "policy",
            '{"rules": [{"rulePriority": 1, "selection": {"tagStatus": "any", "countType": "sinceImagePushed",'
            ' "countUnit": "days", "countNumber": 1}, "action": {"type": "expire"}}]}',
        ),
        "aws_ecr_lifecycle_policy registry/airflow-lifecycle",
    ),
    Danger(
        "data",
        "the repository is deleted with its images",
        put("aws_ecr_repository", "registry/airflow", "force_delete", True),
        "aws_ecr_repository registry/airflow",
    ),
    Danger(
        "data",
        "snapshots of volumes may be public again",
        put("aws_ebs_snapshot_block_public_access", "governance/snapshots", "state", "unblocked"),
        "aws_ebs_snapshot_block_public_access governance/snapshots",
    ),
    Danger(
        "data",
        "new volumes are not encrypted",
        put("aws_ebs_encryption_by_default", "governance/disk-encryption", "enabled", False),
        "aws_ebs_encryption_by_default governance/disk-encryption",
    ),
    Danger(
        "data",
        "a policy of volumes copies snapshots to another account",
        add(
            "aws_dlm_lifecycle_policy",
            "backup/volumes",
            {"description": "copy", "execution_role_arn": "arn:aws:iam::777788889999:role/x", "state": "ENABLED"},
        ),
        "aws_dlm_lifecycle_policy backup/volumes",
    ),
    Danger(
        "region",
        "a bucket of the lake is in the United States",
        put("aws_s3_bucket", "lake/gold/bucket", "region", "us-east-1"),
        "aws_s3_bucket lake/gold/bucket",
    ),
    Danger(
        "region",
        "the recovery provider is in the United States",
        lambda stack: [
            block.update({"region": "us-east-1"}) for block in stack["provider"]["aws"] if block.get("alias")
        ],
        "provider aws",
    ),
    Danger(
        "region",
        "a secret is copied to another region",
        lambda stack: body(stack, "aws_secretsmanager_secret", "secrets/spark")["replica"].append(
            {"region": "us-west-2"}
        ),
        "aws_secretsmanager_secret secrets/spark",
    ),
    Danger(
        "region",
        "a key of many regions",
        every(
            [
                put("aws_kms_key", "keys/lake", "multi_region", True),
                add(
                    "aws_kms_replica_key",
                    "keys/lake-us",
                    {"primary_key_arn": to("aws_kms_key", "keys/lake", "arn"), "region": "us-east-1"},
                ),
            ]
        ),
        "aws_kms_replica_key keys/lake-us",
    ),
    Danger(
        "region",
        "the database's copies are in the home region",
        drop("aws_db_instance_automated_backups_replication", "database/recovery", "provider"),
        "aws_db_instance_automated_backups_replication database/recovery",
    ),
]


def _parameter(stack: Stack, name: str, value: str) -> None:
    for parameter in body(stack, "aws_db_parameter_group", "database/parameters")["parameter"]:
        if parameter["name"] == name:
            parameter["value"] = value
