"""PostgreSQL Flexible Server (DB-1 to DB-10)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import logged, referenced, referrers, subnet, uses
from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, empty, equal, includes
from terrace.assurance.view import Resource
from terrace.azure import names
from terrace.capabilities.identity import BOOTSTRAP
from terrace.capabilities.spec import present

_EXTENSIONS = frozenset(
    [
        "address_standardizer", "btree_gin", "btree_gist", "citext", "fuzzystrmatch", "hstore", "pg_stat_statements",
        "pg_trgm", "pgaudit", "pgcrypto", "plpgsql", "postgis", "postgis_raster", "postgis_tiger_geocoder",
        "postgis_topology", "unaccent", "uuid-ossp",
    ]
)  # fmt: skip
"""Extensions that read no files, other servers or buckets."""
_SWITCHES = ("log_connections", "log_disconnections", "log_lock_waits", "track_io_timing")
_SETTINGS = (
    *_SWITCHES, "azure.extensions", "log_min_duration_statement", "log_statement", "pg_qs.query_capture_mode",
    "pg_qs.retention_period_in_days", "pgaudit.log", "pgms_wait_sampling.query_capture_mode",
    "require_secure_transport", "shared_preload_libraries", "ssl_min_protocol_version",
)  # fmt: skip
"""The settings that the stack changes."""
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
    """The server's settings by name; replicas inherit them."""
    configurations = referrers(stack, "azurerm_postgresql_flexible_server_configuration", "server_id", server(stack))
    return {str(one.get("name")): str(one.get("value")) for one in configurations}


def _listed(text: str) -> list[str]:
    return text.replace(" ", "").split(",")


@check("DB-1")
def private(stack: Subject) -> Iterator[Observation]:
    for one in stack.all("azurerm_postgresql_flexible_server"):
        public = one.get("public_network_access_enabled", True)  # Azure's own default
        yield equal(str(one), "public_network_access_enabled", public, False)
        yield equal(str(one), "subnet", str(subnet(stack, one.get("delegated_subnet_id"))), "network/database")
        zone = referenced(stack, "azurerm_private_dns_zone", one.get("private_dns_zone_id"))
        yield equal(str(one), "private DNS zone", str(zone), "network/zone-database")
    for record in stack.all("azurerm_private_dns_cname_record"):
        value = record.get("record")
        yield equal(str(record), "record", str(stack.view.target(value) or value), "database/server")


@check("DB-2")
def requires_tls(stack: Subject) -> Iterator[Observation]:
    settings = _settings(stack)
    yield equal("database/server", "require_secure_transport", settings.get("require_secure_transport"), "on")
    oldest_tls = settings.get("ssl_min_protocol_version")
    ok = oldest_tls in ("TLSv1.2", "TLSv1.3")
    yield Observation("database/server", f"ssl_min_protocol_version = {oldest_tls}", ok, "TLSv1.2 or newer")


@check("DB-3")
def encrypted(stack: Subject) -> Iterator[Observation]:
    for one in stack.all("azurerm_postgresql_flexible_server"):
        key = one.get("customer_managed_key.key_vault_key_id")
        yield uses(stack, one, key, "customer_managed_key", "database")
        if one.get("geo_redundant_backup_enabled"):
            geo_key = one.get("customer_managed_key.geo_backup_key_vault_key_id")
            yield uses(stack, one, geo_key, "geo_backup_key", "database", "geo")


@check("DB-4")
def standby(stack: Subject) -> Iterator[Observation]:
    if not present(stack.environment.database).high_availability:
        raise NotRequired("database.high_availability is false")
    primary = server(stack)
    yield equal(str(primary), "high_availability", primary.get("high_availability.mode"), "ZoneRedundant")
    standby_zone = primary.get("high_availability.standby_availability_zone")
    yield equal(str(primary), "standby is in another zone", standby_zone != primary.get("zone"), True)
    zones = (*stack.target.zones, *stack.target.spare_zones)
    yield Observation(str(primary), f"zone = {primary.get('zone')}", primary.get("zone") in zones, ", ".join(zones))


@check("DB-5")
def point_in_time_recovery(stack: Subject) -> Iterator[Observation]:
    primary = server(stack)
    days = present(stack.environment.database).recovery_days
    yield at_least(str(primary), "backup_retention_days", primary.get("backup_retention_days"), days)
    if stack.target.recovery_region:
        geo_redundant = primary.get("geo_redundant_backup_enabled")
        yield equal(str(primary), "geo_redundant_backup_enabled", geo_redundant, True)


@check("DB-6")
def deletion_protection(stack: Subject) -> Iterator[Observation]:
    if not present(stack.environment.database).deletion_protection:
        raise NotRequired("database.deletion_protection is false")
    locks = stack.view.pointing("azurerm_management_lock", "scope", server(stack))
    levels = [str(one.get("lock_level")) for one in locks]
    yield includes(str(server(stack)), "locks", levels, ["CanNotDelete"])


@check("DB-7")
def logs_and_insights_enabled(stack: Subject) -> Iterator[Observation]:
    spec, settings = present(stack.environment.database), _settings(stack)
    for one in _all(stack):
        yield logged(stack, one, ["PostgreSQLLogs"])
    for one in stack.all("azurerm_postgresql_flexible_server_configuration"):
        name = str(one.get("name"))
        yield Observation(str(one), f"setting {name}", name in _SETTINGS, "a setting that the environment needs")
        if name in _SWITCHES:
            yield equal(str(one), name, one.get("value"), "on")
    libraries = _listed(settings.get("shared_preload_libraries", ""))
    yield includes("database/server", "shared_preload_libraries", libraries, ["pgaudit"])
    yield includes("database/server", "pgaudit.log", _listed(settings.get("pgaudit.log", "")), ["ddl", "role"])
    # pgaudit replaces passwords in statements; log_statement writes them as they are
    yield equal("database/server", "log_statement", settings.get("log_statement", "none"), "none")
    slow_query_ms = settings.get("log_min_duration_statement", "-1")
    in_range = slow_query_ms.isdecimal() and int(slow_query_ms) <= spec.slow_query_ms
    yield Observation(
        "database/server", f"log_min_duration_statement = {slow_query_ms}", in_range, f"0 to {spec.slow_query_ms}"
    )
    insights = settings.get("pg_qs.query_capture_mode", "none")
    ok = insights.lower() in ("top", "all")
    yield Observation("database/server", f"pg_qs.query_capture_mode = {insights}", ok, "top or all")


@check("DB-8")
def storage_autoscales(stack: Subject) -> Iterator[Observation]:
    for one in _all(stack):
        yield equal(str(one), "auto_grow_enabled", one.get("auto_grow_enabled"), True)
    yield equal(
        str(server(stack)), "read replicas", len(_replicas(stack)), present(stack.environment.database).replicas
    )


@check("DB-9")
def bootstrap_prerequisites(stack: Subject) -> Iterator[Observation]:
    # the bootstrap job, which is part of the workloads, creates schemas, databases and roles inside PostgreSQL
    primary = server(stack)
    yield equal(str(primary), "version", primary.get("version"), str(present(stack.environment.database).version))
    allowed = _listed(_settings(stack).get("azure.extensions", ""))
    yield includes(str(primary), "azure.extensions", allowed, ["postgis", "pgaudit"])
    setting = stack.one("azurerm_postgresql_flexible_server_configuration", "database/azure-extensions")
    yield empty(str(setting), "extensions that reach outside the database", sorted(set(allowed) - _EXTENSIONS))
    admins = stack.all("azurerm_postgresql_flexible_server_active_directory_administrator")
    users = [str(stack.view.target(one.get("object_id"))) for one in admins]
    yield includes(str(primary), "administrators", users, ["database/admin"])
    # the credential names the identity by its id, which refers to no resource
    identity = names.identity_id(stack.target, "database-admin")
    credentials = stack.all("azurerm_federated_identity_credential", or_none=stack.environment.cluster is None)
    bound = [one.get("subject") for one in credentials if one.get("user_assigned_identity_id") == identity]
    account = stack.environment.component_accounts.get(BOOTSTRAP)
    subjects = [f"system:serviceaccount:{account.namespace}:{account.name}"] if account else []
    yield equal("database/admin", "subjects", bound, subjects)


@check("DB-10")
def automatic_minor_upgrades(stack: Subject) -> Iterator[Observation]:
    # Azure applies minor versions in the window automatically: Flexible Server, "Scheduled maintenance"
    window, primary = present(stack.environment.database).maintenance_window, server(stack)
    day = primary.get("maintenance_window.day_of_week")
    yield equal(str(primary), "day_of_week", day, _DAYS.index(window.day))
    yield equal(str(primary), "start_hour", primary.get("maintenance_window.start_hour"), window.hour)
