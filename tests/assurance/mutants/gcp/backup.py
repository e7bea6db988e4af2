"""Backups, cost, ownership, pipelines (BAK-1 to ID-1)."""

from tests.assurance.mutants import Stack, add, body, drop, mutant, put, remove

PLAN, VAULT = ("google_backup_dr_backup_plan", "backup/plan"), ("google_backup_dr_backup_vault", "backup/vault")
COPY, BUDGET = ("google_storage_transfer_job", "backup/copy-gold"), ("google_billing_budget", "cost/budget")
JOB, GRANT = "google_cloud_scheduler_job", "google_project_iam_member"
DB, ALERT = ("google_sql_database_instance", "database/server"), "google_monitoring_alert_policy"
WEEKLY = {"recurrence_type": "WEEKLY", "days_of_week": ["SUNDAY"]}
LOCATIONS = ("google_org_policy_policy", "governance/gcp-resourceLocations")


def _plan_gets_a_bucket(stack: Stack) -> None:
    member = body(stack, GRANT, "pipelines/plan-state")["member"]
    granted = {"bucket": "x", "role": "roles/storage.objectViewer", "member": member}
    add("google_storage_bucket_iam_member", "pipelines/mutant", granted)(stack)


MUTANTS = [
    mutant("BAK-1 BAK-3", "weekly backups", put(*PLAN, "backup_rules.standard_schedule", WEEKLY)),
    mutant("BAK-1", "short backup retention", put(*PLAN, "backup_rules.backup_retention_days", 1)),
    mutant(
        "BAK-1",
        "database missing in the backup plan",
        remove("google_backup_dr_backup_plan_association", "backup/database"),
    ),
    mutant("BAK-1", "layer missing in the backup plan", remove(*COPY)),
    mutant("BAK-1", "weekly copy of a layer", put(*COPY, "schedule.repeat_interval", "604800s")),
    mutant(
        "BAK-1 LAKE-7", "layer copied to another bucket", put(*COPY, "transfer_spec.gcs_data_sink.bucket_name", "x")
    ),
    mutant("BAK-1", "disabled copy job", put(*COPY, "status", "DISABLED")),
    mutant(
        "BAK-1", "short enforced backup retention", put(*VAULT, "backup_minimum_enforced_retention_duration", "86400s")
    ),
    mutant("BAK-1", "backups with Google's own key", drop(*VAULT, "encryption_config")),
    mutant("BAK-1", "backup vault in the home region", put(*VAULT, "location", "europe-west3"), only="prod"),
    mutant("BAK-1", "wrong backup vault", put(*PLAN, "backup_vault", "x")),
    mutant(
        "BAK-2 LAKE-7",
        "Velero with another bucket",
        put("google_storage_bucket_iam_member", "backup/velero-bucket", "bucket", "x"),
    ),
    mutant(
        "BAK-2 LAKE-7",
        "Velero without write access",
        remove("google_storage_bucket_iam_member", "backup/velero-bucket"),
    ),
    mutant(
        "BAK-2 ID-2",
        "Velero without snapshot permissions",
        put("google_project_iam_custom_role", "backup/velero-volumes", "permissions", []),
    ),
    mutant(
        "BAK-2 ID-2", "Velero with a compute role", put(GRANT, "backup/velero-snapshots", "role", "roles/compute.admin")
    ),
    mutant(
        "BAK-2 ID-2", "Velero without an identity", remove("google_service_account_iam_member", "backup/velero-pods")
    ),
    mutant(
        "BAK-3",
        "cluster backups less frequent than the objective",
        put("google_gke_backup_backup_plan", "backup/cluster", "backup_schedule.cron_schedule", "0 5 * * 0"),
    ),
    mutant("BAK-3 BAK-4", "no alert on failed backups", put(ALERT, "alarms/backup-failed-warning", "enabled", False)),
    mutant(
        "BAK-3 DB-5",
        "no point-in-time recovery",
        put(*DB, "settings.backup_configuration.transaction_log_retention_days", 0),
    ),
    mutant(
        "BAK-4", "no query for the jobs of backups", remove("google_logging_saved_query", "alarms/backup-jobs-query")
    ),
    mutant("BAK-4", "failed copies not reported", drop(*COPY, "logging_config")),
    mutant("COST-1", "no budget alert at 50 %", drop(*BUDGET, "threshold_rules.0")),
    mutant("COST-1", "budget too high", put(*BUDGET, "amount.specified_amount.units", "999999")),
    mutant("COST-1", "yearly budget", put(*BUDGET, "budget_filter.calendar_period", "YEAR")),
    mutant(
        "COST-1",
        "budget alert without a recipient",
        put(*BUDGET, "all_updates_rule.monitoring_notification_channels", []),
    ),
    mutant("COST-2", "node pool not scaled down", remove(JOB, "cost/nodes-system-size-down"), only="dev"),
    mutant("COST-2", "node pool not scaled up", put(JOB, "cost/nodes-system-up", "paused", True), only="dev"),
    mutant(
        "COST-2",
        "schedule in another time zone",
        put(JOB, "cost/nodes-spot-down", "time_zone", "Asia/Tokyo"),
        only="dev",
    ),
    mutant(
        "COST-2",
        "database stop schedule at noon",
        put(JOB, "cost/database-down", "schedule", "0 12 * * 1-5"),
        only="dev",
    ),
    mutant(
        "COST-2",
        "schedule for another database",
        put(JOB, "cost/database-down", "http_target.uri", "https://x/instances/y"),
        only="dev",
    ),
    mutant("GOV-1", "owner label missing", lambda stack: stack["provider"]["google"][0]["default_labels"].pop("owner")),
    mutant(
        "GOV-1",
        "nodes without labels",
        drop("google_container_node_pool", "cluster/pool-spot", "node_config.resource_labels"),
    ),
    mutant("GOV-1", "database without labels", drop(*DB, "settings.user_labels")),
    mutant(
        "GOV-1",
        "resource with a conflicting label",
        put("google_kms_crypto_key", "keys/lake", "labels", {"environment": "other"}),
    ),
    mutant("GOV-2", "resource in another region", put("google_compute_router", "network/router", "region", "us-east1")),
    mutant(
        "GOV-2",
        "cluster in another location",
        put("google_container_cluster", "cluster/cluster", "location", "us-central1-a"),
    ),
    mutant("GOV-2", "other regions not denied", remove(*LOCATIONS)),
    mutant(
        "GOV-2",
        "additional allowed region",
        put(*LOCATIONS, "spec.rules.values.allowed_values.0", "in:us-east1-locations"),
    ),
    mutant(
        "ID-1",
        "provider open to any repository",
        put("google_iam_workload_identity_pool_provider", "pipelines/apply-github", "attribute_condition", "true"),
    ),
    mutant(
        "ID-1",
        "wrong OIDC issuer",
        put(
            "google_iam_workload_identity_pool_provider",
            "pipelines/plan-github",
            "oidc.issuer_uri",
            "https://example.org",
        ),
    ),
    mutant(
        "ID-1",
        "plan identity open to another repository",
        put(
            "google_service_account_iam_member",
            "pipelines/plan-as-pull_request",
            "member",
            "principal://x/subject/repo:other/x:pull_request",
        ),
    ),
    mutant(
        "ID-1",
        "apply identity open to any workflow",
        put("google_service_account_iam_member", "pipelines/apply-as-environment-prod", "member", "principalSet://x/*"),
        only="prod",
    ),
    mutant(
        "ID-2",
        "plan identity with write access",
        put(GRANT, "pipelines/plan-compute-viewer", "role", "roles/compute.admin"),
    ),
    mutant(
        "LAKE-7", "plan identity with write access to every bucket", drop(GRANT, "pipelines/plan-state", "condition")
    ),
    mutant(
        "LAKE-7",
        "plan identity with write access to another bucket",
        put(GRANT, "pipelines/plan-state", "condition.expression", 'resource.name.startsWith("projects/_/buckets/x/")'),
    ),
    mutant("LAKE-7", "plan identity may read a bucket", _plan_gets_a_bucket),
    mutant(
        "ID-1 ID-2",
        "plan identity replaces bundles",
        put("google_project_iam_member", "pipelines/plan-bundles", "role", "roles/storage.objectUser"),
    ),
    mutant(
        "ID-1",
        "apply identity open to every branch",
        put(
            "google_iam_workload_identity_pool_provider",
            "pipelines/apply-github",
            "attribute_condition",
            "assertion.repository == 'acme/terrace' && (assertion.sub == 'repo:acme/terrace:environment:prod')",
        ),
        only="prod",
    ),
    mutant("ID-1", "static key", add("google_service_account_key", "pipelines/mutant", {"service_account_id": "x"})),
    mutant(
        "BAK-2",
        "cluster's backups paused",
        put("google_gke_backup_backup_plan", "backup/cluster", "backup_schedule.paused", True),
    ),
    mutant(
        "AUD-3",
        "project metadata that allows shared SSH keys",
        put("google_compute_project_metadata_item", "governance/metadata-block-project-ssh-keys", "value", "FALSE"),
    ),
    mutant(
        "ID-2",
        "ceiling with another exception",
        put("google_iam_deny_policy", "governance/ceiling", "rules.0.deny_rule.exception_principals", ["x"]),
    ),
    mutant(
        "ID-2 GOV-2",
        "outsider with a basic role",
        add(
            "google_project_iam_binding",
            "governance/mutant",
            {"project": "x", "role": "roles/viewer", "members": ["user:x@example.org"]},
        ),
    ),
    mutant(
        "ID-2",
        "person who may read secrets",
        put("google_iam_deny_policy", "governance/ceiling", "rules.3.deny_rule.exception_principals.0", "x"),
    ),
    mutant(
        "ID-2",
        "sinks that may be changed",
        drop("google_iam_deny_policy", "governance/ceiling", "rules.2.deny_rule.denied_permissions.1"),
    ),
    mutant("ID-2", "type that the access model does not read", add("google_compute_instance", "network/mutant", {})),
]
