from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.gap import gap


def make_instance(aws: Aws, **settings: object) -> str:
    name = aws.name()
    aws("rds").create_db_instance(
        DBInstanceIdentifier=name,
        Engine="postgres",
        DBInstanceClass="db.t4g.medium",
        AllocatedStorage=20,
        MasterUsername="platform",
        ManageMasterUserPassword=True,
        **settings,
    )
    return name


def describe(aws: Aws, name: str) -> dict[str, object]:
    found: dict[str, object] = aws("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    return found


@gap
def test_resource_ids(aws: Aws) -> None:
    one, other = describe(aws, make_instance(aws)), describe(aws, make_instance(aws))
    assert one["DbiResourceId"] != other["DbiResourceId"]


@gap
def test_instance_settings(aws: Aws) -> None:
    name = make_instance(
        aws,
        EnablePerformanceInsights=True,
        PerformanceInsightsRetentionPeriod=465,
        DatabaseInsightsMode="advanced",
        EngineLifecycleSupport="open-source-rds-extended-support-disabled",
    )
    found = describe(aws, name)
    assert found["PerformanceInsightsEnabled"] is True
    assert found["PerformanceInsightsRetentionPeriod"] == 465
    assert found["DatabaseInsightsMode"] == "advanced"
    assert found["EngineLifecycleSupport"] == "open-source-rds-extended-support-disabled"
    aws("rds").modify_db_instance(DBInstanceIdentifier=name, DatabaseInsightsMode="standard")
    assert describe(aws, name)["DatabaseInsightsMode"] == "standard"


@gap
def test_read_replicas(aws: Aws) -> None:
    source, replica = make_instance(aws, MultiAZ=True), aws.name()
    aws("rds").create_db_instance_read_replica(
        DBInstanceIdentifier=replica, SourceDBInstanceIdentifier=source, EnablePerformanceInsights=True
    )
    found = describe(aws, replica)
    assert found["DbiResourceId"] != describe(aws, source)["DbiResourceId"]
    assert found["MultiAZ"] is False
    assert found["PerformanceInsightsEnabled"] is True
    assert "MasterUserSecret" not in found
    aws("rds").delete_db_instance(DBInstanceIdentifier=replica, SkipFinalSnapshot=True)
    secret = describe(aws, source)["MasterUserSecret"]
    assert isinstance(secret, dict)
    assert aws("secretsmanager").describe_secret(SecretId=secret["SecretArn"])["OwningService"] == "rds"


def make_parameter_group(aws: Aws) -> str:
    name = aws.name()
    aws("rds").create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily="postgres16", Description="probe"
    )
    aws("rds").modify_db_parameter_group(
        DBParameterGroupName=name,
        Parameters=[{"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}],
    )
    return name


@gap
def test_parameter_sources(aws: Aws) -> None:
    found = aws("rds").describe_db_parameters(DBParameterGroupName=make_parameter_group(aws))["Parameters"]
    assert [parameter["Source"] for parameter in found] == ["user"]


@gap
def test_parameter_resets(aws: Aws) -> None:
    name = make_parameter_group(aws)
    aws("rds").reset_db_parameter_group(
        DBParameterGroupName=name, Parameters=[{"ParameterName": "rds.force_ssl", "ApplyMethod": "immediate"}]
    )
    assert aws("rds").describe_db_parameters(DBParameterGroupName=name)["Parameters"] == []


@gap
def test_cluster_scaling(aws: Aws) -> None:
    name = aws.name()
    aws("rds").create_db_cluster(
        DBClusterIdentifier=name, Engine="aurora-postgresql", MasterUsername="platform", ManageMasterUserPassword=True
    )
    cluster = aws("rds").describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]
    assert "ScalingConfigurationInfo" not in cluster


@gap
def test_replicated_backups(aws: Aws) -> None:
    source = describe(aws, make_instance(aws))["DBInstanceArn"]
    elsewhere = aws("rds", "eu-west-3")
    made = elsewhere.start_db_instance_automated_backups_replication(
        SourceDBInstanceArn=source, BackupRetentionPeriod=35
    )["DBInstanceAutomatedBackup"]
    key = {"DBInstanceAutomatedBackupsArn": made["DBInstanceAutomatedBackupsArn"]}
    found = elsewhere.describe_db_instance_automated_backups(**key)["DBInstanceAutomatedBackups"]
    assert [backup["BackupRetentionPeriod"] for backup in found] == [35]
    elsewhere.stop_db_instance_automated_backups_replication(SourceDBInstanceArn=source)
    assert elsewhere.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"] == []
