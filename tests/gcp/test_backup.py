"""Backup and DR, Storage Transfer and Velero on Google Cloud (BAK-1 to BAK-3)."""

import pytest

ENVIRONMENTS = ("dev", "staging", "prod")


@pytest.mark.parametrize(("environment", "days", "hours"), [("dev", 7, None), ("staging", 30, None), ("prod", 120, 12)])
def test_the_database_is_backed_up_under_the_plan(gcp, environment, days, hours):  # BAK-1
    stack = gcp(environment)
    plan = stack.one("google_backup_dr_backup_plan", "backup/plan")
    rule = plan["backup_rules"][0]
    assert rule["backup_retention_days"] == days
    assert rule["standard_schedule"]["recurrence_type"] == ("HOURLY" if hours else "DAILY")
    assert rule["standard_schedule"].get("hourly_frequency") == hours
    server = stack.one("google_sql_database_instance", "database/server")["settings"]["backup_configuration"]
    assert plan["log_retention_days"] == server["transaction_log_retention_days"]  # DB-5
    taken = stack.one("google_backup_dr_backup_plan_association", "backup/database")
    assert taken["resource"] == f"projects/acme-data-{environment}/instances/dpf-{environment}"
    (trigger,) = taken["lifecycle"]["replace_triggered_by"]  # else a plan in use would be deleted, which is refused
    assert trigger.startswith("google_backup_dr_backup_plan.") and trigger.endswith(".id")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_vault_enforces_a_week_and_is_in_the_recovery_region_in_prod(gcp, environment):  # BAK-1
    vault = gcp(environment).one("google_backup_dr_backup_vault", "backup/vault")
    assert vault["backup_minimum_enforced_retention_duration"] == f"{7 * 86400}s"
    assert vault["location"] == ("europe-west9" if environment == "prod" else "europe-west3")
    assert f"/locations/{vault['location']}/" in vault["encryption_config"]["kms_key_name"]
    assert vault["access_restriction"] == "WITHIN_PROJECT"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_layers_are_copied_to_the_backups_bucket(gcp, environment):  # BAK-1
    stack = gcp(environment)
    backups = stack.one("google_storage_bucket", "lake/backups/bucket")["name"]
    copies = [body for _, body in stack.all("google_storage_transfer_job")]
    assert {body["transfer_spec"]["gcs_data_sink"]["path"] for body in copies} == {
        "lake/gold/",
        "lake/platinum/",
        "lake/silver/",
    }
    for body in copies:
        assert body["transfer_spec"]["gcs_data_sink"]["bucket_name"] == backups
        assert body["schedule"]["repeat_interval"] == ("43200s" if environment == "prod" else "86400s")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_velero_backs_up_the_cluster_to_the_backups_bucket(gcp, environment):  # BAK-2
    stack = gcp(environment)
    right = stack.one("google_storage_bucket_iam_member", "backup/velero-bucket")
    assert right["bucket"] == stack.one("google_storage_bucket", "lake/backups/bucket")["name"]
    pods = stack.one("google_service_account_iam_member", "backup/velero-pods")
    assert pods["member"].endswith("[velero/velero]")
    agent = stack.one("google_container_cluster", "cluster/cluster")["addons_config"]["gke_backup_agent_config"]
    assert agent["enabled"] is True


def test_the_vault_has_the_objectives_as_labels(gcp):  # BAK-3
    assert gcp("prod").one("google_backup_dr_backup_vault", "backup/vault")["labels"] == {"rpo": "pt12h", "rto": "pt4h"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_failed_copies_are_logged_and_jobs_have_a_query(gcp, environment):  # BAK-4
    stack = gcp(environment)
    for path, body in stack.all("google_storage_transfer_job"):
        assert body["logging_config"]["log_action_states"] == ["FAILED"], path
    query = stack.one("google_logging_saved_query", "alarms/backup-jobs-query")["logging_query"]["filter"]
    failed = stack.one("google_monitoring_alert_policy", "alarms/backup-failed-critical")["conditions"][0]
    for log in ("backupdr.googleapis.com/bdr_backup_restore_jobs", "storagetransfer.googleapis.com/transfer_activity"):
        assert log in query and log in failed["condition_matched_log"]["filter"]
