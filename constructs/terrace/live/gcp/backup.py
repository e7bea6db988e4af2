"""Checks of Backup and DR, Backup for GKE, the lake's copies and Velero (BAK-1 to BAK-4)."""

import json
import re
from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import Observation, asked, at_least, at_most, check, equal, includes
from terrace.capabilities.spec import Layer
from terrace.gcp import names
from terrace.gcp.names import Place
from terrace.gcp.signals import QUERIES
from terrace.live.gcp import database, grants, keys, observability
from terrace.live.gcp.checks import Deployment, days, named, seconds

_COPIED: tuple[Layer, ...] = ("silver", "gold", "platinum")
_LEAST_DAYS = 7  # the least enforced retention of the vault


def place(deployment: Deployment) -> str:
    """The region of the backups: the recovery region if backup.copy_to_recovery_region is true."""
    away = deployment.target.recovery_region if deployment.environment.backup.copy_to_recovery_region else None
    return f"{deployment.project}/locations/{away or deployment.target.region}"


def vault(deployment: Deployment) -> dict[str, Any]:
    """The vault. Raises Absent."""
    name = f"{place(deployment)}/backupVaults/{deployment.prefix}"
    return deployment.call("backupdr", "projects.locations.backupVaults.get", name=name)


def plan(deployment: Deployment) -> dict[str, Any]:
    """The database's plan. Raises Absent."""
    name = f"{deployment.place}/backupPlans/{deployment.prefix}-database"
    return deployment.call("backupdr", "projects.locations.backupPlans.get", name=name)


def transfers(deployment: Deployment) -> list[dict[str, Any]]:
    """The project's transfer jobs that are not deleted, of all environments."""
    expected = json.dumps({"projectId": names.account(deployment.target)})
    found = deployment.pages("storagetransfer", "transferJobs.list", "transferJobs", filter=expected)
    return [job for job in found if job.get("status") != "DELETED"]


def _hours(rule: dict[str, Any]) -> float | None:
    schedule = rule.get("standardSchedule", {})
    every = schedule.get("hourlyFrequency")
    kind = schedule.get("recurrenceType")
    return float(every) if kind == "HOURLY" and every else 24.0 if kind == "DAILY" else None


@check("BAK-1")
def daily_backups(deployment: Deployment) -> Iterator[Observation]:
    if deployment.environment.database:
        yield from _planned(deployment)
    yield from _vault(deployment)
    yield from _copies(deployment)


def _planned(deployment: Deployment) -> Iterator[Observation]:
    """The database's plan."""
    spec, found = deployment.environment.backup, plan(deployment)
    resource = f"backup plan {deployment.prefix}-database"
    rules = found.get("backupRules", [])
    yield at_least(resource, "rules", len(rules), 1)
    for rule in rules:
        yield at_most(resource, "hours between backups", _hours(rule), 24)
        yield at_least(resource, "backupRetentionDays", rule.get("backupRetentionDays"), spec.retention_days)
    yield equal(resource, "vault", found.get("backupVault"), f"{place(deployment)}/backupVaults/{deployment.prefix}")
    link = f"{deployment.place}/backupPlanAssociations/{deployment.prefix}-database"
    chosen = deployment.call("backupdr", "projects.locations.backupPlanAssociations.get", name=link)
    yield equal(
        resource, "selected resource", named(chosen.get("resource")), named(names.database_id(deployment.target))
    )


def _vault(deployment: Deployment) -> Iterator[Observation]:
    found, resource = vault(deployment), f"vault {deployment.prefix}"
    least = days(found.get("backupMinimumEnforcedRetentionDuration"))
    yield at_least(resource, "days of enforced retention", least, _LEAST_DAYS)
    key, where = found.get("encryptionConfig", {}).get("kmsKeyName"), place(deployment)
    at: Place = "home" if where == deployment.place else "recovery"
    yield keys.used(deployment, resource, "kmsKeyName", key, "backups", at)


def _copies(deployment: Deployment) -> Iterator[Observation]:
    jobs = {
        str(job.get("transferSpec", {}).get("gcsDataSource", {}).get("bucketName")): job
        for job in transfers(deployment)
        if job.get("status") == "ENABLED"
    }
    for layer in _COPIED:
        source = names.bucket(deployment.target, layer)
        job = jobs.get(source, {})
        into = job.get("transferSpec", {}).get("gcsDataSink", {}).get("bucketName")
        yield equal(f"copies of {source}", "destination", into, names.bucket(deployment.target, "backups"))
        every = seconds(job.get("schedule", {}).get("repeatInterval"))
        yield at_most(f"copies of {source}", "hours between copies", None if every is None else every / 3600, 24)


@check("BAK-4")
def jobs_reported(deployment: Deployment) -> Iterator[Observation]:
    yield from observability.on_records(deployment, "backup-failed")
    name = f"{deployment.project}/locations/global/savedQueries/{deployment.prefix}-backup-jobs"
    query = deployment.call("logging", "projects.locations.savedQueries.get", name=name)
    text = query.get("loggingQuery", {}).get("filter")
    yield equal(f"saved query {named(name)}", "filter", text, QUERIES["backup-jobs"].text)
    copied = {names.bucket(deployment.target, layer) for layer in _COPIED}
    for job in transfers(deployment):
        source = job.get("transferSpec", {}).get("gcsDataSource", {}).get("bucketName")
        if source in copied:
            log = job.get("loggingConfig", {})
            yield includes(f"copies of {source}", "logged actions", log.get("logActions", []), ["FIND", "COPY"])
            yield includes(f"copies of {source}", "logged states", log.get("logActionStates", []), ["FAILED"])


@check("BAK-2")
def cluster_backups(deployment: Deployment) -> Iterator[Observation]:
    asked(deployment.environment.cluster, "cluster")
    account, member = names.role_name(deployment.target, "velero"), names.member(deployment.target, "velero")
    yield equal(
        f"account {account}",
        "service accounts",
        grants.pods(deployment, "velero"),
        [str(deployment.environment.component_accounts["velero"])],
    )
    bucket = names.bucket(deployment.target, "backups")
    held = grants.roles(grants.on_bucket(deployment, bucket), member)
    yield equal(f"bucket {bucket}", "Velero's roles", held, ["roles/storage.objectUser"])
    role = names.custom_role_id(deployment.target, "velero")
    everywhere = grants.roles(grants.on_project(deployment), member)
    yield equal(f"account {account}", "roles", everywhere, [role])
    rights = deployment.call("iam", "projects.roles.get", name=role).get("includedPermissions", [])
    yield includes(f"account {account}", "rights", rights, ["compute.disks.createSnapshot"])


@check("BAK-3")
def objectives_met(deployment: Deployment) -> Iterator[Observation]:
    objective = deployment.environment.backup.rpo.total_seconds() / 3600
    for rule in plan(deployment).get("backupRules", []) if deployment.environment.database else ():
        name = f"backup plan {deployment.prefix}-database"
        yield at_most(name, "hours between backups (backup.rpo)", _hours(rule), objective)
    if deployment.environment.cluster:
        full = f"{place(deployment)}/backupPlans/{deployment.prefix}"
        cluster = deployment.call("gkebackup", "projects.locations.backupPlans.get", name=full)
        hours = _times(str(cluster.get("backupSchedule", {}).get("cronSchedule")))
        gaps = [(after - before) % 24 or 24 for before, after in zip(hours, hours[1:] + hours[:1], strict=True)]
        resource = f"GKE backup plan {deployment.prefix}"
        yield at_most(resource, "hours between backups (backup.rpo)", max(gaps, default=None), objective)
        yield equal(resource, "paused", bool(cluster.get("backupSchedule", {}).get("paused")), False)
    if deployment.environment.database:
        settings = database.server(deployment)["settings"]
        logs = settings.get("backupConfiguration", {}).get("transactionLogRetentionDays")
        yield at_least(f"sql instance {deployment.prefix}", "days of point-in-time recovery", logs, 1)
    alarms = {str(alarm["displayName"]): alarm for alarm in observability.alarms(deployment)}
    for word in ("warning", "critical"):
        expected = f"{deployment.prefix}-backup-failed-{word}"
        channels = len(alarms.get(expected, {}).get("notificationChannels", []))
        yield at_least(f"alarm {expected}", "channels", channels, 1)


def _times(cron: str) -> list[int]:
    """The hours of a daily schedule, in order; empty for any other schedule."""
    found = re.fullmatch(r"\d+ (\d+(?:,\d+)*) \* \* \*", cron)
    return sorted(int(hour) for hour in found[1].split(",")) if found else []
