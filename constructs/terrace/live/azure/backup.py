"""Checks of the backup vault and Velero (BAK-1 to BAK-4)."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from terrace.assurance.evaluation import Observation, asked, at_least, check, empty, equal, includes
from terrace.azure import names
from terrace.live.azure import database
from terrace.live.azure.checks import Deployment, at, same
from terrace.live.azure.lookup import alarm_queries, granted, logged, pods, principal, uses, writer_permissions

_LAYERS = ("silver", "gold", "platinum")


def vault_id(deployment: Deployment) -> str:
    """The backup vault."""
    return names.id(deployment.target, "Microsoft.DataProtection/backupVaults", deployment.prefix)


def vault(deployment: Deployment) -> dict[str, Any]:
    """The backup vault. Raises Absent."""
    return deployment.get(vault_id(deployment))


def _policies(deployment: Deployment) -> Iterator[tuple[str, str, list[timedelta], list[str]]]:
    """Each policy: its name, its sources, the times between backups and their retentions. Raises Absent."""
    for policy in deployment.pages(f"{vault_id(deployment)}/backupPolicies"):
        rules = at(policy, "policyRules", [])
        repeats = [
            text
            for rule in rules
            for text in rule.get("trigger", {}).get("schedule", {}).get("repeatingTimeIntervals", [])
        ]
        kept = [
            str(life.get("deleteAfter", {}).get("duration"))
            for rule in rules
            if rule.get("isDefault")
            for life in rule.get("lifecycles", [])
        ]
        gaps = [gap for gap in map(_interval, repeats) if gap is not None]
        yield str(policy["name"]), ", ".join(at(policy, "datasourceTypes", [])), gaps, kept


def _interval(repeating: object) -> timedelta | None:
    """The time between two runs of R/start/P1D, PT12H or P1W."""
    found = re.fullmatch(r"R/[^/]+/P(?:(\d+)W)?(?:(\d+)D)?(?:T(\d+)H)?", str(repeating))
    if not found:
        return None
    weeks, days, hours = (int(part or 0) for part in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours)


@check("BAK-1")
def daily_backups(deployment: Deployment) -> Iterator[Observation]:
    spec, found, resource = deployment.environment.backup, vault(deployment), f"backup vault {deployment.prefix}"
    for name, source, gaps, kept in _policies(deployment):
        policy = f"backup policy {name}"
        yield equal(policy, "retention", kept, [f"P{spec.retention_days}D"])
        if "storageAccounts" in source:  # PostgreSQL's are weekly at most; DB-5 covers the time between them
            every = min(gaps, default=None)
            yield Observation(
                policy, f"every {every}", every is not None and every <= timedelta(days=1), "at least daily"
            )
    expected = "Locked" if spec.lock == "compliance" else "Unlocked"
    locked = at(found, "securitySettings.immutabilitySettings.state")
    yield Observation(resource, f"immutability = {locked or 'unset'}", locked in (expected, "Locked"), expected)
    soft = at(found, "securitySettings.softDeleteSettings.state")
    yield Observation(resource, f"softDelete = {soft or 'unset'}", soft in ("On", "AlwaysOn"), "On")
    key = at(found, "securitySettings.encryptionSettings.keyVaultProperties.keyUri")
    yield uses(deployment, resource, "encryptionSettings", key, "backups")
    if spec.copy_to_recovery_region and deployment.target.recovery_region:
        kinds = [str(one.get("type")) for one in at(found, "storageSettings", [])]
        yield equal(resource, "redundancy", kinds, ["GeoRedundant"])
        away = at(found, "featureSettings.crossRegionRestoreSettings.state")
        yield equal(resource, "crossRegionRestore", away, "Enabled")
    yield from _selected(deployment, resource)


def _selected(deployment: Deployment, resource: str) -> Iterator[Observation]:
    instances = deployment.pages(f"{vault_id(deployment)}/backupInstances")
    chosen = [str(at(one, "dataSourceInfo.resourceID")).lower() for one in instances]
    expected = [names.account_id(deployment.target, layer).lower() for layer in _LAYERS]
    servers = [names.database_id(deployment.target).lower()] if deployment.environment.database else []
    yield includes(resource, "protected resources", chosen, [*expected, *servers])


@check("BAK-2")
def cluster_backups(deployment: Deployment) -> Iterator[Observation]:
    asked(deployment.environment.cluster, "cluster")
    identity = names.identity_id(deployment.target, "velero")
    resource = f"identity {names.identity(deployment.target, 'velero')}"
    yield equal(
        resource,
        "service accounts",
        pods(deployment, identity),
        [str(deployment.environment.component_accounts["velero"])],
    )
    grants = granted(deployment, principal(deployment, identity))
    writer, snapshotter = names.blob_writer(deployment.target), names.snapshot_writer(deployment.target)
    writes = [grant.scope for grant in grants if grant.role == writer]
    expected = names.container_id(deployment.target, "backups")
    inside = len(writes) == 1 and same(writes[0], expected)
    yield Observation(resource, f"writes to {', '.join(writes) or 'nothing'}", inside, expected)
    snapshots = any(grant.role == snapshotter for grant in grants)
    yield equal(resource, "can create snapshots of volumes", snapshots, True)
    yield empty(resource, "other roles", [grant.role for grant in grants if grant.role not in (writer, snapshotter)])
    yield from writer_permissions(deployment)


@check("BAK-3")
def objectives_met(deployment: Deployment) -> Iterator[Observation]:
    spec = deployment.environment.backup
    if deployment.environment.database:
        # the database's log has every second; Azure keeps it as long as its backups
        primary = database.server(deployment)
        days = at(primary, "backup.backupRetentionDays")
        yield at_least(f"server {primary['name']}", "days of point-in-time recovery", days, 1)
    for name, source, gaps, _ in _policies(deployment):
        if "storageAccounts" in source:
            longest = max(gaps, default=None)
            # the lake's versions (LAKE-3) hold what was written since the last backup
            met = longest is not None and longest <= max(spec.rpo, timedelta(days=1))
            fact = f"time between backups = {longest or 'unknown'}"
            yield Observation(f"backup policy {name}", fact, met, f"<= {spec.rpo} (backup.rpo)")
    critical = names.topic_id(deployment.target, "critical")
    alerts = [
        rule
        for rule in deployment.all("Microsoft.AlertsManagement/actionRules")
        if at(rule, "enabled", True) and any(same(scope, vault_id(deployment)) for scope in at(rule, "scopes", []))
    ]
    groups = [
        str(group).lower()
        for rule in alerts
        for action in at(rule, "actions", [])
        for group in action.get("actionGroupIds", [])
    ]
    yield includes(f"backup vault {deployment.prefix}", "action groups", groups, [critical.lower()])


@check("BAK-4")
def jobs_reported(deployment: Deployment) -> Iterator[Observation]:
    yield logged(deployment, f"backup vault {deployment.prefix}", vault_id(deployment), ["AddonAzureBackupJobs"])
    counted = any("AddonAzureBackupJobs" in query for query in alarm_queries(deployment, "critical"))
    yield equal("critical alarms", "one counts failed backup jobs", counted, True)
