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
    mutant("BAK-1 BAK-3", "backups once a week", put(*PLAN, "backup_rules.standard_schedule", WEEKLY)),
    mutant("BAK-1", "backups hardly kept", put(*PLAN, "backup_rules.backup_retention_days", 1)),
    mutant("BAK-1", "the database is left out", remove("google_backup_dr_backup_plan_association", "backup/database")),
    mutant("BAK-1", "a layer is left out", remove(*COPY)),
    mutant("BAK-1", "a layer once a week", put(*COPY, "schedule.repeat_interval", "604800s")),
    mutant("BAK-1", "a layer elsewhere", put(*COPY, "transfer_spec.gcs_data_sink.bucket_name", "x")),
    mutant("BAK-1", "a copy that is off", put(*COPY, "status", "DISABLED")),
    mutant("BAK-1", "backups can be removed", put(*VAULT, "backup_minimum_enforced_retention_duration", "86400s")),
    mutant("BAK-1", "backups under Google's own key", drop(*VAULT, "encryption_config")),
    mutant("BAK-1", "backups at home", put(*VAULT, "location", "europe-west3"), only="prod"),
    mutant("BAK-1", "another vault", put(*PLAN, "backup_vault", "x")),
    mutant(
        "BAK-2",
        "Velero writes elsewhere",
        put("google_storage_bucket_iam_member", "backup/velero-bucket", "bucket", "x"),
    ),
    mutant("BAK-2", "Velero writes nowhere", remove("google_storage_bucket_iam_member", "backup/velero-bucket")),
    mutant(
        "BAK-2",
        "no snapshots of volumes",
        put("google_project_iam_custom_role", "backup/velero-volumes", "permissions", []),
    ),
    mutant("BAK-2", "Velero rules machines", put(GRANT, "backup/velero-snapshots", "role", "roles/compute.admin")),
    mutant("BAK-2", "Velero without an identity", remove("google_service_account_iam_member", "backup/velero-pods")),
    mutant(
        "BAK-3",
        "backups of the cluster too rare",
        put("google_gke_backup_backup_plan", "backup/cluster", "backup_schedule.cron_schedule", "0 5 * * 0"),
    ),
    mutant("BAK-3", "failed backups are a secret", put(ALERT, "alarms/backup-failed-warning", "enabled", False)),
    mutant(
        "BAK-3 DB-5",
        "no recovery to a point in time",
        put(*DB, "settings.backup_configuration.transaction_log_retention_days", 0),
    ),
    mutant("COST-1", "no alert at half", drop(*BUDGET, "threshold_rules.0")),
    mutant("COST-1", "twice the budget", put(*BUDGET, "amount.specified_amount.units", "999999")),
    mutant("COST-1", "a budget a year", put(*BUDGET, "budget_filter.calendar_period", "YEAR")),
    mutant("COST-1", "an alert for nobody", put(*BUDGET, "all_updates_rule.monitoring_notification_channels", [])),
    mutant("COST-2", "a pool stays awake", remove(JOB, "cost/nodes-system-size-down"), only="dev"),
    mutant("COST-2", "a pool does not wake", put(JOB, "cost/nodes-system-up", "paused", True), only="dev"),
    mutant("COST-2", "it sleeps elsewhere", put(JOB, "cost/nodes-spot-down", "time_zone", "Asia/Tokyo"), only="dev"),
    mutant(
        "COST-2", "the database sleeps at noon", put(JOB, "cost/database-down", "schedule", "0 12 * * 1-5"), only="dev"
    ),
    mutant(
        "COST-2",
        "another database",
        put(JOB, "cost/database-down", "http_target.uri", "https://x/instances/y"),
        only="dev",
    ),
    mutant("GOV-1", "no owner", lambda stack: stack["provider"]["google"][0]["default_labels"].pop("owner")),
    mutant(
        "GOV-1",
        "nodes without labels",
        drop("google_container_node_pool", "cluster/pool-spot", "node_config.resource_labels"),
    ),
    mutant("GOV-1", "a database without labels", drop(*DB, "settings.user_labels")),
    mutant(
        "GOV-1",
        "a resource says otherwise",
        put("google_kms_crypto_key", "keys/lake", "labels", {"environment": "other"}),
    ),
    mutant("GOV-2", "another region", put("google_compute_router", "network/router", "region", "us-east1")),
    mutant(
        "GOV-2",
        "the cluster everywhere",
        put("google_container_cluster", "cluster/cluster", "location", "us-central1-a"),
    ),
    mutant("GOV-2", "other regions are open", remove(*LOCATIONS)),
    mutant("GOV-2", "a region more", put(*LOCATIONS, "spec.rules.values.allowed_values.0", "in:us-east1-locations")),
    mutant(
        "ID-1",
        "any repository",
        put("google_iam_workload_identity_pool_provider", "pipelines/apply-github", "attribute_condition", "true"),
    ),
    mutant(
        "ID-1",
        "another issuer",
        put(
            "google_iam_workload_identity_pool_provider",
            "pipelines/plan-github",
            "oidc.issuer_uri",
            "https://example.org",
        ),
    ),
    mutant(
        "ID-1",
        "anybody's workflow may plan",
        put(
            "google_service_account_iam_member",
            "pipelines/plan-as-pull_request",
            "member",
            "principal://x/subject/repo:other/x:pull_request",
        ),
    ),
    mutant(
        "ID-1",
        "any workflow may apply",
        put("google_service_account_iam_member", "pipelines/apply-as-environment-prod", "member", "principalSet://x/*"),
        only="prod",
    ),
    mutant("ID-1", "plan writes", put(GRANT, "pipelines/plan-compute-viewer", "role", "roles/compute.admin")),
    mutant("ID-1", "plan writes to every bucket", drop(GRANT, "pipelines/plan-state", "condition")),
    mutant(
        "ID-1",
        "plan writes to another bucket",
        put(GRANT, "pipelines/plan-state", "condition.expression", 'resource.name.startsWith("projects/_/buckets/x/")'),
    ),
    mutant("ID-1", "plan reads a bucket", _plan_gets_a_bucket),
    mutant("ID-1", "a static key", add("google_service_account_key", "pipelines/mutant", {"service_account_id": "x"})),
]
