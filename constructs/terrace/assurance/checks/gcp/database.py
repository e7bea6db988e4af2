"""Cloud SQL for PostgreSQL (DB-1 to DB-10)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import path_of, pods, private_zone, unset, uses
from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, empty, equal, includes
from terrace.assurance.view import Resource
from terrace.capabilities.identity import BOOTSTRAP
from terrace.capabilities.spec import present

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  # Cloud SQL counts from one, Monday


def server(stack: Subject) -> Resource:
    """The primary instance. Raises Absent."""
    return stack.one("google_sql_database_instance", "database/server")


def _replicas(stack: Subject) -> list[Resource]:
    """Its read replicas, in both regions."""
    return stack.view.pointing("google_sql_database_instance", "master_instance_name", server(stack))


def _all(stack: Subject) -> list[Resource]:
    return [server(stack), *_replicas(stack)]


def _flags(instance: Resource) -> dict[str, str]:
    return {str(one.get("name")): str(one.get("value")) for one in instance.blocks("settings.database_flags")}


@check("DB-1")
def private(stack: Subject) -> Iterator[Observation]:
    for one in stack.all("google_sql_database_instance"):
        public = one.get("settings.ip_configuration.ipv4_enabled", True)  # Google's own default
        yield equal(str(one), "ipv4_enabled", public, False)
        yield empty(str(one), "authorized_networks", [
            str(block) for block in one.blocks("settings.ip_configuration.authorized_networks")
        ])  # fmt: skip
        connections = one.blocks("settings.ip_configuration.psc_config.psc_auto_connections")
        networks = [path_of(stack, block.get("consumer_network")) for block in connections]
        yield equal(str(one), "connected networks", networks, ["network/vpc"])
    yield private_zone(stack, "database/server-zone")


@check("DB-2")
def requires_tls(stack: Subject) -> Iterator[Observation]:
    for one in _all(stack):
        mode = one.get("settings.ip_configuration.ssl_mode")
        ok = mode in ("ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED")
        yield Observation(str(one), f"ssl_mode = {mode}", ok, "ENCRYPTED_ONLY")


@check("DB-3")
def encrypted(stack: Subject) -> Iterator[Observation]:
    for one in stack.all("google_sql_database_instance"):
        in_recovery_region = one.get("region") == stack.target.recovery_region
        key = one.get("encryption_key_name")
        yield uses(stack, one, key, "encryption_key_name", "database", "recovery" if in_recovery_region else "home")


@check("DB-4")
def standby(stack: Subject) -> Iterator[Observation]:
    if not present(stack.environment.database).high_availability:
        raise NotRequired("database.high_availability is false")
    kind = server(stack).get("settings.availability_type")
    yield equal(str(server(stack)), "availability_type", kind, "REGIONAL")
    for one in _all(stack):
        policy = one.get("settings.activation_policy", "ALWAYS")  # Google's default
        yield equal(str(one), "activation_policy", policy, "ALWAYS")


@check("DB-5")
def point_in_time_recovery(stack: Subject) -> Iterator[Observation]:
    primary, days = server(stack), present(stack.environment.database).recovery_days
    backups = "settings.backup_configuration"
    yield equal(str(primary), "backup_configuration.enabled", primary.get(f"{backups}.enabled"), True)
    enabled = primary.get(f"{backups}.point_in_time_recovery_enabled")
    yield equal(str(primary), "point_in_time_recovery_enabled", enabled, True)
    log_days = primary.get(f"{backups}.transaction_log_retention_days")
    yield at_least(str(primary), "transaction_log_retention_days", log_days, days)
    backups_kept = primary.get(f"{backups}.backup_retention_settings.retained_backups")
    yield at_least(str(primary), "retained_backups", backups_kept, days)
    if recovery_region := stack.target.recovery_region:
        yield equal(str(primary), "backup_configuration.location", primary.get(f"{backups}.location"), recovery_region)
        remote_replicas = [str(one) for one in _replicas(stack) if one.get("region") == recovery_region]
        yield at_least(str(primary), "read replicas in the recovery region", len(remote_replicas), 1)


@check("DB-6")
def deletion_protection(stack: Subject) -> Iterator[Observation]:
    if not present(stack.environment.database).deletion_protection:
        raise NotRequired("database.deletion_protection is false")
    for one in _all(stack):
        protected = one.get("settings.deletion_protection_enabled")
        yield equal(str(one), "deletion_protection_enabled", protected, True)
    final = server(stack).get("settings.final_backup_config.enabled")
    yield equal(str(server(stack)), "final_backup_config", final, True)


@check("DB-7")
def logs_and_insights_enabled(stack: Subject) -> Iterator[Observation]:
    spec = present(stack.environment.database)
    for one in _all(stack):
        flags = _flags(one)
        yield equal(str(one), "cloudsql.enable_pgaudit", flags.get("cloudsql.enable_pgaudit"), "on")
        yield includes(str(one), "pgaudit.log", flags.get("pgaudit.log", "").split(","), ["ddl", "role"])
        # pgaudit replaces passwords in statements; log_statement writes them as they are
        yield equal(str(one), "log_statement", flags.get("log_statement", "none"), "none")
        slow_query_ms = flags.get("log_min_duration_statement", "-1")
        in_range = slow_query_ms.isdecimal() and int(slow_query_ms) <= spec.slow_query_ms
        yield Observation(
            str(one), f"log_min_duration_statement = {slow_query_ms}", in_range, f"0 to {spec.slow_query_ms}"
        )
        insights = one.get("settings.insights_config.query_insights_enabled")
        yield equal(str(one), "query_insights_enabled", insights, True)
        for flag in ("log_connections", "log_disconnections"):
            yield equal(str(one), flag, flags.get(flag), "on")


@check("DB-8")
def storage_autoscales(stack: Subject) -> Iterator[Observation]:
    spec = present(stack.environment.database)
    for one in _all(stack):
        yield equal(str(one), "disk_autoresize", one.get("settings.disk_autoresize"), True)
        max_storage = one.get("settings.disk_autoresize_limit")
        yield equal(str(one), "disk_autoresize_limit", max_storage, spec.max_storage_gb)
    home = [one for one in _replicas(stack) if one.get("region") == stack.target.region]
    yield equal(str(server(stack)), "read replicas", len(home), spec.replicas)


@check("DB-9")
def bootstrap_prerequisites(stack: Subject) -> Iterator[Observation]:
    # the bootstrap job, which is part of the workloads, creates schemas, databases and roles inside PostgreSQL;
    # PostGIS needs no setting on Cloud SQL
    primary = server(stack)
    version = f"POSTGRES_{present(stack.environment.database).version}"
    yield equal(str(primary), "database_version", primary.get("database_version"), version)
    users = [str(one) for one in stack.view.pointing("google_sql_user", "instance", primary)]
    yield includes(str(primary), "users", users, ["database/admin-user"])
    account = stack.one("google_service_account", "database/admin")
    pod = stack.environment.component_accounts.get(BOOTSTRAP)
    yield equal(str(account), "service accounts", pods(stack, account), [str(pod)] if pod else [])


@check("DB-9")
def module_identity_login(stack: Subject) -> Iterator[Observation]:
    modules = {name for name, module in stack.environment.enabled_modules.items() if module.needs.database}
    if not modules:
        raise NotRequired("no enabled module has a database (modules)")
    for module in sorted(modules):
        user = stack.one("google_sql_user", f"workloads/module-{module}-user")
        yield equal(str(user), "type", user.get("type"), "CLOUD_IAM_SERVICE_ACCOUNT")
        login = stack.one("google_project_iam_member", f"workloads/module-{module}-login")
        yield equal(str(login), "role", login.get("role"), "roles/cloudsql.instanceUser")


@check("DB-10")
def automatic_minor_upgrades(stack: Subject) -> Iterator[Observation]:
    # Google applies minor versions in the window automatically: Cloud SQL, "About maintenance"
    window, primary = present(stack.environment.database).maintenance_window, server(stack)
    day = primary.get("settings.maintenance_window.day")
    yield equal(str(primary), "day", day, _DAYS.index(window.day) + 1)
    yield equal(str(primary), "hour", primary.get("settings.maintenance_window.hour"), window.hour)
    for one in _all(stack):
        yield from unset(one, "settings.deny_maintenance_period")
