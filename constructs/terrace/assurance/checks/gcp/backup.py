"""Backup and DR, Backup for GKE, and Velero's permissions (BAK-1 to BAK-3)."""

import re
from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp import database
from terrace.assurance.checks.gcp.lookup import pods, seconds, uses
from terrace.assurance.evaluation import Observation, at_least, at_most, check, equal, includes
from terrace.assurance.view import Resource, at
from terrace.gcp import names
from terrace.gcp.names import Place


def _plan(stack: Subject) -> Resource:
    return stack.view.only("google_backup_dr_backup_plan")


def _hours(rule: object) -> float | None:
    kind, interval = at(rule, "standard_schedule.recurrence_type"), at(rule, "standard_schedule.hourly_frequency")
    return float(interval) if kind == "HOURLY" and interval else 24.0 if kind == "DAILY" else None


@check("BAK-1")
def daily_backups(stack: Subject) -> Iterator[Observation]:
    spec, plan = stack.environment.backup, _plan(stack)
    for rule in plan.blocks("backup_rules"):
        yield at_most(str(plan), "hours between backups", _hours(rule), 24)
        yield equal(str(plan), "backup_retention_days", rule.get("backup_retention_days"), spec.retention_days)
    for layer in ("silver", "gold", "platinum"):
        job = stack.one("google_storage_transfer_job", f"backup/copy-{layer}")
        interval = seconds(job.get("schedule.repeat_interval"))
        yield at_most(str(job), "hours between copies", None if interval is None else interval / 3600, 24)
        yield equal(str(job), "status", job.get("status", "ENABLED"), "ENABLED")


@check("BAK-1")
def vault_locked(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.backup
    vault = stack.view.target(_plan(stack).get("backup_vault"))
    if vault is None:
        yield Observation(str(_plan(stack)), "backup_vault is outside the stack", False, "backup/vault")
        return
    least = seconds(vault.get("backup_minimum_enforced_retention_duration"))
    yield at_least(str(vault), "minimum enforced retention in days", None if least is None else least / 86400, 7)
    key_region: Place = "recovery" if spec.copy_to_recovery_region else "home"
    yield uses(stack, vault, vault.get("encryption_config.kms_key_name"), "kms_key_name", "backups", key_region)
    location = stack.target.recovery_region if spec.copy_to_recovery_region else stack.target.region
    yield equal(str(vault), "location", vault.get("location"), location)


@check("BAK-1")
def database_and_lake_selected(stack: Subject) -> Iterator[Observation]:
    associations = stack.all("google_backup_dr_backup_plan_association")
    selected = [str(association.get("resource")) for association in associations]
    yield includes(str(_plan(stack)), "selected resources", selected, [names.database_id(stack.target)])
    for layer in ("silver", "gold", "platinum"):
        job = stack.one("google_storage_transfer_job", f"backup/copy-{layer}")
        destination = job.get("transfer_spec.gcs_data_sink.bucket_name")
        yield equal(str(job), "destination bucket", destination, names.bucket(stack.target, "backups"))


@check("BAK-2")
def cluster_backup_permissions(stack: Subject) -> Iterator[Observation]:
    account = stack.one("google_service_account", "backup/velero")
    yield equal(
        str(account), "service accounts", pods(stack, account), [str(stack.environment.component_accounts["velero"])]
    )
    member = names.member(stack.target, "velero")
    grants = [one for one in stack.all("google_storage_bucket_iam_member") if one.get("member") == member]
    buckets = [str(one.get("bucket")) for one in grants]
    yield equal(str(account), "writable buckets", buckets, [names.bucket(stack.target, "backups")])
    roles = [str(one.get("role")) for one in stack.all("google_project_iam_member") if one.get("member") == member]
    yield equal(str(account), "roles", roles, [names.custom_role_id(stack.target, "velero")])
    permissions = stack.one("google_project_iam_custom_role", "backup/velero-volumes").get("permissions", [])
    yield includes(str(account), "permissions", permissions, ["compute.disks.createSnapshot"])


@check("BAK-3")
def recovery_objectives_met(stack: Subject) -> Iterator[Observation]:
    spec, plan = stack.environment.backup, _plan(stack)
    objective = spec.rpo.total_seconds() / 3600
    for rule in plan.blocks("backup_rules"):
        yield at_most(str(plan), "hours between backups (backup.rpo)", _hours(rule), objective)
    cluster = stack.one("google_gke_backup_backup_plan", "backup/cluster")
    hours = _times(str(cluster.get("backup_schedule.cron_schedule")))
    gaps = [(after - before) % 24 or 24 for before, after in zip(hours, hours[1:] + hours[:1], strict=True)]
    yield at_most(str(cluster), "hours between backups (backup.rpo)", max(gaps, default=None), objective)
    log_days = database.server(stack).get("settings.backup_configuration.transaction_log_retention_days")
    yield at_least(str(database.server(stack)), "days of point-in-time recovery", log_days, 1)


def _times(cron: str) -> list[int]:
    """The hours of a daily schedule, in order; none for any other schedule."""
    match = re.fullmatch(r"\d+ (\d+(?:,\d+)*) \* \* \*", cron)
    return sorted(int(hour) for hour in match[1].split(",")) if match else []


@check("BAK-3")
def failure_alerts(stack: Subject) -> Iterator[Observation]:
    for severity in ("warning", "critical"):
        alarm = stack.one("google_monitoring_alert_policy", f"alarms/backup-failed-{severity}")
        yield at_least(str(alarm), "channels", len(alarm.get("notification_channels", [])), 1)
        yield equal(str(alarm), "enabled", alarm.get("enabled", True), True)
