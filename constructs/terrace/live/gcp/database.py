"""Checks of Cloud SQL (DB-1 to DB-10)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, empty, equal, includes
from terrace.calls import Absent
from terrace.capabilities.identity import BOOTSTRAP
from terrace.capabilities.keys import Purpose
from terrace.capabilities.spec import present
from terrace.gcp import names
from terrace.gcp.names import Place
from terrace.live.gcp import grants, keys, network
from terrace.live.gcp.checks import Deployment

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  # Cloud SQL counts from one, Monday
_KEY: Purpose = "database"
ADMIN = "database-admin"
"""The purpose of the account that creates databases and roles."""


def server(deployment: Deployment) -> dict[str, Any]:
    """The primary. Raises Absent."""
    project = names.account(deployment.target)
    return deployment.call("sqladmin", "instances.get", project=project, instance=deployment.prefix)


def copies(deployment: Deployment) -> list[dict[str, Any]]:
    """Its read replicas in both regions, by name."""
    project = names.account(deployment.target)
    listed = [str(name).rpartition(":")[2] for name in server(deployment).get("replicaNames", [])]
    return [deployment.call("sqladmin", "instances.get", project=project, instance=name) for name in sorted(listed)]


def instances(deployment: Deployment) -> list[dict[str, Any]]:
    """The server and its copies; none if the database is off. Raises Absent."""
    return [server(deployment), *copies(deployment)] if deployment.environment.database else []


def users(deployment: Deployment) -> list[dict[str, Any]]:
    """The users of the primary."""
    project = names.account(deployment.target)
    return deployment.pages("sqladmin", "users.list", "items", project=project, instance=deployment.prefix)


def flags(instance: dict[str, Any]) -> dict[str, str]:
    """Its parameters by name, without unset ones."""
    return {str(one["name"]): str(one.get("value")) for one in instance["settings"].get("databaseFlags", [])}


def _all(deployment: Deployment) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Each instance: its label, its body, its settings."""
    for instance in (server(deployment), *copies(deployment)):
        yield f"sql instance {instance['name']}", instance, instance["settings"]


@check("DB-1")
def private(deployment: Deployment) -> Iterator[Observation]:
    for resource, instance, settings in _all(deployment):
        ways = settings.get("ipConfiguration", {})
        yield equal(resource, "ipv4Enabled", ways.get("ipv4Enabled", True), False)
        places = [str(one.get("value")) for one in ways.get("authorizedNetworks", [])]
        yield empty(resource, "authorizedNetworks", places)
        addresses = [str(one.get("ipAddress")) for one in instance.get("ipAddresses", []) if one["type"] == "PRIMARY"]
        yield empty(resource, "public addresses", addresses)
        allowed = ways.get("pscConfig", {}).get("allowedConsumerProjects", [])
        yield equal(resource, "allowedConsumerProjects", allowed, [names.account(deployment.target)])
    yield from network.private_zone(deployment, f"{deployment.prefix}-database-server")


@check("DB-2")
def tls_required(deployment: Deployment) -> Iterator[Observation]:
    for resource, _, settings in _all(deployment):
        mode = settings.get("ipConfiguration", {}).get("sslMode")
        strict = mode in ("ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED")
        yield Observation(resource, f"sslMode = {mode}", strict, "ENCRYPTED_ONLY")


@check("DB-3")
def encrypted(deployment: Deployment) -> Iterator[Observation]:
    for resource, instance, _ in _all(deployment):
        place: Place = "home" if instance.get("region") == deployment.target.region else "recovery"
        key = instance.get("diskEncryptionConfiguration", {}).get("kmsKeyName")
        yield keys.used(deployment, resource, "kmsKeyName", key, _KEY, place)


@check("DB-4")
def standby(deployment: Deployment) -> Iterator[Observation]:
    if not present(deployment.environment.database).high_availability:
        raise NotRequired("database.high_availability is false")
    kind = server(deployment)["settings"].get("availabilityType")
    yield equal(f"sql instance {deployment.prefix}", "availabilityType", kind, "REGIONAL")


@check("DB-5")
def recoverable(deployment: Deployment) -> Iterator[Observation]:
    expected, resource = present(deployment.environment.database).recovery_days, f"sql instance {deployment.prefix}"
    backups = server(deployment)["settings"].get("backupConfiguration", {})
    yield equal(resource, "backups", backups.get("enabled", False), True)
    yield equal(resource, "pointInTimeRecoveryEnabled", backups.get("pointInTimeRecoveryEnabled", False), True)
    logs = backups.get("transactionLogRetentionDays")
    yield at_least(resource, "transactionLogRetentionDays", logs, expected)
    kept = backups.get("backupRetentionSettings", {}).get("retainedBackups")
    yield at_least(resource, "retainedBackups", kept, expected)
    if away := deployment.target.recovery_region:
        yield equal(resource, "backups' location", backups.get("location"), away)
        remote = [copy for copy in copies(deployment) if copy.get("region") == away]
        yield at_least(resource, f"copies in {away}", len(remote), 1)


@check("DB-6")
def protected(deployment: Deployment) -> Iterator[Observation]:
    if not present(deployment.environment.database).deletion_protection:
        raise NotRequired("database.deletion_protection is false")
    for resource, _, settings in _all(deployment):
        on = settings.get("deletionProtectionEnabled", False)
        yield equal(resource, "deletionProtectionEnabled", on, True)
    final = server(deployment)["settings"].get("finalBackupConfig", {}).get("enabled", False)
    yield equal(f"sql instance {deployment.prefix}", "finalBackupConfig", final, True)


@check("DB-7")
def watched(deployment: Deployment) -> Iterator[Observation]:
    spec = present(deployment.environment.database)
    for resource, instance, settings in _all(deployment):
        found = flags(instance)
        yield equal(resource, "cloudsql.enable_pgaudit", found.get("cloudsql.enable_pgaudit"), "on")
        yield includes(resource, "pgaudit.log", found.get("pgaudit.log", "").split(","), ["ddl", "role"])
        # pgaudit replaces passwords in statements; log_statement writes them as they are
        yield equal(resource, "log_statement", found.get("log_statement", "none"), "none")
        slow = found.get("log_min_duration_statement", "-1")
        within = slow.isdecimal() and int(slow) <= spec.slow_query_ms
        yield Observation(resource, f"log_min_duration_statement = {slow}", within, f"0 to {spec.slow_query_ms}")
        insights = settings.get("insightsConfig", {}).get("queryInsightsEnabled", False)
        yield equal(resource, "queryInsightsEnabled", insights, True)


@check("DB-8")
def grows(deployment: Deployment) -> Iterator[Observation]:
    spec = present(deployment.environment.database)
    for resource, _, settings in _all(deployment):
        yield equal(resource, "storageAutoResize", settings.get("storageAutoResize", False), True)
        limit = int(settings.get("storageAutoResizeLimit") or 0)
        yield equal(resource, "storageAutoResizeLimit", limit, spec.max_storage_gb)
    home = [one for one in copies(deployment) if one.get("region") == deployment.target.region]
    yield at_least(f"sql instance {deployment.prefix}", "read replicas", len(home), spec.replicas)


@check("DB-9")
def bootstrap_possible(deployment: Deployment) -> Iterator[Observation]:
    # the bootstrap job creates schemas, databases and roles inside PostgreSQL, which Google's API does not show;
    # PostGIS needs no setting on Cloud SQL
    resource, primary = f"sql instance {deployment.prefix}", server(deployment)
    version = f"POSTGRES_{present(deployment.environment.database).version}"
    yield equal(resource, "databaseVersion", primary.get("databaseVersion"), version)
    can = [str(one["name"]) for one in users(deployment)]
    modules = [
        f"module-{name}" for name, module in deployment.environment.enabled_modules.items() if module.needs.database
    ]
    yield includes(resource, "users", can, [login(deployment, purpose) for purpose in (ADMIN, *modules)])
    pod = deployment.environment.component_accounts.get(BOOTSTRAP)
    bound = [str(pod)] if pod else []
    yield equal(f"account of {ADMIN}", "service accounts", grants.pods(deployment, ADMIN), bound)
    everywhere = grants.on_project(deployment)
    for purpose in (ADMIN, *modules):
        rights = grants.roles(everywhere, names.member(deployment.target, purpose))
        account = names.role_name(deployment.target, purpose)
        yield includes(f"account {account}", "roles", rights, ["roles/cloudsql.instanceUser"])


def login(deployment: Deployment, purpose: str) -> str:
    """A service account as PostgreSQL knows it. Source: Cloud SQL, "Manage users with IAM database authentication"."""
    return names.role_email(deployment.target, purpose).removesuffix(".gserviceaccount.com")


@check("DB-10")
def patched(deployment: Deployment) -> Iterator[Observation]:
    # Google installs minor versions inside the window: Cloud SQL, "About maintenance"
    expected, resource = (
        present(deployment.environment.database).maintenance_window,
        f"sql instance {deployment.prefix}",
    )
    window = server(deployment)["settings"].get("maintenanceWindow")
    if not window:
        raise Absent(f"a maintenance window of {resource}")
    yield equal(resource, "maintenanceWindow's day", window.get("day"), _DAYS.index(expected.day) + 1)
    yield equal(resource, "maintenanceWindow's hour", window.get("hour", 0), expected.hour)
