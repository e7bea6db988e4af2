"""Changes of Google Cloud resources that cannot be undone."""

from datetime import date

from terrace.capabilities.effects import Lock, LockTable

_READ = date(2026, 12, 1)

LOCKS: LockTable = {
    "google_logging_project_bucket_config": {
        "locked": Lock(
            "true",
            "nobody can change the retention, or delete the log bucket before its entries expire",
            "Cloud Logging documentation, 'Configure log buckets', on locking a bucket",
            _READ,
        )
    },
    "google_storage_bucket": {
        "retention_policy.is_locked": Lock(
            "true",
            "nobody can remove the retention policy or shorten its period, nor delete objects before it ends",
            "Cloud Storage documentation, 'Bucket Lock'",
            _READ,
        )
    },
}
