"""Changes of AWS resources that cannot be undone."""

from datetime import date

from terrace.capabilities.effects import ANY, Lock, LockTable

_READ = date(2026, 12, 1)

LOCKS: LockTable = {
    "aws_backup_vault_lock_configuration": {
        "changeable_for_days": Lock(
            ANY,
            "after these days the lock cannot be changed or removed",
            "AWS Backup API Reference, PutBackupVaultLockConfiguration, ChangeableForDays",
            _READ,
        )
    },
    "aws_s3_bucket_object_lock_configuration": {
        "rule.default_retention.mode": Lock(
            "COMPLIANCE",
            "objects that are written from then on cannot be deleted before their retention ends",
            "Amazon S3 User Guide, 'Locking objects with Object Lock', on the compliance mode",
            _READ,
        )
    },
}
