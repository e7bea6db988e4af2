"""The backup vault, and Velero's permissions (BAK-1 to BAK-3)."""

import re
from collections.abc import Iterator
from datetime import timedelta

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure import database
from terrace.assurance.checks.azure.lookup import granted, pods, referenced, uses
from terrace.assurance.evaluation import Observation, at_least, check, equal, includes
from terrace.assurance.view import Resource
from terrace.azure import names

_BLOBS = "azurerm_data_protection_backup_policy_blob_storage"
_SERVERS = "azurerm_data_protection_backup_policy_postgresql_flexible_server"
_CONTRIBUTOR = "Storage Blob Data Contributor"


def _vault(stack: Subject) -> Resource:
    return stack.view.only("azurerm_data_protection_backup_vault")


def _interval(repeating: object) -> timedelta | None:
    """The time between two runs of R/start/P1D, PT12H or P1W."""
    match = re.fullmatch(r"R/[^/]+/P(?:(\d+)W)?(?:(\d+)D)?(?:T(\d+)H)?", str(repeating))
    if not match:
        return None
    weeks, days, hours = (int(part or 0) for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours)


@check("BAK-1")
def daily_backups(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.backup
    for policy in stack.all(_BLOBS):
        for repeating in policy.get("backup_repeating_time_intervals", []):
            interval = _interval(repeating)
            ok = interval is not None and interval <= timedelta(days=1)
            yield Observation(str(policy), f"backup interval = {interval or repeating}", ok, "at least daily")
        retention = policy.get("vault_default_retention_duration")
        yield equal(str(policy), "retention", retention, f"P{spec.retention_days}D")
    for policy in stack.all(_SERVERS):  # at most weekly; point-in-time recovery covers the days between (DB-5)
        retention = policy.get("default_retention_rule.life_cycle.duration")
        yield equal(str(policy), "retention", retention, f"P{spec.retention_days}D")


@check("BAK-1")
def vault_locked(stack: Subject) -> Iterator[Observation]:
    spec, vault = stack.environment.backup, _vault(stack)
    expected = "Locked" if spec.lock == "compliance" and stack.target.protected else "Unlocked"
    yield equal(str(vault), "immutability", vault.get("immutability"), expected)
    soft = vault.get("soft_delete", "On")
    yield Observation(str(vault), f"soft_delete = {soft}", soft in ("On", "AlwaysOn"), "On")
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


@check("BAK-1")
def database_and_lake_selected(stack: Subject) -> Iterator[Observation]:
    vault = _vault(stack)
    blobs = stack.view.pointing("azurerm_data_protection_backup_instance_blob_storage", "vault_id", vault)
    selected = [str(one.get("storage_account_id")) for one in blobs]
    layers = [names.account_id(stack.target, layer) for layer in ("silver", "gold", "platinum")]
    yield includes(str(vault), "selected storage accounts", selected, layers)
    instance = "azurerm_data_protection_backup_instance_postgresql_flexible_server"
    server_instances = stack.view.pointing(instance, "vault_id", vault)
    protected = [
        str(referenced(stack, "azurerm_postgresql_flexible_server", one.get("server_id"))) for one in server_instances
    ]
    yield includes(str(vault), "selected servers", protected, ["database/server"])


@check("BAK-2")
def cluster_backup_permissions(stack: Subject) -> Iterator[Observation]:
    identity = stack.one("azurerm_user_assigned_identity", "backup/velero")
    yield equal(
        str(identity), "service accounts", pods(stack, identity), [str(stack.environment.component_accounts["velero"])]
    )
    grants = granted(stack, identity)
    write_scopes = [scope for role, scope in grants if role == _CONTRIBUTOR]
    yield equal(
        str(identity),
        "scopes of Storage Blob Data Contributor",
        write_scopes,
        [names.container_id(stack.target, "backups")],
    )
    snapshots = any(role == "Disk Snapshot Contributor" for role, _ in grants)
    yield equal(str(identity), "has Disk Snapshot Contributor", snapshots, True)


@check("BAK-3")
def recovery_objectives_met(stack: Subject) -> Iterator[Observation]:
    # Azure keeps the transaction log, and with it every point in time, as long as the backups
    spec, primary = stack.environment.backup, database.server(stack)
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
    groups = [
        str(referenced(stack, "azurerm_monitor_action_group", group))
        for rule in rules
        if any(stack.view.target(scope) == _vault(stack) for scope in rule.get("scopes", []))
        for group in rule.get("add_action_group_ids", [])
    ]
    yield includes(str(_vault(stack)), "action groups", groups, ["observability/critical"])
