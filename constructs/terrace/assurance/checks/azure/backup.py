"""The backup vault, and Velero's permissions (BAK-1 to BAK-4)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure import database
from terrace.assurance.checks.azure.lookup import diagnostics, granted, referenced, unset, uses
from terrace.assurance.evaluation import Observation, asked, at_least, check, equal, includes
from terrace.assurance.view import Resource
from terrace.azure import names

_BLOBS = "azurerm_data_protection_backup_policy_blob_storage"
_SERVERS = "azurerm_data_protection_backup_policy_postgresql_flexible_server"
_BLOB_INSTANCES = "azurerm_data_protection_backup_instance_blob_storage"
_SERVER_INSTANCES = "azurerm_data_protection_backup_instance_postgresql_flexible_server"
_FAILED = "AddonAzureBackupJobs | where JobStatus in~ ('Cancelled', 'CompletedWithWarnings', 'Failed')"
_SNAPSHOTS = f"backup/{names.SNAPSHOT_WRITER}"


def _vault(stack: Subject) -> Resource:
    return stack.view.only("azurerm_data_protection_backup_vault")


def _interval(repeating: object) -> timedelta | None:
    """The time between two runs of R/start/P1D, PT12H or P1W."""
    match = re.fullmatch(r"R/[^/]+/P(?:(\d+)W)?(?:(\d+)D)?(?:T(\d+)H)?", str(repeating))
    if not match:
        return None
    weeks, days, hours = (int(part or 0) for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours)


def _started(policy: Resource) -> Iterator[Observation]:
    """Whether each schedule of a policy has begun, and there is one."""
    schedules = policy.get("backup_repeating_time_intervals") or []
    yield at_least(str(policy), "schedules", len(schedules), 1)
    for repeating in schedules:
        begins = str(repeating).split("/")[1:2]
        try:
            started = datetime.fromisoformat(begins[0]) <= datetime.now(UTC) + timedelta(days=7)
        except (IndexError, ValueError, TypeError):
            started = False
        yield Observation(str(policy), f"schedule = {repeating}", started, "one that begins within a week")
    yield from unset(policy, "retention_rule")


def _off(stack: Subject, type: str) -> bool:
    """Whether policies of a type are for a part that is left out."""
    return type == _SERVERS and stack.environment.database is None


@check("BAK-1")
def daily_backups(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.backup
    for type, longest in ((_BLOBS, timedelta(days=1)), (_SERVERS, timedelta(weeks=1))):
        # PostgreSQL's are weekly at most; point-in-time recovery covers the days between (DB-5)
        for policy in stack.all(type, or_none=_off(stack, type)):
            yield from _started(policy)
            for repeating in policy.get("backup_repeating_time_intervals", []):
                interval = _interval(repeating)
                ok = interval is not None and interval <= longest
                yield Observation(str(policy), f"backup interval = {interval or repeating}", ok, f"<= {longest}")
    for policy in stack.all(_BLOBS):
        retention = policy.get("vault_default_retention_duration")
        yield equal(str(policy), "retention", retention, f"P{spec.retention_days}D")
    for policy in stack.all(_SERVERS, or_none=_off(stack, _SERVERS)):
        retention = policy.get("default_retention_rule.life_cycle.duration")
        yield equal(str(policy), "retention", retention, f"P{spec.retention_days}D")


@check("BAK-1")
def vault_locked(stack: Subject) -> Iterator[Observation]:
    spec, vault = stack.environment.backup, _vault(stack)
    expected = "Locked" if spec.lock == "compliance" and stack.target.protected else "Unlocked"
    yield equal(str(vault), "immutability", vault.get("immutability"), expected)
    soft = vault.get("soft_delete", "On")
    yield Observation(str(vault), f"soft_delete = {soft}", soft in ("On", "AlwaysOn"), "On")
    yield at_least(str(vault), "days of soft deletion", vault.get("retention_duration_in_days", 14), 14)
    customer_keys = stack.view.pointing(
        "azurerm_data_protection_backup_vault_customer_managed_key", "data_protection_backup_vault_id", vault
    )
    yield at_least(str(vault), "customer-managed keys", len(customer_keys), 1)
    for one in customer_keys:
        yield uses(stack, one, one.get("key_vault_key_id"), "key_vault_key_id", "backups")
    if spec.copy_to_recovery_region:
        yield equal(str(vault), "redundancy", vault.get("redundancy"), "GeoRedundant")
        cross_region_restore = vault.get("cross_region_restore_enabled")
        yield equal(str(vault), "cross_region_restore_enabled", cross_region_restore, True)
    elif len(stack.target.zones) > 1:
        yield equal(str(vault), "redundancy", vault.get("redundancy"), "ZoneRedundant")


@check("BAK-1")
def database_and_lake_selected(stack: Subject) -> Iterator[Observation]:
    vault = _vault(stack)
    selected = [str(one.get("storage_account_id")) for one in stack.all(_BLOB_INSTANCES)]
    layers = {names.account_id(stack.target, layer): layer for layer in ("silver", "gold", "platinum")}
    yield includes(str(vault), "selected storage accounts", selected, layers)
    for one in stack.all(_BLOB_INSTANCES):
        containers, layer = one.get("storage_account_container_names"), layers.get(str(one.get("storage_account_id")))
        yield equal(str(one), "containers", containers, [layer] if layer else "those of a layer")
        yield from _in_vault(stack, one, vault, _BLOBS)
    if stack.environment.database is None:
        return
    servers = stack.all(_SERVER_INSTANCES)
    protected = [str(referenced(stack, "azurerm_postgresql_flexible_server", one.get("server_id"))) for one in servers]
    yield includes(str(vault), "selected servers", protected, ["database/server"])
    for one in servers:
        yield from _in_vault(stack, one, vault, _SERVERS)


def _in_vault(stack: Subject, one: Resource, vault: Resource, policies: str) -> Iterator[Observation]:
    """Whether a backup is in the stack's vault, by a policy of the stack."""
    yield equal(str(one), "vault", str(stack.view.target(one.get("vault_id")) or one.get("vault_id")), str(vault))
    policy = stack.view.target(one.get("backup_policy_id"))
    ok = policy is not None and policy.type == policies
    yield Observation(str(one), f"policy = {policy or one.get('backup_policy_id')}", ok, "a policy of the stack")


@check("BAK-2")
def cluster_backup_permissions(stack: Subject) -> Iterator[Observation]:
    asked(stack.environment.cluster, "cluster")
    # who else has them, and what else it may do, is compared with the environment by the access model
    identity = stack.one("azurerm_user_assigned_identity", "backup/velero")
    credentials = stack.view.pointing("azurerm_federated_identity_credential", "user_assigned_identity_id", identity)
    yield at_least(str(identity), "federated credentials", len(credentials), 1)
    grants = granted(stack, identity)
    write_scopes = [scope for role, scope in grants if role == names.BLOB_WRITER]
    containers = [names.container_id(stack.target, "backups")]
    yield equal(str(identity), f"scopes of {names.BLOB_WRITER}", write_scopes, containers)
    snapshots = any(role == _SNAPSHOTS for role, _ in grants)
    yield equal(str(identity), f"has the role {_SNAPSHOTS}", snapshots, True)
    if not stack.environment.makes_cluster:
        return
    cluster = stack.view.only("azurerm_kubernetes_cluster")
    for driver in ("disk_driver_enabled", "snapshot_controller_enabled"):
        yield equal(str(cluster), driver, cluster.get(f"storage_profile.{driver}"), True)


@check("BAK-3")
def recovery_objectives_met(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.backup
    if stack.environment.database:
        # Azure keeps the transaction log, and with it every point in time, as long as the backups
        primary = database.server(stack)
        yield at_least(str(primary), "days of point-in-time recovery", primary.get("backup_retention_days"), 1)
    for policy in stack.all(_BLOBS):
        interval = [_interval(one) for one in policy.get("backup_repeating_time_intervals", [])]
        longest = max((one for one in interval if one is not None), default=None)
        # blob versions cover what was written since the last backup (LAKE-3)
        met = longest is not None and longest <= max(spec.rpo, timedelta(days=1))
        yield Observation(
            str(policy), f"time between backups = {longest or 'unknown'}", met, f"<= {spec.rpo} (backup.rpo)"
        )


@check("BAK-3")
def failure_alerts(stack: Subject) -> Iterator[Observation]:
    rules = stack.all("azurerm_monitor_alert_processing_rule_action_group")
    for rule in rules:
        yield equal(str(rule), "enabled", rule.get("enabled", True), True)
        yield from unset(rule, "condition", "schedule")
    groups = [
        str(referenced(stack, "azurerm_monitor_action_group", group))
        for rule in rules
        if any(stack.view.target(scope) == _vault(stack) for scope in rule.get("scopes", []))
        for group in rule.get("add_action_group_ids", [])
    ]
    yield includes(str(_vault(stack)), "action groups", groups, ["observability/critical"])


@check("BAK-4")
def jobs_reported(stack: Subject) -> Iterator[Observation]:
    # OBS-2 proves the alarm's other settings, BAK-3 the notifications of the vault's own alerts
    vault, workspace = _vault(stack), names.workspace_id(stack.target)
    sent = [
        str(log.get("category_group"))
        for setting in diagnostics(stack, vault)
        if setting.get("log_analytics_workspace_id") == workspace
        and setting.get("log_analytics_destination_type") == "Dedicated"
        for log in setting.blocks("enabled_log")
    ]
    yield includes(str(vault), "log category groups in tables of their own", sent, ["allLogs"])
    alarm = stack.one("azurerm_monitor_scheduled_query_rules_alert_v2", "alarms/backups-failed")
    query = alarm.get("criteria.query")
    yield Observation(str(alarm), f"query = {query}", query == _FAILED, _FAILED)
