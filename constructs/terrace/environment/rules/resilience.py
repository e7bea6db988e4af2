"""High availability, copies, recovery: what a tier promises, and whether the objectives can be met."""

from collections.abc import Iterator
from datetime import timedelta

from terrace.environment.schema import Environment
from terrace.errors import Problem

INTERVALS = {timedelta(hours=6): "PT6H", timedelta(hours=12): "PT12H", timedelta(days=1): "P1D"}
"""How often backups may run: they start at fixed hours, so a day has to hold a whole number of them (BAK-1)."""

COLD_DAYS = 90
"""Days a backup stays in cold storage at least. Source: AWS Backup API Reference, Lifecycle, DeleteAfterDays."""

LEAST_RESTORE = timedelta(hours=1)
"""Without a standby, recovery is a restore into a new server, which no cloud promises within the hour."""


def database_survives_a_zone(environment: Environment) -> Iterator[Problem]:
    if environment.tier != "dev" and not environment.database.high_availability:
        yield _wanted(environment, "database.high_availability", "a standby in another zone (DB-4)", "true")


def database_is_protected(environment: Environment) -> Iterator[Problem]:
    if environment.tier != "dev" and not environment.database.deletion_protection:
        yield _wanted(environment, "database.deletion_protection", "protection against deletion (DB-6)", "true")


def prod_cache_survives_a_zone(environment: Environment) -> Iterator[Problem]:
    if environment.tier == "prod" and environment.cache.replicas == 0:
        yield _wanted(environment, "cache.replicas", "a replica in another zone (CACHE-3)", "1 or 2")


def prod_has_a_second_region(environment: Environment) -> Iterator[Problem]:
    if environment.tier == "prod" and environment.recovery_region is None:
        yield Problem("is missing, and prod wants a second region (LAKE-5, BAK-1).", path="recovery_region")


def prod_copies_the_lake(environment: Environment) -> Iterator[Problem]:
    if environment.tier == "prod" and not environment.lake.replicate:
        yield _wanted(environment, "lake.replicate", "a copy in a second region (LAKE-5)", "true")


def prod_copies_its_backups(environment: Environment) -> Iterator[Problem]:
    if environment.tier == "prod" and not environment.backup.copy_to_recovery_region:
        yield _wanted(environment, "backup.copy_to_recovery_region", "copies in a second region (BAK-1)", "true")


def copies_have_somewhere_to_go(environment: Environment) -> Iterator[Problem]:
    if environment.recovery_region is not None or environment.tier == "prod":
        return
    copying = {
        "lake.replicate": environment.lake.replicate,
        "backup.copy_to_recovery_region": environment.backup.copy_to_recovery_region,
    }
    for path, wanted in copying.items():
        if wanted:
            yield Problem("is true, and there is no recovery_region.", path=path, hint="Name one, or write false.")


def a_standby_wants_a_steady_machine(environment: Environment) -> Iterator[Problem]:
    """`small` is burstable everywhere. Azure refuses high availability and replicas of it, and the sizes mean the same.

    Source: Azure Database for PostgreSQL Flexible Server, "High availability", limits; "Read replicas".
    """
    database = environment.database
    if database.size == "small" and database.high_availability:
        yield Problem(
            "'small' is a burstable machine, which has no standby.",
            path="database.size",
            hint="Take medium or larger, or switch high_availability off.",
        )
    if database.size == "small" and database.replicas:
        yield Problem("'small' is a burstable machine, which has no replicas.", path="database.replicas")


def storage_can_grow(environment: Environment) -> Iterator[Problem]:
    """RDS wants a tenth more at least. Source: Amazon RDS User Guide, "Managing capacity automatically"."""
    database = environment.database
    least = -(-database.storage_gb * 11 // 10)
    if database.max_storage_gb < least:
        yield Problem(
            f"{database.max_storage_gb} GB leave no room to grow from {database.storage_gb} GB (DB-8).",
            path="database.max_storage_gb",
            hint=f"Write {least} or more: a tenth more at least.",
        )


def backups_run_at_least_daily(environment: Environment) -> Iterator[Problem]:
    every = environment.backup.every
    if every > timedelta(days=1):
        yield Problem(f"{_spoken(every)} is too long: daily at least (BAK-1).", path="backup.every")
    elif every not in INTERVALS:
        yield Problem(
            f"{_spoken(every)} is not an interval of the plan.",
            path="backup.every",
            hint=f"({', '.join(INTERVALS.values())})",
        )


def recovery_point_can_be_met(environment: Environment) -> Iterator[Problem]:
    backup = environment.backup
    if backup.rpo < backup.every:
        yield Problem(
            f"{_spoken(backup.rpo)} cannot be met: backups are {_spoken(backup.every)} apart (BAK-3).",
            path="backup.rpo",
            hint="Back up more often, or allow more to be lost.",
        )


def recovery_time_can_be_met(environment: Environment) -> Iterator[Problem]:
    rto, standby = environment.backup.rto, environment.database.high_availability
    if rto <= timedelta():
        yield Problem("has to be longer than nothing.", path="backup.rto")
    elif rto < LEAST_RESTORE and not standby:
        yield Problem(
            f"{_spoken(rto)} cannot be met: without a standby the database is restored, which takes an hour or more "
            "(BAK-3).",
            path="backup.rto",
            hint="Switch database.high_availability on, or allow PT1H.",
        )


def cold_backups_are_kept_long_enough(environment: Environment) -> Iterator[Problem]:
    backup = environment.backup
    if backup.archive_after_days is None:
        return
    least = backup.archive_after_days + COLD_DAYS
    if backup.retention_days < least:
        yield Problem(
            f"{backup.retention_days} days are too few: backups that go to cold storage after "
            f"{backup.archive_after_days} days stay there {COLD_DAYS} days.",
            path="backup.retention_days",
            hint=f"Keep them {least} days, or leave archive_after_days out.",
        )


def _wanted(environment: Environment, path: str, what: str, value: str) -> Problem:
    return Problem(f"{environment.tier} wants {what}.", path=path, hint=f"Write {value}.")


def _spoken(duration: timedelta) -> str:
    """PT12H: '12 hours'."""
    hours, rest = divmod(int(duration.total_seconds()), 3600)
    parts = [(hours // 24, "day"), (hours % 24, "hour"), (rest // 60, "minute")]
    return " ".join(f"{count} {unit}{'s' if count != 1 else ''}" for count, unit in parts if count) or "nothing"
