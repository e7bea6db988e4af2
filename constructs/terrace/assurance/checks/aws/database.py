"""RDS for PostgreSQL (DB-1 to DB-10)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, equal, includes
from terrace.assurance.view import Resource
from terrace.calls import Absent
from terrace.capabilities.spec import present


def server(stack: Subject) -> Resource:
    """The primary instance. Raises Absent."""
    return stack.one("aws_db_instance", "database/server")


def _replicas(stack: Subject) -> list[Resource]:
    """Its read replicas, by path."""
    return stack.view.pointing("aws_db_instance", "replicate_source_db", server(stack))


def _all(stack: Subject) -> list[Resource]:
    return [server(stack), *_replicas(stack)]


def _parameters(stack: Subject, instance: Resource) -> tuple[Resource, dict[str, str]]:
    """The parameter group of an instance, and its values by name. Raises Absent."""
    group = stack.view.target(instance.get("parameter_group_name"))
    if group is None:
        raise Absent(f"{instance} has no aws_db_parameter_group in the stack")
    return group, {str(one.get("name")): str(one.get("value")) for one in group.blocks("parameter")}


@check("DB-1")
def private(stack: Subject) -> Iterator[Observation]:
    for instance in stack.all("aws_db_instance"):
        yield equal(str(instance), "publicly_accessible", bool(instance.get("publicly_accessible")), False)
        groups = [stack.view.target(group) for group in instance.get("vpc_security_group_ids", [])]
        yield equal(str(instance), "security groups", [str(one) for one in groups], ["network/openings/database-group"])
    subnet_group = stack.view.target(server(stack).get("db_subnet_group_name"))
    if subnet_group is None:
        raise Absent("database/server has no aws_db_subnet_group in the stack")
    subnets = lookup.subnets(stack, subnet_group, "subnet_ids")
    yield at_least(str(subnet_group), "subnets", len(subnets), 2)
    outside = [str(subnet) for subnet in subnets if not subnet.path.startswith("network/data-")]
    yield equal(str(subnet_group), "subnets outside the data subnets", outside, [])


@check("DB-2")
def requires_tls(stack: Subject) -> Iterator[Observation]:
    for instance in _all(stack):
        group, settings = _parameters(stack, instance)
        yield equal(str(group), "rds.force_ssl", settings.get("rds.force_ssl"), "1")
        oldest_tls = settings.get("ssl_min_protocol_version")
        ok = oldest_tls in ("TLSv1.2", "TLSv1.3")
        yield Observation(str(group), f"ssl_min_protocol_version = {oldest_tls}", ok, "TLSv1.2 or newer")


@check("DB-3")
def encrypted(stack: Subject) -> Iterator[Observation]:
    for instance in stack.all("aws_db_instance"):
        yield equal(str(instance), "storage_encrypted", instance.get("storage_encrypted"), True)
        yield lookup.uses(stack, instance, instance.get("kms_key_id"), "kms_key_id", "database")
        insights = instance.get("performance_insights_kms_key_id")
        yield lookup.uses(stack, instance, insights, "performance_insights_kms_key_id", "database")
    for copy in stack.all("aws_db_instance_automated_backups_replication", or_none=True):
        yield lookup.uses(stack, copy, copy.get("kms_key_id"), "kms_key_id", "database", recovery=True)


@check("DB-4")
def standby(stack: Subject) -> Iterator[Observation]:
    if not present(stack.environment.database).high_availability:
        raise NotRequired("database.high_availability is false")
    yield equal(str(server(stack)), "multi_az", server(stack).get("multi_az"), True)


@check("DB-5")
def point_in_time_recovery(stack: Subject) -> Iterator[Observation]:
    instance, days = server(stack), present(stack.environment.database).recovery_days
    yield at_least(str(instance), "backup_retention_period", instance.get("backup_retention_period"), days)
    if present(stack.environment.database).deletion_protection:
        deletes_backups = instance.get("delete_automated_backups", True)  # RDS's own default
        yield equal(str(instance), "delete_automated_backups", deletes_backups, False)
    if not stack.target.recovery_region:
        return
    copies = stack.view.pointing("aws_db_instance_automated_backups_replication", "source_db_instance_arn", instance)
    yield equal(str(instance), "backup replications to the recovery region", len(copies), 1)
    for copy in copies:
        yield equal(str(copy), "provider", copy.get("provider"), "aws.recovery")
        yield at_least(str(copy), "retention_period", copy.get("retention_period"), days)


@check("DB-6")
def deletion_protection(stack: Subject) -> Iterator[Observation]:
    if not present(stack.environment.database).deletion_protection:
        raise NotRequired("database.deletion_protection is false")
    for instance in _all(stack):
        yield equal(str(instance), "deletion_protection", instance.get("deletion_protection"), True)
    primary = server(stack)
    yield equal(str(primary), "skip_final_snapshot", bool(primary.get("skip_final_snapshot")), False)
    named = primary.get("final_snapshot_identifier") is not None
    yield equal(str(primary), "final_snapshot_identifier is set", named, True)


@check("DB-7")
def logs_and_insights_enabled(stack: Subject) -> Iterator[Observation]:
    spec = present(stack.environment.database)
    for instance in _all(stack):
        exports = instance.get("enabled_cloudwatch_logs_exports", [])
        yield includes(str(instance), "enabled_cloudwatch_logs_exports", exports, ["postgresql", "upgrade"])
        on = instance.get("performance_insights_enabled")
        yield equal(str(instance), "performance_insights_enabled", on, True)
        insights_days = instance.get("performance_insights_retention_period")
        yield at_least(str(instance), "performance_insights_retention_period", insights_days, spec.insights_days)
        yield at_least(str(instance), "monitoring_interval", instance.get("monitoring_interval"), 1)
        group, settings = _parameters(stack, instance)
        for name in ("log_connections", "log_disconnections"):
            yield equal(str(group), name, settings.get(name), "1")
        libraries = _listed(settings.get("shared_preload_libraries", ""))
        yield includes(str(group), "shared_preload_libraries", libraries, ["pgaudit"])
        yield includes(str(group), "pgaudit.log", _listed(settings.get("pgaudit.log", "")), ["ddl", "role"])
        # pgaudit replaces passwords in statements; log_statement writes them as they are
        yield equal(str(group), "log_statement", settings.get("log_statement", "none"), "none")
        slow_query_ms = settings.get("log_min_duration_statement", "-1")
        in_range = slow_query_ms.isdecimal() and int(slow_query_ms) <= spec.slow_query_ms
        yield Observation(
            str(group), f"log_min_duration_statement = {slow_query_ms}", in_range, f"0 to {spec.slow_query_ms}"
        )


def _listed(text: str) -> list[str]:
    return text.replace(" ", "").split(",")


@check("DB-8")
def storage_autoscales(stack: Subject) -> Iterator[Observation]:
    spec = present(stack.environment.database)
    for instance in _all(stack):
        max_storage = instance.get("max_allocated_storage")
        yield equal(str(instance), "max_allocated_storage", max_storage, spec.max_storage_gb)
    yield equal(str(server(stack)), "read replicas", len(_replicas(stack)), spec.replicas)


@check("DB-9")
def bootstrap_prerequisites(stack: Subject) -> Iterator[Observation]:
    # the bootstrap job, which is part of the workloads, creates schemas, databases and roles inside PostgreSQL
    primary = server(stack)
    major = str(primary.get("engine_version")).split(".")[0]
    origins = ("snapshot_identifier", "restore_to_point_in_time", "s3_import")
    yield from lookup.unnarrowed(primary, *origins)  # the bootstrap job expects an empty server
    engine = f"{primary.get('engine')} {major}"
    yield equal(str(primary), "engine", engine, f"postgres {present(stack.environment.database).version}")
    identity_login = primary.get("iam_database_authentication_enabled")
    yield equal(str(primary), "iam_database_authentication_enabled", identity_login, True)
    group, settings = _parameters(stack, primary)
    if "rds.allowed_extensions" in settings:
        allowed = _listed(settings["rds.allowed_extensions"])
        yield includes(str(group), "rds.allowed_extensions", allowed, ["postgis", "pgaudit"])


@check("DB-10")
def automatic_minor_upgrades(stack: Subject) -> Iterator[Observation]:
    window = present(stack.environment.database).maintenance_window
    for instance in _all(stack):
        minor_upgrades = instance.get("auto_minor_version_upgrade")
        yield equal(str(instance), "auto_minor_version_upgrade", minor_upgrades, True)
        actual = str(instance.get("maintenance_window"))
        yield equal(str(instance), "maintenance_window day", actual[:3], window.day)
        hour = int(actual[4:6]) if actual[4:6].isdecimal() else None
        yield at_least(str(instance), "maintenance_window hour", hour, window.hour)
        yield at_most(str(instance), "maintenance_window hour", hour, window.hour)
