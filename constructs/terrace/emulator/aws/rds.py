"""RDS: instances with an identity of their own, insights that read back, replicas that are not their source."""

import uuid
from typing import Any

import moto.rds.models as models
from moto.rds.responses import RDSResponse

from terrace.emulator.aws.patch import Call, Function, fault, operation, parameters_of, read_back, wrap

_READ_BACK = {
    "EnablePerformanceInsights": "performance_insights_enabled",
    "PerformanceInsightsKMSKeyId": "performance_insights_kms_key_id",
    "PerformanceInsightsRetentionPeriod": "performance_insights_retention_period",
    "DatabaseInsightsMode": "database_insights_mode",
    "EngineLifecycleSupport": "engine_lifecycle_support",
    "NetworkType": "network_type",
}


def resource_ids() -> None:
    """Stock moto gives every instance the same DbiResourceId, by which the provider looks an instance up: it reads
    another one's values."""

    @wrap(models.DBInstance, "__init__")
    def __init__(original: Function, self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        self.dbi_resource_id = _resource_id()


def instance_settings() -> None:
    """Stock moto drops Performance Insights, the insights mode, life cycle support and network type: each drifts on
    every plan."""
    for name in ("create_db_instance", "modify_db_instance"):

        @wrap(RDSResponse, name)
        def settings(original: Function, self: Any) -> Any:
            asked = parameters_of(self)
            result = original(self)
            identifier = asked.get("NewDBInstanceIdentifier") or asked["DBInstanceIdentifier"]
            read_back(self.backend.databases[identifier], asked, _READ_BACK)
            return result


def read_replicas() -> None:
    """Stock moto makes a replica a shallow copy of its source: one resource id, one managed secret that dies with the
    replica, and settings of the source where the replica asked for others."""

    @wrap(RDSResponse, "create_db_instance_read_replica")
    def create_db_instance_read_replica(original: Function, self: Any) -> Any:
        asked = parameters_of(self)
        result = original(self)
        replica = self.backend.databases[asked["DBInstanceIdentifier"]]
        replica.dbi_resource_id = _resource_id()
        replica.manage_master_user_password = False
        replica.__dict__.pop("master_user_secret", None)
        replica.multi_az = asked.get("MultiAZ", False)
        replica.deletion_protection = asked.get("DeletionProtection", False)
        replica.backup_retention_period = asked.get("BackupRetentionPeriod", 0)
        replica.enable_iam_database_authentication = asked.get("EnableIAMDatabaseAuthentication", False)
        replica.enabled_cloudwatch_logs_exports = list(asked.get("EnableCloudwatchLogsExports") or [])
        replica.monitoring_interval = asked.get("MonitoringInterval", 0)
        replica.performance_insights_enabled = False
        replica._max_allocated_storage = asked.get("MaxAllocatedStorage") or 0
        read_back(replica, asked, _READ_BACK)
        return result


def parameter_sources() -> None:
    """Stock moto does not say that a parameter was set by the user, and the provider reads only those: every parameter
    drifts."""

    @wrap(models.DBParameterGroup, "update_parameters")
    def update_parameters(original: Function, self: Any, new_parameters: Any) -> None:
        original(self, [{**parameter, "Source": "user"} for parameter in new_parameters])


def parameter_resets() -> None:
    """Stock moto has no ResetDBParameterGroup, which the provider calls when a parameter is taken out."""

    @operation(RDSResponse)
    def reset_db_parameter_group(call: Call) -> dict[str, Any]:
        name = call.parameters["DBParameterGroupName"]
        group = call.backend.db_parameter_groups.get(name)
        if group is None:
            raise fault("DBParameterGroupNotFound", f"DBParameterGroup not found: {name}")
        if call.parameters.get("ResetAllParameters"):
            group.parameters.clear()
        for parameter in call.parameters.get("Parameters") or []:
            group.parameters.pop(parameter["ParameterName"], None)
        return {"DBParameterGroupName": name}


def cluster_scaling() -> None:
    """Stock moto reports an empty ScalingConfigurationInfo for every Aurora cluster, which the provider takes for the
    first generation of Serverless."""
    original: Function = models.DBCluster.scaling_configuration_info.fget
    models.DBCluster.scaling_configuration_info = property(
        lambda self: original(self) if self.scaling_configuration else None
    )


def replicated_backups() -> None:
    """Stock moto has no operation for automated backups that are replicated to another region."""

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
        call.shelf("automated_backups")[arn] = backup
        return {"DBInstanceAutomatedBackup": backup}

    @operation(RDSResponse)
    def describe_db_instance_automated_backups(call: Call) -> dict[str, Any]:
        wanted = call.parameters.get("DBInstanceAutomatedBackupsArn")
        kept = call.shelf("automated_backups")
        if wanted and wanted not in kept:
            raise _no_backup(wanted)
        return {"DBInstanceAutomatedBackups": [backup for arn, backup in kept.items() if wanted in (None, arn)]}

    @operation(RDSResponse)
    def stop_db_instance_automated_backups_replication(call: Call) -> dict[str, Any]:
        source = call.parameters["SourceDBInstanceArn"]
        kept = call.shelf("automated_backups")
        for arn, backup in kept.items():
            if backup["DBInstanceArn"] == source:
                return {"DBInstanceAutomatedBackup": {**kept.pop(arn), "Status": "deleting"}}
        raise _no_backup(source)


def _resource_id() -> str:
    return f"db-{uuid.uuid4().hex[:26].upper()}"


def _no_backup(arn: str) -> Exception:
    return fault("DBInstanceAutomatedBackupNotFound", f"automated backup not found: {arn}")


PATCHES = (
    resource_ids,
    instance_settings,
    read_replicas,
    parameter_sources,
    parameter_resets,
    cluster_scaling,
    replicated_backups,
)
