"""Checks of RDS for PostgreSQL (DB-1 to DB-10)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, equal, includes
from terrace.capabilities.identity import BOOTSTRAP
from terrace.capabilities.spec import present
from terrace.live.aws import keys
from terrace.live.aws.checks import Deployment, pod_identities


def server(deployment: Deployment) -> dict[str, Any]:
    """The primary instance. Raises Absent."""
    return _instance(deployment, deployment.prefix)


def replicas(deployment: Deployment) -> list[dict[str, Any]]:
    """Its read replicas in the home region, by identifier."""
    listed = server(deployment).get("ReadReplicaDBInstanceIdentifiers", [])
    home = [identifier for identifier in listed if not identifier.startswith("arn:")]
    return [_instance(deployment, identifier) for identifier in sorted(home)]


def _instance(deployment: Deployment, identifier: str) -> dict[str, Any]:
    answer = deployment.call("rds", "describe_db_instances", DBInstanceIdentifier=identifier)
    instance: dict[str, Any] = answer["DBInstances"][0]
    return instance


def _all(deployment: Deployment) -> Iterator[tuple[str, dict[str, Any]]]:
    for instance in (server(deployment), *replicas(deployment)):
        yield f"db instance {instance['DBInstanceIdentifier']}", instance


def _parameters(deployment: Deployment, instance: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The parameter group of an instance, and its values by name."""
    group = instance["DBParameterGroups"][0]["DBParameterGroupName"]
    found = deployment.pages("rds", "describe_db_parameters", "Parameters", DBParameterGroupName=group)
    values = {entry["ParameterName"]: str(entry["ParameterValue"]) for entry in found if "ParameterValue" in entry}
    return f"parameter group {group}", values


@check("DB-1")
def private(deployment: Deployment) -> Iterator[Observation]:
    for resource, instance in _all(deployment):
        yield equal(resource, "PubliclyAccessible", instance.get("PubliclyAccessible"), False)


@check("DB-2")
def tls_required(deployment: Deployment) -> Iterator[Observation]:
    for _, instance in _all(deployment):
        resource, values = _parameters(deployment, instance)
        yield equal(resource, "rds.force_ssl", values.get("rds.force_ssl"), "1")
        oldest = values.get("ssl_min_protocol_version")
        yield Observation(resource, f"ssl_min_protocol_version = {oldest}", oldest in ("TLSv1.2", "TLSv1.3"), "TLSv1.2")


@check("DB-3")
def encrypted(deployment: Deployment) -> Iterator[Observation]:
    for resource, instance in _all(deployment):
        yield equal(resource, "StorageEncrypted", instance.get("StorageEncrypted"), True)
        yield keys.used(deployment, resource, "KmsKeyId", instance.get("KmsKeyId"), "database")


@check("DB-4")
def standby(deployment: Deployment) -> Iterator[Observation]:
    if not present(deployment.environment.database).high_availability:
        raise NotRequired("database.high_availability is false")
    instance = server(deployment)
    yield equal(f"db instance {instance['DBInstanceIdentifier']}", "MultiAZ", instance.get("MultiAZ"), True)


@check("DB-5")
def recoverable(deployment: Deployment) -> Iterator[Observation]:
    instance, days = server(deployment), present(deployment.environment.database).recovery_days
    resource = f"db instance {instance['DBInstanceIdentifier']}"
    yield at_least(resource, "BackupRetentionPeriod", instance.get("BackupRetentionPeriod"), days)
    if region := deployment.target.recovery_region:
        found = deployment.pages(
            "rds", "describe_db_instance_automated_backups", "DBInstanceAutomatedBackups", region=region
        )
        copies = [
            backup
            for backup in found
            if backup.get("DBInstanceArn") == instance["DBInstanceArn"] and backup.get("Status") == "replicating"
        ]
        resource = f"automated backups of {instance['DBInstanceIdentifier']} in {region}"
        yield equal(resource, "backup replications to the recovery region", len(copies), 1)
        for copy in copies:
            yield at_least(resource, "BackupRetentionPeriod", copy.get("BackupRetentionPeriod"), days)
            yield keys.used(deployment, resource, "KmsKeyId", copy.get("KmsKeyId"), "database", region)


@check("DB-6")
def protected(deployment: Deployment) -> Iterator[Observation]:
    if not present(deployment.environment.database).deletion_protection:
        raise NotRequired("database.deletion_protection is false")
    for resource, instance in _all(deployment):
        yield equal(resource, "DeletionProtection", instance.get("DeletionProtection"), True)


@check("DB-7")
def watched(deployment: Deployment) -> Iterator[Observation]:
    spec = present(deployment.environment.database)
    for resource, instance in _all(deployment):
        exports = instance.get("EnabledCloudwatchLogsExports", [])
        yield includes(resource, "EnabledCloudwatchLogsExports", exports, ["postgresql", "upgrade"])
        yield equal(resource, "PerformanceInsightsEnabled", instance.get("PerformanceInsightsEnabled"), True)
        kept = instance.get("PerformanceInsightsRetentionPeriod")
        yield at_least(resource, "PerformanceInsightsRetentionPeriod", kept, spec.insights_days)
        yield at_least(resource, "MonitoringInterval", instance.get("MonitoringInterval"), 1)
        group, values = _parameters(deployment, instance)
        yield includes(group, "pgaudit.log", values.get("pgaudit.log", "").split(","), ["ddl", "role"])
        # pgaudit replaces passwords in statements; log_statement writes them as they are
        yield equal(group, "log_statement", values.get("log_statement", "none"), "none")
        slow = values.get("log_min_duration_statement", "-1")
        within = slow.isdecimal() and int(slow) <= spec.slow_query_ms
        yield Observation(group, f"log_min_duration_statement = {slow}", within, f"0 to {spec.slow_query_ms}")


@check("DB-8")
def grows(deployment: Deployment) -> Iterator[Observation]:
    spec = present(deployment.environment.database)
    instance = server(deployment)
    resource = f"db instance {instance['DBInstanceIdentifier']}"
    yield equal(resource, "MaxAllocatedStorage", instance.get("MaxAllocatedStorage"), spec.max_storage_gb)
    yield at_least(resource, "read replicas", len(replicas(deployment)), spec.replicas)


@check("DB-9")
def bootstrap_possible(deployment: Deployment) -> Iterator[Observation]:
    # the bootstrap job creates schemas, databases and roles inside PostgreSQL, which AWS's API does not show
    instance = server(deployment)
    resource = f"db instance {instance['DBInstanceIdentifier']}"
    major = str(instance.get("EngineVersion", "")).split(".")[0]
    yield equal(
        resource,
        "engine",
        f"{instance.get('Engine')} {major}",
        f"postgres {present(deployment.environment.database).version}",
    )
    yield equal(resource, "IAMDatabaseAuthenticationEnabled", instance.get("IAMDatabaseAuthenticationEnabled"), True)
    group, values = _parameters(deployment, instance)
    libraries = values.get("shared_preload_libraries", "").replace(" ", "").split(",")
    yield includes(group, "shared_preload_libraries", libraries, ["pgaudit"])
    allowed = values.get("rds.allowed_extensions", "*")
    if allowed != "*":
        extensions = allowed.replace(" ", "").split(",")
        yield includes(group, "rds.allowed_extensions", extensions, ["postgis", "pgaudit"])
    account = deployment.environment.component_accounts.get(BOOTSTRAP)
    if account is None:
        return  # the job runs in the cluster, which is left out
    yield at_least(f"pod identity {account}", "associations", len(pod_identities(deployment, account)), 1)


@check("DB-10")
def patched(deployment: Deployment) -> Iterator[Observation]:
    window = present(deployment.environment.database).maintenance_window
    for resource, instance in _all(deployment):
        yield equal(resource, "AutoMinorVersionUpgrade", instance.get("AutoMinorVersionUpgrade"), True)
        yield equal(
            resource,
            "PreferredMaintenanceWindow's day",
            str(instance.get("PreferredMaintenanceWindow"))[:3],
            window.day,
        )
    primary = server(deployment)
    starts = str(primary.get("PreferredMaintenanceWindow", ""))[4:6]
    hour = int(starts) if starts.isdecimal() else None
    yield at_least(f"db instance {primary['DBInstanceIdentifier']}", "window's hour", hour, window.hour)
    yield at_most(f"db instance {primary['DBInstanceIdentifier']}", "window's hour", hour, window.hour)
