"""Backup and DR, Backup for GKE, and Velero's permissions (BAK-1 to BAK-4)."""

import re
from collections.abc import Iterator
from datetime import date

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp import database
from terrace.assurance.checks.gcp.lookup import each, on_records, pods, seconds, unset, uses
from terrace.assurance.evaluation import Observation, asked, at_least, at_most, check, equal, includes
from terrace.assurance.view import Resource, at
from terrace.capabilities.audit import AuditHandle
from terrace.capabilities.lake import Bucket
from terrace.gcp import names
from terrace.gcp.names import Place
from terrace.gcp.records import events
from terrace.gcp.signals import QUERIES

_LAYERS: tuple[Bucket, ...] = ("silver", "gold", "platinum")
"""The layers that are copied; bronze is immutable."""


def _plan(stack: Subject) -> Resource:
    return stack.view.only("google_backup_dr_backup_plan")


def _hours(rule: object) -> float | None:
    kind, interval = at(rule, "standard_schedule.recurrence_type"), at(rule, "standard_schedule.hourly_frequency")
    return float(interval) if kind == "HOURLY" and interval else 24.0 if kind == "DAILY" else None


@check("BAK-1")
def daily_backups(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.backup
    plan = _plan(stack) if stack.environment.database else None
    for rule in plan.blocks("backup_rules") if plan else ():
        yield at_most(str(plan), "hours between backups", _hours(rule), 24)
        yield equal(str(plan), "backup_retention_days", rule.get("backup_retention_days"), spec.retention_days)
    for job in each(stack, "google_storage_transfer_job", *(f"backup/copy-{layer}" for layer in _LAYERS)):
        interval = seconds(job.get("schedule.repeat_interval"))
        yield at_most(str(job), "hours between copies", None if interval is None else interval / 3600, 24)
        yield equal(str(job), "status", job.get("status", "ENABLED"), "ENABLED")
        start = job.get("schedule.schedule_start_date", {})
        began = tuple(int(at(start, part, 0)) for part in ("year", "month", "day"))
        today = date.today()
        started = began <= (today.year, today.month, today.day)
        yield Observation(str(job), f"starts on {'-'.join(map(str, began))}", started, "in the past")
        yield from unset(
            job, "schedule.schedule_end_date", "transfer_spec.object_conditions",
            "transfer_spec.transfer_options.delete_objects_from_source_after_transfer",
            "transfer_spec.transfer_options.delete_objects_unique_in_sink",
        )  # fmt: skip


@check("BAK-1")
def vault_locked(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.backup
    vault: Resource | None
    if stack.environment.database is None:
        vault = stack.view.only("google_backup_dr_backup_vault")
    else:
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
    yield equal(str(vault), "access_restriction", vault.get("access_restriction"), "WITHIN_PROJECT")
    yield from unset(vault, "effective_time", "force_delete", "force_update", "ignore_backup_plan_references")


@check("BAK-1")
def database_and_lake_selected(stack: Subject) -> Iterator[Observation]:
    associations = (
        stack.all("google_backup_dr_backup_plan_association", or_none=True) if stack.environment.database else []
    )
    if stack.environment.database:
        yield at_least(str(_plan(stack)), "selected resources", len(associations), 1)
    for association in associations:
        yield equal(str(association), "resource", association.get("resource"), names.database_id(stack.target))
        yield equal(str(association), "backup_plan", stack.view.target(association.get("backup_plan")), _plan(stack))
    jobs = {f"backup/copy-{layer}": layer for layer in _LAYERS}
    for job in each(stack, "google_storage_transfer_job", *jobs):
        destination = job.get("transfer_spec.gcs_data_sink.bucket_name")
        yield equal(str(job), "destination bucket", destination, names.bucket(stack.target, "backups"))
        source = job.get("transfer_spec.gcs_data_source.bucket_name")
        yield equal(str(job), "source bucket", source, names.bucket(stack.target, jobs[job.path]))
        yield from unset(job, "transfer_spec.gcs_data_source.path")


@check("BAK-2")
def cluster_backup_permissions(stack: Subject) -> Iterator[Observation]:
    asked(stack.environment.cluster, "cluster")
    account = stack.one("google_service_account", "backup/velero")
    yield equal(
        str(account), "service accounts", pods(stack, account), [str(stack.environment.component_accounts["velero"])]
    )
    member = names.member(stack.target, "velero")
    grants = [one for one in stack.all("google_storage_bucket_iam_member") if one.get("member") == member]
    buckets = [str(one.get("bucket")) for one in grants]
    yield includes(str(account), "writable buckets", buckets, [names.bucket(stack.target, "backups")])
    roles = [str(one.get("role")) for one in stack.all("google_project_iam_member") if one.get("member") == member]
    yield includes(str(account), "roles", roles, [names.custom_role_id(stack.target, "velero")])
    role = stack.one("google_project_iam_custom_role", "backup/velero-volumes")
    yield includes(str(role), "permissions", role.get("permissions", []), ["compute.disks.createSnapshot"])
    yield from _cluster_plan(stack)


def _cluster_plan(stack: Subject) -> Iterator[Observation]:
    """GKE's own backups of everything in the cluster."""
    plan = stack.one("google_gke_backup_backup_plan", "backup/cluster")
    yield equal(str(plan), "cluster", plan.get("cluster"), names.cluster_id(stack.target))
    for name in ("all_namespaces", "include_volume_data", "include_secrets"):
        yield equal(str(plan), name, plan.get(f"backup_config.{name}"), True)
    days = plan.get("retention_policy.backup_retain_days")
    yield at_least(str(plan), "backup_retain_days", days, stack.environment.backup.retention_days)
    yield from unset(
        plan, "deactivated", "backup_schedule.paused", "backup_config.selected_namespaces",
        "backup_config.selected_applications", "backup_config.permissive_mode",
    )  # fmt: skip


@check("BAK-3")
def recovery_objectives_met(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.backup
    objective = spec.rpo.total_seconds() / 3600
    if stack.environment.cluster:
        cluster = stack.one("google_gke_backup_backup_plan", "backup/cluster")
        hours = _times(str(cluster.get("backup_schedule.cron_schedule")))
        gaps = [(after - before) % 24 or 24 for before, after in zip(hours, hours[1:] + hours[:1], strict=True)]
        yield at_most(str(cluster), "hours between backups (backup.rpo)", max(gaps, default=None), objective)
    if stack.environment.database is None:
        return
    plan = _plan(stack)
    for rule in plan.blocks("backup_rules"):
        yield at_most(str(plan), "hours between backups (backup.rpo)", _hours(rule), objective)
    yield at_least(
        str(plan), "log_retention_days", plan.get("log_retention_days"), stack.environment.database.recovery_days
    )
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
        filters = [at(one, "condition_matched_log.filter") for one in alarm.blocks("conditions")]
        failed = events(AuditHandle(trail=names.log_group(stack.target, "trail")), stack.target, database=False)[
            "backup-failed"
        ]
        yield equal(str(alarm), "filters", filters, [failed.filter])


@check("BAK-4")
def jobs_reported(stack: Subject) -> Iterator[Observation]:
    query = stack.one("google_logging_saved_query", "alarms/backup-jobs-query")
    yield equal(str(query), "filter", query.get("logging_query.filter"), QUERIES["backup-jobs"].text)
    yield equal(str(query), "visibility", query.get("visibility"), "SHARED")
    for job in stack.all("google_storage_transfer_job"):
        actions, states = job.get("logging_config.log_actions", []), job.get("logging_config.log_action_states", [])
        yield includes(str(job), "logged actions", actions, ["FIND", "DELETE", "COPY"])
        yield includes(str(job), "logged states", states, ["FAILED"])
    yield from on_records(stack, "backup-failed")
