"""Checks of PostgreSQL Flexible Server (DB-1 to DB-10)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, empty, equal, includes
from terrace.azure import names
from terrace.capabilities.identity import BOOTSTRAP
from terrace.capabilities.spec import present
from terrace.live.azure.checks import Deployment, at, named, same
from terrace.live.azure.lookup import locks, logged, pods, principal, uses

_KIND = "Microsoft.DBforPostgreSQL/flexibleServers"
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def server(deployment: Deployment) -> dict[str, Any]:
    """The primary server. Raises Absent."""
    return deployment.get(names.database_id(deployment.target))


def replicas(deployment: Deployment) -> list[dict[str, Any]]:
    """Its read replicas."""
    primary = names.database_id(deployment.target)
    return [one for one in deployment.all(_KIND) if same(at(one, "sourceServerResourceId"), primary)]


def _all(deployment: Deployment) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in (server(deployment), *replicas(deployment)):
        yield f"server {one['name']}", one


def setting(deployment: Deployment, name: str) -> str:
    """A setting of the primary, which its replicas inherit."""
    return str(at(deployment.get(f"{names.database_id(deployment.target)}/configurations/{name}"), "value", ""))


def _listed(text: str) -> list[str]:
    return text.lower().replace(" ", "").split(",")


@check("DB-1")
def private(deployment: Deployment) -> Iterator[Observation]:
    for resource, one in _all(deployment):
        yield equal(resource, "publicNetworkAccess", at(one, "network.publicNetworkAccess"), "Disabled")
        place = at(one, "network.delegatedSubnetResourceId")
        own = same(place, names.subnet_id(deployment.target, "database"))
        yield Observation(resource, f"subnet {named(place)}", own, "database")
        zone = at(one, "network.privateDnsZoneArmResourceId")
        own = same(zone, names.private_zone_id(deployment.target, "database"))
        yield Observation(
            resource, f"private DNS zone {named(zone)}", own, names.private_zone(deployment.target, "database")
        )
    opened = [str(one["name"]) for one in deployment.pages(f"{names.database_id(deployment.target)}/firewallRules")]
    yield empty(f"server {names.database(deployment.target)}", "firewall rules for public addresses", opened)


@check("DB-2")
def tls_required(deployment: Deployment) -> Iterator[Observation]:
    resource = f"server {names.database(deployment.target)}"
    expected = setting(deployment, "require_secure_transport").lower()
    yield equal(resource, "require_secure_transport", expected, "on")
    oldest = setting(deployment, "ssl_min_protocol_version")
    good = oldest in ("TLSv1.2", "TLSv1.3")
    yield Observation(resource, f"ssl_min_protocol_version = {oldest}", good, "TLSv1.2 or newer")


@check("DB-3")
def encrypted(deployment: Deployment) -> Iterator[Observation]:
    for resource, one in _all(deployment):
        yield equal(resource, "dataEncryption", at(one, "dataEncryption.type"), "AzureKeyVault")
        yield uses(deployment, resource, "primaryKeyURI", at(one, "dataEncryption.primaryKeyURI"), "database")
        if at(one, "backup.geoRedundantBackup") == "Enabled":
            copy = at(one, "dataEncryption.geoBackupKeyURI")
            yield uses(deployment, resource, "geoBackupKeyURI", copy, "database", "geo")


@check("DB-4")
def standby(deployment: Deployment) -> Iterator[Observation]:
    if not present(deployment.environment.database).high_availability:
        raise NotRequired("database.high_availability is false")
    primary = server(deployment)
    resource = f"server {primary['name']}"
    yield equal(resource, "highAvailability", at(primary, "highAvailability.mode"), "ZoneRedundant")
    other = at(primary, "highAvailability.standbyAvailabilityZone")
    yield equal(resource, "the standby is in another zone", other != at(primary, "availabilityZone"), True)


@check("DB-5")
def recoverable(deployment: Deployment) -> Iterator[Observation]:
    primary = server(deployment)
    resource, days = f"server {primary['name']}", present(deployment.environment.database).recovery_days
    yield at_least(resource, "backupRetentionDays", at(primary, "backup.backupRetentionDays"), days)
    # only regions with a pair support copies
    if deployment.target.recovery_region and deployment.target.region in names.PAIRS:
        yield equal(resource, "geoRedundantBackup", at(primary, "backup.geoRedundantBackup"), "Enabled")


@check("DB-6")
def protected(deployment: Deployment) -> Iterator[Observation]:
    if not present(deployment.environment.database).deletion_protection:
        raise NotRequired("database.deletion_protection is false")
    levels = [level for _, level in locks(deployment, names.database_id(deployment.target))]
    yield includes(f"server {names.database(deployment.target)}", "locks", levels, ["CanNotDelete"])


@check("DB-7")
def watched(deployment: Deployment) -> Iterator[Observation]:
    spec = present(deployment.environment.database)
    for resource, one in _all(deployment):
        yield logged(deployment, resource, str(one["id"]), ["PostgreSQLLogs"])
    resource = f"server {names.database(deployment.target)}"
    libraries = _listed(setting(deployment, "shared_preload_libraries"))
    yield includes(resource, "shared_preload_libraries", libraries, ["pgaudit"])
    yield includes(resource, "pgaudit.log", _listed(setting(deployment, "pgaudit.log")), ["ddl", "role"])
    # pgaudit replaces passwords in statements; log_statement writes them as they are
    yield equal(resource, "log_statement", setting(deployment, "log_statement").lower(), "none")
    slow = setting(deployment, "log_min_duration_statement")
    within = slow.isdecimal() and int(slow) <= spec.slow_query_ms
    yield Observation(resource, f"log_min_duration_statement = {slow}", within, f"0 to {spec.slow_query_ms}")
    insights = setting(deployment, "pg_qs.query_capture_mode")
    good = insights.lower() in ("top", "all")
    yield Observation(resource, f"pg_qs.query_capture_mode = {insights}", good, "top or all")


@check("DB-8")
def grows(deployment: Deployment) -> Iterator[Observation]:
    for resource, one in _all(deployment):
        yield equal(resource, "autoGrow", at(one, "storage.autoGrow"), "Enabled")
    expected = present(deployment.environment.database).replicas
    resource = f"server {names.database(deployment.target)}"
    yield at_least(resource, "read replicas", len(replicas(deployment)), expected)


@check("DB-9")
def bootstrap_possible(deployment: Deployment) -> Iterator[Observation]:
    # the bootstrap job creates schemas, databases and roles inside PostgreSQL, which Azure's API does not show
    primary = server(deployment)
    resource = f"server {primary['name']}"
    major = str(at(primary, "version")).split(".")[0]
    yield equal(resource, "version", major, str(present(deployment.environment.database).version))
    yield includes(
        resource, "azure.extensions", _listed(setting(deployment, "azure.extensions")), ["postgis", "pgaudit"]
    )
    job = principal(deployment, names.identity_id(deployment.target, "database-admin"))
    admins = [str(at(one, "objectId")).lower() for one in administrators(deployment)]
    yield equal(resource, "the bootstrap job is an administrator", job.lower() in admins, True)
    identity = names.identity_id(deployment.target, "database-admin")
    account = deployment.environment.component_accounts.get(BOOTSTRAP)
    bound = [str(account)] if account else []
    yield equal("identity database-admin", "service accounts", pods(deployment, identity), bound)


def administrators(deployment: Deployment) -> list[dict[str, Any]]:
    """The server's administrators in Entra. Raises Absent."""
    return deployment.pages(f"{names.database_id(deployment.target)}/administrators")


@check("DB-10")
def patched(deployment: Deployment) -> Iterator[Observation]:
    # Azure installs minor versions inside the window: Flexible Server, "Scheduled maintenance"
    window, primary = present(deployment.environment.database).maintenance_window, server(deployment)
    resource = f"server {primary['name']}"
    yield equal(resource, "customWindow", at(primary, "maintenanceWindow.customWindow"), "Enabled")
    yield equal(resource, "dayOfWeek", at(primary, "maintenanceWindow.dayOfWeek"), _DAYS.index(window.day))
    yield equal(resource, "startHour", at(primary, "maintenanceWindow.startHour"), window.hour)
