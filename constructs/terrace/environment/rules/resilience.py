"""High availability, copies and recovery: what each tier requires, and whether the objectives are achievable."""

from collections.abc import Iterator
from datetime import timedelta

from terrace.documents import suggestions
from terrace.environment.schema import Environment
from terrace.errors import Problem

INTERVALS = {timedelta(hours=6): "PT6H", timedelta(hours=12): "PT12H", timedelta(days=1): "P1D"}
"""Supported backup intervals: backups start at fixed hours, so an interval must divide a day (BAK-1)."""

COLD_DAYS = 90
"""Minimum days of a backup in cold storage. Source: AWS Backup API Reference, Lifecycle, DeleteAfterDays."""

MIN_RESTORE_TIME = timedelta(hours=1)
"""Without a standby, recovery is a restore into a new server, which no cloud guarantees within an hour."""


def database_has_standby(environment: Environment) -> Iterator[Problem]:
    if environment.tier != "dev" and environment.database and not environment.database.high_availability:
        yield _required(environment, "database.high_availability", "a standby in another zone (DB-4)")


def database_has_deletion_protection(environment: Environment) -> Iterator[Problem]:
    if environment.tier != "dev" and environment.database and not environment.database.deletion_protection:
        yield _required(environment, "database.deletion_protection", "deletion protection (DB-6)")


def cluster_has_deletion_protection(environment: Environment) -> Iterator[Problem]:
    if environment.tier != "dev" and environment.cluster and not environment.cluster.deletion_protection:
        yield _required(environment, "cluster.deletion_protection", "deletion protection (K8S-11)")


def prod_cache_has_replica(environment: Environment) -> Iterator[Problem]:
    if environment.tier == "prod" and environment.cache and environment.cache.replicas == 0:
        yield _required(environment, "cache.replicas", "a replica in another zone (CACHE-3)", "1 or 2")


def prod_has_recovery_region(environment: Environment) -> Iterator[Problem]:
    if environment.tier == "prod" and environment.recovery_region is None:
        yield _required(environment, "recovery_region", "a second region (LAKE-5, BAK-1)", "a region")


def prod_replicates_lake(environment: Environment) -> Iterator[Problem]:
    if environment.tier == "prod" and not environment.lake.replicate:
        yield _required(environment, "lake.replicate", "a copy in a second region (LAKE-5)")


def prod_copies_backups(environment: Environment) -> Iterator[Problem]:
    if environment.tier == "prod" and not environment.backup.copy_to_recovery_region:
        yield _required(environment, "backup.copy_to_recovery_region", "copies in a second region (BAK-1)")


def copies_have_recovery_region(environment: Environment) -> Iterator[Problem]:
    if environment.recovery_region is not None or environment.tier == "prod":
        return
    copies = {
        "lake.replicate": environment.lake.replicate,
        "backup.copy_to_recovery_region": environment.backup.copy_to_recovery_region,
    }
    for path, enabled in copies.items():
        if enabled:
            yield Problem("needs a recovery_region, which is not set.", path=path, hint="Set one, or use false.")


def small_database_has_no_standby_or_replicas(environment: Environment) -> Iterator[Problem]:
    """`small` is burstable on every cloud. Azure supports neither a standby nor replicas for it; a size means the same
    everywhere.

    Source: Azure Database for PostgreSQL Flexible Server, "High availability", limits; "Read replicas".
    """
    database = environment.database
    if database is None:
        return
    if database.size == "small" and database.high_availability:
        yield Problem(
            "'small' is a burstable machine, which does not support high availability.",
            path="database.size",
            hint="Use medium or larger, or set high_availability to false.",
        )
    if database.size == "small" and database.replicas:
        yield Problem(
            "database size 'small' is a burstable machine, which does not support replicas.",
            path="database.replicas",
            hint="Use 0, or a larger size.",
        )


def storage_can_grow(environment: Environment) -> Iterator[Problem]:
    """RDS requires at least 10 % more. Source: Amazon RDS User Guide, "Managing capacity automatically"."""
    database = environment.database
    if database is None:
        return
    minimum = -(-database.storage_gb * 11 // 10)
    if database.max_storage_gb < minimum:
        yield Problem(
            f"{database.max_storage_gb} GB is less than 10 % above storage_gb ({database.storage_gb} GB) (DB-8).",
            path="database.max_storage_gb",
            hint=f"Use at least {minimum}.",
        )


def backup_interval_is_supported(environment: Environment) -> Iterator[Problem]:
    every = environment.backup.every
    hint = suggestions.expected_one_of(tuple(INTERVALS.values()))
    if every > timedelta(days=1):
        message = f"{_in_words(every)} is too long; backups must run at least daily (BAK-1)."
        yield Problem(message, path="backup.every", hint=hint)
    elif every not in INTERVALS:
        yield Problem(f"unsupported interval of {_in_words(every)}.", path="backup.every", hint=hint)


def rpo_is_achievable(environment: Environment) -> Iterator[Problem]:
    backup = environment.backup
    if backup.rpo < backup.every:
        yield Problem(
            f"an RPO of {_in_words(backup.rpo)} is not achievable with a backup every {_in_words(backup.every)} "
            "(BAK-3).",
            path="backup.rpo",
            hint="Increase rpo, or back up more often.",
        )


def rto_is_achievable(environment: Environment) -> Iterator[Problem]:
    rto, database = environment.backup.rto, environment.database
    standby = database is None or database.high_availability  # without a database, none has to be restored
    if rto <= timedelta():
        yield Problem("must be longer than zero.", path="backup.rto")
    elif rto < MIN_RESTORE_TIME and not standby:
        yield Problem(
            f"an RTO of {_in_words(rto)} is not achievable without a standby; restoring the database takes an hour or "
            "more (BAK-3).",
            path="backup.rto",
            hint="Set database.high_availability to true, or use at least PT1H.",
        )


def archived_backups_meet_minimum_retention(environment: Environment) -> Iterator[Problem]:
    backup = environment.backup
    if backup.archive_after_days is None:
        return
    minimum = backup.archive_after_days + COLD_DAYS
    if backup.retention_days < minimum:
        yield Problem(
            f"{backup.retention_days} days is too short; backups are archived after {backup.archive_after_days} days "
            f"and must stay in cold storage for {COLD_DAYS} days.",
            path="backup.retention_days",
            hint=f"Use at least {minimum}, or remove archive_after_days.",
        )


def _required(environment: Environment, path: str, requirement: str, value: str = "true") -> Problem:
    return Problem(f"{environment.tier} requires {requirement}.", path=path, hint=f"Set it to {value}.")


def _in_words(duration: timedelta) -> str:
    """PT12H: '12 hours'."""
    hours, rest = divmod(int(duration.total_seconds()), 3600)
    parts = [(hours // 24, "day"), (hours % 24, "hour"), (rest // 60, "minute")]
    return " ".join(f"{count} {unit}{'s' if count != 1 else ''}" for count, unit in parts if count) or "0 minutes"
