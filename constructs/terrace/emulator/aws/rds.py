"""RDS: resource ids, instance settings, engine versions, certificate authorities, read replicas, managed secrets,
parameter groups, replicated backups."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import moto.rds.models as models
from moto.rds.responses import RDSResponse

from terrace.emulator.aws.patch import Call, Function, operation, parameters_of, read_back, service_error, wrap

_READ_BACK = {
    "EnablePerformanceInsights": "performance_insights_enabled",
    "PerformanceInsightsKMSKeyId": "performance_insights_kms_key_id",
    "PerformanceInsightsRetentionPeriod": "performance_insights_retention_period",
    "DatabaseInsightsMode": "database_insights_mode",
    "EngineLifecycleSupport": "engine_lifecycle_support",
    "NetworkType": "network_type",
}
# Amazon RDS for PostgreSQL release notes, August 2025, and of 18 its first: the newest minor version of each major one
_POSTGRES = {"13": "13.22", "14": "14.19", "15": "15.14", "16": "16.10", "17": "17.6", "18": "18.1"}

# RDS user guide, "Using SSL/TLS to encrypt a connection": the authorities, and the years that they are valid
_AUTHORITIES = {"rds-ca-rsa2048-g1": 40, "rds-ca-rsa4096-g1": 100, "rds-ca-ecc384-g1": 100}
_DEFAULT_AUTHORITY = "rds-ca-rsa2048-g1"


def resource_ids() -> None:
    """Stock moto gives every instance the same DbiResourceId, which the provider finds an instance by: it reads the
    values of another instance."""

    @wrap(models.DBInstance, "__init__")
    def __init__(original: Function, self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        self.dbi_resource_id = _resource_id()


def instance_settings() -> None:
    """Stock moto drops Performance Insights, the insights mode, life cycle support and network type: they drift."""
    for name in ("create_db_instance", "modify_db_instance"):

        @wrap(RDSResponse, name)
        def settings(original: Function, self: Any) -> Any:
            parameters = parameters_of(self)
            result = original(self)
            identifier = parameters.get("NewDBInstanceIdentifier") or parameters["DBInstanceIdentifier"]
            read_back(self.backend.databases[identifier], parameters, _READ_BACK)
            return result


def engine_versions() -> None:
    """Stock moto lacks DescribeDBEngineVersions, and keeps a major version where AWS selects a minor one."""
    instance = models.DBInstance
    stored: Any = instance.engine_version

    def select(self: Any, version: str) -> None:
        minor = _POSTGRES.get(version, version) if self.engine == "postgres" else version
        stored.fset(self, minor)

    instance.engine_version = property(stored.fget, select)

    @operation(RDSResponse)
    def describe_db_engine_versions(call: Call) -> dict[str, Any]:
        asked, version = call.parameters.get("Engine"), call.parameters.get("EngineVersion")
        known = _POSTGRES.items() if asked in (None, "postgres") else ()
        return {
            "DBEngineVersions": [
                {
                    "Engine": "postgres",
                    "EngineVersion": minor,
                    "MajorEngineVersion": major,
                    "DBParameterGroupFamily": f"postgres{major}",
                    "DBEngineDescription": "PostgreSQL",
                    "DBEngineVersionDescription": f"PostgreSQL {minor}",
                    "Status": "available",
                }
                for major, minor in known
                if version in (None, major, minor)
            ]
        }


def certificate_authorities() -> None:
    """Stock moto lacks DescribeCertificates, and gives a new instance an authority that AWS does not have."""

    @wrap(models.DBInstance, "__init__")
    def __init__(original: Function, self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        if self.ca_certificate_identifier not in _AUTHORITIES:
            self.ca_certificate_identifier = _DEFAULT_AUTHORITY

    @operation(RDSResponse)
    def describe_certificates(call: Call) -> dict[str, Any]:
        asked = call.parameters.get("CertificateIdentifier")
        if asked and asked not in _AUTHORITIES:
            raise service_error("CertificateNotFound", f"Certificate not found: {asked}")
        return {
            "DefaultCertificateForNewLaunches": _DEFAULT_AUTHORITY,
            "Certificates": [
                {
                    "CertificateIdentifier": name,
                    "CertificateType": "CA",
                    "CertificateArn": f"arn:{call.partition}:rds:{call.region}::cert:{name}",
                    "ValidFrom": datetime(2021, 5, 21, tzinfo=UTC),
                    "ValidTill": datetime(2021 + years, 5, 21, tzinfo=UTC),
                    "CustomerOverride": False,
                }
                for name, years in _AUTHORITIES.items()
                if asked in (None, name)
            ],
        }


def read_replicas() -> None:
    """Stock moto creates a replica as a shallow copy of its source: with the same resource id, the same managed secret,
    which is deleted with the replica, and the settings of the source instead of the requested ones."""

    @wrap(RDSResponse, "create_db_instance_read_replica")
    def create_db_instance_read_replica(original: Function, self: Any) -> Any:
        parameters = parameters_of(self)
        result = original(self)
        replica = self.backend.databases[parameters["DBInstanceIdentifier"]]
        replica.dbi_resource_id = _resource_id()
        replica.manage_master_user_password = False
        replica.__dict__.pop("master_user_secret", None)
        replica.multi_az = parameters.get("MultiAZ", False)
        replica.deletion_protection = parameters.get("DeletionProtection", False)
        replica.backup_retention_period = parameters.get("BackupRetentionPeriod", 0)
        replica.enable_iam_database_authentication = parameters.get("EnableIAMDatabaseAuthentication", False)
        replica.enabled_cloudwatch_logs_exports = list(parameters.get("EnableCloudwatchLogsExports") or [])
        replica.monitoring_interval = parameters.get("MonitoringInterval", 0)
        replica.performance_insights_enabled = False
        replica._max_allocated_storage = parameters.get("MaxAllocatedStorage") or 0
        read_back(replica, parameters, _READ_BACK)
        return result


def managed_secret() -> None:
    """Stock moto names the user `admin` in the secret of every server, whatever the server's user is: a login
    with it fails."""

    @wrap(models.MasterUserSecret, "_generate_secret_string")
    def secret_string(original: Function, self: Any) -> str:
        credentials = json.loads(original(self))
        return json.dumps({**credentials, "username": self.resource.master_username})


def parameter_sources() -> None:
    """Stock moto does not mark a parameter as set by the user, and the provider reads only those: every parameter
    drifts."""

    @wrap(models.DBParameterGroup, "update_parameters")
    def update_parameters(original: Function, self: Any, new_parameters: Any) -> None:
        original(self, [{**parameter, "Source": "user"} for parameter in new_parameters])


def parameter_resets() -> None:
    """Stock moto lacks ResetDBParameterGroup, which the provider calls when a parameter is removed."""

    @operation(RDSResponse)
    def reset_db_parameter_group(call: Call) -> dict[str, Any]:
        name = call.parameters["DBParameterGroupName"]
        group = call.backend.db_parameter_groups.get(name)
        if group is None:
            raise service_error("DBParameterGroupNotFound", f"DBParameterGroup not found: {name}")
        if call.parameters.get("ResetAllParameters"):
            group.parameters.clear()
        for parameter in call.parameters.get("Parameters") or []:
            group.parameters.pop(parameter["ParameterName"], None)
        return {"DBParameterGroupName": name}


def cluster_scaling() -> None:
    """Stock moto returns an empty ScalingConfigurationInfo for every Aurora cluster, which the provider reads as
    Serverless v1."""
    original: Function = models.DBCluster.scaling_configuration_info.fget
    models.DBCluster.scaling_configuration_info = property(
        lambda self: original(self) if self.scaling_configuration else None
    )


def replicated_backups() -> None:
    """Stock moto lacks the operations for automated backups that are replicated to another region."""

    @operation(RDSResponse)
    def start_db_instance_automated_backups_replication(call: Call) -> dict[str, Any]:
        source: str = call.parameters["SourceDBInstanceArn"]
        arn = call.arn(f"auto-backup:ab-{uuid.uuid5(uuid.NAMESPACE_URL, source).hex[:24]}")
        backup = {
            "DBInstanceAutomatedBackupsArn": arn,
            "DBInstanceArn": source,
            "DBInstanceIdentifier": source.rpartition(":")[2],
            "Region": source.split(":")[3],
            "Status": "replicating",
            "KmsKeyId": call.parameters.get("KmsKeyId"),
            "BackupRetentionPeriod": call.parameters.get("BackupRetentionPeriod") or 7,
            "Engine": "postgres",
            "Encrypted": True,
        }
        call.state("automated_backups")[arn] = backup
        return {"DBInstanceAutomatedBackup": backup}

    @operation(RDSResponse)
    def describe_db_instance_automated_backups(call: Call) -> dict[str, Any]:
        requested = call.parameters.get("DBInstanceAutomatedBackupsArn")
        backups = call.state("automated_backups")
        if requested and requested not in backups:
            raise _no_backup(requested)
        return {"DBInstanceAutomatedBackups": [each for arn, each in backups.items() if requested in (None, arn)]}

    @operation(RDSResponse)
    def stop_db_instance_automated_backups_replication(call: Call) -> dict[str, Any]:
        source = call.parameters["SourceDBInstanceArn"]
        backups = call.state("automated_backups")
        for arn, backup in backups.items():
            if backup["DBInstanceArn"] == source:
                return {"DBInstanceAutomatedBackup": {**backups.pop(arn), "Status": "deleting"}}
        raise _no_backup(source)


def subnet_groups() -> None:
    """Stock moto loses a subnet group that is changed."""

    @wrap(models.RDSBackend, "modify_db_subnet_group")
    def modify_db_subnet_group(original: Function, self: Any, subnet_name: str, *arguments: Any) -> Any:
        self.subnet_groups[subnet_name] = group = original(self, subnet_name, *arguments)
        return group


def event_subscriptions() -> None:
    """Stock moto cannot change a subscription to events."""

    @operation(RDSResponse)
    def modify_event_subscription(call: Call) -> dict[str, Any]:
        found = _subscription(call)
        for parameter, attribute in _SUBSCRIPTION.items():
            if parameter in call.parameters:
                setattr(found, attribute, call.parameters[parameter])
        return {"EventSubscription": found}


def event_sources() -> None:
    """Stock moto cannot add a source to a subscription to events or remove one, as a change of replicas does."""

    @operation(RDSResponse)
    def add_source_identifier_to_subscription(call: Call) -> dict[str, Any]:
        found, source = _subscription(call), call.parameters["SourceIdentifier"]
        if found.source_type == "db-instance" and source not in call.backend.databases:
            raise service_error("SourceNotFound", f"Could not find source: {source}")
        found.source_ids = [*(each for each in found.source_ids or [] if each != source), source]
        return {"EventSubscription": found}

    @operation(RDSResponse)
    def remove_source_identifier_from_subscription(call: Call) -> dict[str, Any]:
        found, source = _subscription(call), call.parameters["SourceIdentifier"]
        if source not in (found.source_ids or []):
            raise service_error("SourceNotFound", f"Could not find source: {source}")
        found.source_ids = [each for each in found.source_ids if each != source]
        return {"EventSubscription": found}


def _subscription(call: Call) -> Any:
    name = call.parameters["SubscriptionName"]
    found = call.backend.event_subscriptions.get(name)
    if found is None:
        raise service_error("SubscriptionNotFound", f"Subscription {name} not found.")
    return found


_SUBSCRIPTION = {
    "SnsTopicArn": "sns_topic_arn",
    "SourceType": "source_type",
    "EventCategories": "event_categories",
    "Enabled": "enabled",
}


def _resource_id() -> str:
    return f"db-{uuid.uuid4().hex[:26].upper()}"


def _no_backup(arn: str) -> Exception:
    return service_error("DBInstanceAutomatedBackupNotFound", f"automated backup not found: {arn}")


PATCHES = (
    resource_ids,
    instance_settings,
    engine_versions,
    certificate_authorities,
    read_replicas,
    managed_secret,
    parameter_sources,
    parameter_resets,
    cluster_scaling,
    replicated_backups,
    subnet_groups,
    event_subscriptions,
    event_sources,
)
