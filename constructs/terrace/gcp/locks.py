"""Changes of Google Cloud resources that cannot be undone."""

from datetime import date

from terrace.capabilities.effects import Lock, LockTable

_READ = date(2026, 12, 1)

LOCKS: LockTable = {
    "google_logging_project_bucket_config": {
        "locked": Lock(
            "true",
            "the retention cannot be changed, and the log bucket cannot be deleted before its entries expire",
            "Cloud Logging documentation, 'Configure log buckets', on locking a bucket",
            _READ,
        )
    },
    "google_storage_bucket": {
        "retention_policy.is_locked": Lock(
            "true",
            "the retention policy cannot be removed or shortened, and objects cannot be deleted before it ends",
            "Cloud Storage documentation, 'Bucket Lock'",
            _READ,
        )
    },
}
