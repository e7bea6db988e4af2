"""The lake (LAKE-1 to LAKE-7)."""

from tests.assurance.mutants import add, drop, mutant, put, remove

BUCKET = "google_storage_bucket"
GOLD, GRANT = (BUCKET, "lake/gold/bucket"), "google_storage_bucket_iam_member"

MUTANTS = [
    mutant("LAKE-1", "a bucket may be public", put(*GOLD, "public_access_prevention", "inherited")),
    mutant("LAKE-1", "objects with owners", put(*GOLD, "uniform_bucket_level_access", False)),
    mutant("LAKE-1", "everybody reads", add(GRANT, "lake/mutant", {"member": "allUsers", "bucket": "x"})),
    mutant("LAKE-1", "a bucket more", add(BUCKET, "lake/mutant", {"name": "open-to-all"})),
    mutant("LAKE-2", "under Google's own key", drop(*GOLD, "encryption.default_kms_key_name")),
    mutant("LAKE-2", "under another key", put(*GOLD, "encryption.default_kms_key_name", "x")),
    mutant("LAKE-3", "no versions", put(*GOLD, "versioning.enabled", False)),
    mutant("LAKE-3", "no soft delete", put(*GOLD, "soft_delete_policy.retention_duration_seconds", 0)),
    mutant("LAKE-3", "bronze can be changed", drop(BUCKET, "lake/bronze/bucket", "retention_policy")),
    mutant(
        "LAKE-3",
        "bronze is locked briefly",
        put(BUCKET, "lake/bronze/bucket", "retention_policy.retention_period", "60"),
    ),
    mutant(
        "LAKE-3",
        "some may lift the lock",
        put(BUCKET, "lake/bronze/bucket", "retention_policy.is_locked", False),
        only="prod",
    ),
    mutant("LAKE-4", "cold data stays", drop(*GOLD, "lifecycle_rule.0")),
    mutant(
        "LAKE-4",
        "gold ends",
        put(*GOLD, "lifecycle_rule.3", {"action": {"type": "Delete"}, "condition": {"age": 30, "with_state": "LIVE"}}),
    ),
    mutant("LAKE-4", "old versions stay", drop(*GOLD, "lifecycle_rule.2")),
    mutant("LAKE-4", "a rule for a part", put(*GOLD, "lifecycle_rule.2.condition.matches_prefix", ["x/"])),
    mutant("LAKE-5", "one region", drop(*GOLD, "custom_placement_config.data_locations.0"), only="prod"),
    mutant("LAKE-5", "copied at leisure", put(*GOLD, "rpo", "DEFAULT"), only="prod"),
    mutant("LAKE-6", "a bucket without a log", drop(*GOLD, "logging")),
    mutant("LAKE-6", "a log in the wrong place", put(*GOLD, "logging.log_bucket", "x")),
    mutant(
        "LAKE-7", "a reader writes", put(GRANT, "workloads/module-superset-gold", "role", "roles/storage.objectUser")
    ),
    mutant(
        "LAKE-7", "a module owns a layer", put(GRANT, "workloads/module-spark-bronze", "role", "roles/storage.admin")
    ),
    mutant("LAKE-7", "a module lost its layer", remove(GRANT, "workloads/module-spark-bronze")),
    mutant("LAKE-7", "a module in another bucket", put(GRANT, "workloads/module-spark-bronze", "bucket", "other")),
]
