"""The lake (LAKE-1 to LAKE-8)."""

from tests.assurance.mutants import Edit, Stack, add, body, drop, mutant, put, remove

BUCKET = "google_storage_bucket"
DISCOVERY = ("google_data_loss_prevention_job_trigger", "lake/discovery")
GOLD, GRANT = (BUCKET, "lake/gold/bucket"), "google_storage_bucket_iam_member"


def limited(right: str, old: str, new: str) -> Edit:
    """Another condition of a module's right to orders."""

    def edit(stack: Stack) -> None:
        condition = body(stack, GRANT, f"workloads/module-{right}-orders")["condition"]
        assert old in condition["expression"]
        condition["expression"] = condition["expression"].replace(old, new)

    return edit


MUTANTS = [
    mutant("LAKE-1", "public access not prevented", put(*GOLD, "public_access_prevention", "inherited")),
    mutant("LAKE-1", "object ACLs enabled", put(*GOLD, "uniform_bucket_level_access", False)),
    mutant(
        "LAKE-7",
        "read access for all users",
        add(GRANT, "lake/mutant", {"member": "allUsers", "bucket": "x", "role": "roles/storage.objectViewer"}),
    ),
    mutant("LAKE-1", "bucket outside the lake", add(BUCKET, "lake/mutant", {"name": "open-to-all"})),
    mutant("LAKE-2", "bucket with Google's own key", drop(*GOLD, "encryption.default_kms_key_name")),
    mutant("LAKE-2", "bucket with the wrong key", put(*GOLD, "encryption.default_kms_key_name", "x")),
    mutant("LAKE-3", "versioning disabled", put(*GOLD, "versioning.enabled", False)),
    mutant("LAKE-3", "soft delete disabled", put(*GOLD, "soft_delete_policy.retention_duration_seconds", 0)),
    mutant("LAKE-3", "bronze without immutability", drop(BUCKET, "lake/bronze/bucket", "retention_policy")),
    mutant(
        "LAKE-3",
        "short bronze immutability",
        put(BUCKET, "lake/bronze/bucket", "retention_policy.retention_period", "60"),
    ),
    mutant(
        "LAKE-3",
        "removable bronze lock",
        put(BUCKET, "lake/bronze/bucket", "retention_policy.is_locked", False),
        only="prod",
    ),
    mutant("LAKE-4", "no transition of cold data", drop(*GOLD, "lifecycle_rule.0")),
    mutant(
        "LAKE-4",
        "gold with an expiration",
        put(*GOLD, "lifecycle_rule.3", {"action": {"type": "Delete"}, "condition": {"age": 30, "with_state": "LIVE"}}),
    ),
    mutant("LAKE-4", "no expiration of old versions", drop(*GOLD, "lifecycle_rule.2")),
    mutant("LAKE-4", "lifecycle rule for a prefix", put(*GOLD, "lifecycle_rule.2.condition.matches_prefix", ["x/"])),
    mutant("LAKE-5", "single-region bucket", drop(*GOLD, "custom_placement_config.data_locations.0"), only="prod"),
    mutant("LAKE-5", "default replication speed", put(*GOLD, "rpo", "DEFAULT"), only="prod"),
    mutant("LAKE-6", "bucket without access logs", drop(*GOLD, "logging")),
    mutant("LAKE-6", "access logs in the wrong bucket", put(*GOLD, "logging.log_bucket", "x")),
    mutant(
        "LAKE-7",
        "write access for a read-only module",
        put(GRANT, "workloads/module-superset-gold-orders", "role", "roles/storage.objectUser"),
    ),
    mutant(
        "ID-2",
        "module as admin of a layer",
        put(GRANT, "workloads/module-spark-bronze-orders", "role", "roles/storage.admin"),
    ),
    mutant(
        "LAKE-7", "module that writes a whole layer", drop(GRANT, "workloads/module-spark-silver-orders", "condition")
    ),
    mutant("LAKE-7", "module with another product", limited("airflow-silver", "orders/", "web-events/")),
    mutant("LAKE-7", "module with a product's name as a prefix", limited("superset-gold", 's/orders/")', 's/orders")')),
    mutant("LAKE-7", "module that lists a whole layer", limited("superset-gold", 'With("orders/")', 'With("")')),
    mutant(
        "LAKE-7",
        "module that lists by a product's name as a prefix",
        limited("superset-gold", 'With("orders/")', 'With("orders")'),
    ),
    mutant(
        "LAKE-7",
        "module that lists another product",
        limited("airflow-silver", 'With("orders/")', 'With("web-events/")'),
    ),
    mutant("LAKE-7", "module that cannot list its product", limited("superset-gold", 'With("orders/")', 'With("-")')),
    mutant("LAKE-7", "module with a condition that always holds", limited("superset-gold", " || ", " || true || ")),
    mutant("LAKE-7", "module without its declared product", remove(GRANT, "workloads/module-spark-bronze-orders")),
    mutant(
        "LAKE-7",
        "module with access to another bucket",
        put(GRANT, "workloads/module-spark-bronze-orders", "bucket", "other"),
    ),
    mutant("LAKE-8", "no search for sensitive data", remove(*DISCOVERY), only="prod"),
    mutant(
        "LAKE-8",
        "sensitive data sought in another bucket",
        put(*DISCOVERY, "inspect_job.storage_config.cloud_storage_options.file_set.url", "gs://other/**"),
        only="prod",
    ),
    mutant("LAKE-8", "search for sensitive data paused", put(*DISCOVERY, "status", "PAUSED"), only="prod"),
    mutant("LAKE-8", "sensitive data not reported", put(*DISCOVERY, "inspect_job.actions", []), only="prod"),
    mutant(
        "LAKE-8",
        "one kind of sensitive data",
        put(*DISCOVERY, "inspect_job.inspect_config.info_types", [{"name": "IBAN_CODE"}]),
        only="prod",
    ),
    mutant(
        "LAKE-7",
        "findings with data saved elsewhere",
        put(*DISCOVERY, "inspect_job.actions.0.save_findings", {"output_config": {"table": {"project_id": "x"}}}),
        only="prod",
    ),
]
