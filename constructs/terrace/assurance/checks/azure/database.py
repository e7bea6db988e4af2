"""PostgreSQL Flexible Server (DB-1 to DB-10)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import logged, meaning, meant, subnet, uses
from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, equal, includes
from terrace.assurance.view import Resource

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def server(stack: Subject) -> Resource:
    """The primary server. Raises Absent."""
    return stack.one("azurerm_postgresql_flexible_server", "database/server")


def _replicas(stack: Subject) -> list[Resource]:
    """Its read replicas, by path."""
    return stack.view.pointing("azurerm_postgresql_flexible_server", "source_server_id", server(stack))


def _all(stack: Subject) -> list[Resource]:
    return [server(stack), *_replicas(stack)]


def _settings(stack: Subject) -> dict[str, str]:
    """The server's settings by name; replicas take them over."""
    found = meaning(stack, "azurerm_postgresql_flexible_server_configuration", "server_id", server(stack))
    return {str(one.get("name")): str(one.get("value")) for one in found}


def _listed(text: str) -> list[str]:
    return text.replace(" ", "").split(",")


@check("DB-1")
def private(stack: Subject) -> Iterator[Observation]:
    for one in stack.all("azurerm_postgresql_flexible_server"):
        public = one.get("public_network_access_enabled", True)  # Azure's own default
        yield equal(str(one), "public_network_access_enabled", public, False)
        yield equal(str(one), "subnet", str(subnet(stack, one.get("delegated_subnet_id"))), "network/database")
        zone = meant(stack, "azurerm_private_dns_zone", one.get("private_dns_zone_id"))
        yield equal(str(one), "private names", str(zone), "network/zone-database")
    opened = stack.all("azurerm_postgresql_flexible_server_firewall_rule")
    yield equal("database", "openings to public addresses", len(opened), 0)


@check("DB-2")
def requires_tls(stack: Subject) -> Iterator[Observation]:
    settings = _settings(stack)
    yield equal("database/server", "require_secure_transport", settings.get("require_secure_transport"), "on")
    oldest = settings.get("ssl_min_protocol_version")
    good = oldest in ("TLSv1.2", "TLSv1.3")
    yield Observation("database/server", f"ssl_min_protocol_version = {oldest}", good, "TLSv1.2 or newer")


@check("DB-3")
def encrypted(stack: Subject) -> Iterator[Observation]:
    for one in stack.all("azurerm_postgresql_flexible_server"):
        key = one.get("customer_managed_key.key_vault_key_id")
        yield uses(stack, one, key, "customer_managed_key", "database")
        if one.get("geo_redundant_backup_enabled"):
            copy = one.get("customer_managed_key.geo_backup_key_vault_key_id")
            yield uses(stack, one, copy, "geo_backup_key", "database", "geo")


@check("DB-4")
def standby(stack: Subject) -> Iterator[Observation]:
    if not stack.environment.database.high_availability:
        raise NotRequired("one zone is enough here (database.high_availability)")
    primary = server(stack)
    yield equal(str(primary), "high_availability", primary.get("high_availability.mode"), "ZoneRedundant")
    other = primary.get("high_availability.standby_availability_zone")
    yield equal(str(primary), "its standby is elsewhere", other != primary.get("zone"), True)


@check("DB-5")
def recoverable(stack: Subject) -> Iterator[Observation]:
    primary = server(stack)
    days = stack.environment.database.recovery_days
    yield at_least(str(primary), "backup_retention_days", primary.get("backup_retention_days"), days)
    if stack.target.recovery_region:
        away = primary.get("geo_redundant_backup_enabled")
        yield equal(str(primary), "geo_redundant_backup_enabled", away, True)


@check("DB-6")
def protected(stack: Subject) -> Iterator[Observation]:
    if not stack.environment.database.deletion_protection:
        raise NotRequired("it may be deleted here (database.deletion_protection)")
    locks = stack.view.pointing("azurerm_management_lock", "scope", server(stack))
    levels = [str(lock.get("lock_level")) for lock in locks]
    yield includes(str(server(stack)), "locks", levels, ["CanNotDelete"])


@check("DB-7")
def watched(stack: Subject) -> Iterator[Observation]:
    spec, settings = stack.environment.database, _settings(stack)
    for one in _all(stack):
        yield logged(stack, one, ["PostgreSQLLogs"])
    libraries = _listed(settings.get("shared_preload_libraries", ""))
    yield includes("database/server", "shared_preload_libraries", libraries, ["pgaudit"])
    yield includes("database/server", "pgaudit.log", _listed(settings.get("pgaudit.log", "")), ["ddl", "role"])
    slow = settings.get("log_min_duration_statement", "-1")
    within = slow.isdecimal() and int(slow) <= spec.slow_query_ms
    yield Observation("database/server", f"log_min_duration_statement = {slow}", within, f"0 to {spec.slow_query_ms}")
    insights = settings.get("pg_qs.query_capture_mode", "none")
    good = insights.lower() in ("top", "all")
    yield Observation("database/server", f"pg_qs.query_capture_mode = {insights}", good, "top or all")


@check("DB-8")
def grows(stack: Subject) -> Iterator[Observation]:
    for one in _all(stack):
        yield equal(str(one), "auto_grow_enabled", one.get("auto_grow_enabled"), True)
    yield equal(str(server(stack)), "read replicas", len(_replicas(stack)), stack.environment.database.replicas)


@check("DB-9")
def bootstrap_possible(stack: Subject) -> Iterator[Observation]:
    # schemas, databases and roles are made by the bootstrap job inside PostgreSQL, which belongs to the workloads
    primary = server(stack)
    yield equal(str(primary), "version", primary.get("version"), str(stack.environment.database.version))
    allowed = _listed(_settings(stack).get("azure.extensions", ""))
    yield includes(str(primary), "azure.extensions", allowed, ["postgis", "pgaudit"])
    admins = stack.all("azurerm_postgresql_flexible_server_active_directory_administrator")
    users = [str(stack.view.target(one.get("object_id"))) for one in admins]
    yield includes(str(primary), "administrators", users, ["database/admin"])


@check("DB-10")
def patched(stack: Subject) -> Iterator[Observation]:
    # minor versions come by themselves inside the window: Flexible Server, "Scheduled maintenance"
    window, primary = stack.environment.database.maintenance_window, server(stack)
    day = primary.get("maintenance_window.day_of_week")
    yield equal(str(primary), "day_of_week", day, _DAYS.index(window.day))
    yield equal(str(primary), "start_hour", primary.get("maintenance_window.start_hour"), window.hour)
