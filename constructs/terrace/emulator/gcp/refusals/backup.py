"""Refusals of Backup and DR and of Backup for GKE."""

from collections.abc import Iterator

from terrace.emulator.gcp.call import Call, Refused
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses, refuses_delete

DAY = 86400


def _vault(name: str, call: Call) -> Json:
    return call.store.get(f"backupdr/{name}") or {}


@refuses("backupdr", "backupVaults")
def enforced_retention(vault: Json, call: Call) -> Iterator[str]:
    """Source: Backup and DR documentation, "Backup vaults": enforced for 1 day to 99 years."""
    retention = float(str(vault.get("backupMinimumEnforcedRetentionDuration", "86400s")).removesuffix("s"))
    if not DAY <= retention <= 99 * 366 * DAY:
        yield "The minimum enforced retention must be between 1 day and 99 years."


@refuses("backupdr", "backupPlans")
def retention_of_rules(plan: Json, call: Call) -> Iterator[str]:
    """Source: Backup and DR documentation, "Backup plans": retention is at least the vault's enforced one."""
    vault = _vault(str(plan.get("backupVault", "")), call)
    least = float(str(vault.get("backupMinimumEnforcedRetentionDuration", "0s")).removesuffix("s")) / DAY
    for rule in plan.get("backupRules", ()):
        days = int(rule.get("backupRetentionDays") or 0)
        if days < least:
            yield f"The retention of rule '{rule.get('ruleId')}', {days} d, is less than the vault's {least:.0f} d."


@refuses("backupdr", "backupPlans")
def windows(plan: Json, call: Call) -> Iterator[str]:
    """Source: Backup and DR documentation, "Backup plans": a window of at least six hours; hourly every 4 to 23."""
    if not plan.get("backupRules"):
        yield "A backup plan must have at least one rule."
    for rule in plan.get("backupRules", ()):
        schedule = rule.get("standardSchedule") or {}
        window = schedule.get("backupWindow") or {}
        start, end = int(window.get("startHourOfDay", 0)), int(window.get("endHourOfDay", 24))
        if end - start < 6:
            yield f"The backup window of rule '{rule.get('ruleId')}' must be at least 6 hours."
        if schedule.get("recurrenceType") == "HOURLY" and not 4 <= int(schedule.get("hourlyFrequency") or 0) <= 23:
            yield f"The hourly frequency of rule '{rule.get('ruleId')}' must be 4 to 23."


@refuses_delete("backupdr", "backupVaults")
def vault_is_empty(vault: Json, call: Call) -> Iterator[Refused]:
    """Source: Backup and DR documentation, "Delete a backup vault": not with backups under enforced retention."""
    if call.store.below(f"{call.key}/dataSources"):
        yield Refused(400, "FAILED_PRECONDITION", "The backup vault has data sources with backups.")


@refuses("gkebackup", "backupPlans")
def cluster_plan(plan: Json, call: Call) -> Iterator[str]:
    """Source: Backup for GKE API, RetentionPolicy: delete lock of 0 to 90 days, retention from that to 365."""
    policy = plan.get("retentionPolicy") or {}
    lock, retention = int(policy.get("backupDeleteLockDays") or 0), int(policy.get("backupRetainDays") or 0)
    if not 0 <= lock <= 90:
        yield f"backupDeleteLockDays must be 0 to 90, not {lock}."
    if retention and not lock <= retention <= 365:
        yield f"backupRetainDays must be backupDeleteLockDays at least and 365 at most, not {retention}."
    schedule = (plan.get("backupSchedule") or {}).get("cronSchedule")
    if schedule and len(schedule.split()) != 5:
        yield f"Invalid cron schedule '{schedule}'."
    if schedule and not retention:
        yield "backupRetainDays must be set where a schedule is."
