import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


def create_instance(aws: Aws, **settings: object) -> str:
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


@fails_on_stock_moto
def test_resource_ids(aws: Aws) -> None:
    first, second = describe(aws, create_instance(aws)), describe(aws, create_instance(aws))
    assert first["DbiResourceId"] != second["DbiResourceId"]


@fails_on_stock_moto
def test_instance_settings(aws: Aws) -> None:
    name = create_instance(
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


@fails_on_stock_moto
def test_engine_versions(aws: Aws) -> None:
    found = describe(aws, create_instance(aws, EngineVersion="16"))["EngineVersion"]
    known = aws("rds").describe_db_engine_versions(Engine="postgres")["DBEngineVersions"]
    assert found in [each["EngineVersion"] for each in known if each["MajorEngineVersion"] == "16"]
    assert describe(aws, create_instance(aws, EngineVersion="16.4"))["EngineVersion"] == "16.4"


@fails_on_stock_moto
def test_certificate_authorities(aws: Aws) -> None:
    rds = aws("rds")
    authority = describe(aws, create_instance(aws))["CACertificateIdentifier"]
    found = rds.describe_certificates(CertificateIdentifier=authority)["Certificates"]
    assert [each["ValidTill"].year for each in found] == [2061]
    try:
        rds.describe_certificates(CertificateIdentifier="rds-ca-2019")
        raise AssertionError("not refused")
    except rds.exceptions.CertificateNotFoundFault:
        pass


@fails_on_stock_moto
def test_read_replicas(aws: Aws) -> None:
    source, replica = create_instance(aws, MultiAZ=True), aws.name()
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


def create_parameter_group(aws: Aws) -> str:
    name = aws.name()
    aws("rds").create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily="postgres16", Description="test"
    )
    aws("rds").modify_db_parameter_group(
        DBParameterGroupName=name,
        Parameters=[{"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}],
    )
    return name


@fails_on_stock_moto
def test_parameter_sources(aws: Aws) -> None:
    found = aws("rds").describe_db_parameters(DBParameterGroupName=create_parameter_group(aws))["Parameters"]
    assert [parameter["Source"] for parameter in found] == ["user"]


@fails_on_stock_moto
def test_parameter_resets(aws: Aws) -> None:
    name = create_parameter_group(aws)
    aws("rds").reset_db_parameter_group(
        DBParameterGroupName=name, Parameters=[{"ParameterName": "rds.force_ssl", "ApplyMethod": "immediate"}]
    )
    assert aws("rds").describe_db_parameters(DBParameterGroupName=name)["Parameters"] == []


@fails_on_stock_moto
def test_cluster_scaling(aws: Aws) -> None:
    name = aws.name()
    aws("rds").create_db_cluster(
        DBClusterIdentifier=name, Engine="aurora-postgresql", MasterUsername="platform", ManageMasterUserPassword=True
    )
    cluster = aws("rds").describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]
    assert "ScalingConfigurationInfo" not in cluster


@fails_on_stock_moto
def test_managed_secret(aws: Aws) -> None:
    reference: Any = describe(aws, create_instance(aws))["MasterUserSecret"]
    secret = aws("secretsmanager").get_secret_value(SecretId=reference["SecretArn"])["SecretString"]
    assert json.loads(secret)["username"] == "platform"


@fails_on_stock_moto
def test_replicated_backups(aws: Aws) -> None:
    source = describe(aws, create_instance(aws))["DBInstanceArn"]
    elsewhere = aws("rds", "eu-west-3")
    created = elsewhere.start_db_instance_automated_backups_replication(
        SourceDBInstanceArn=source, BackupRetentionPeriod=35
    )["DBInstanceAutomatedBackup"]
    key = {"DBInstanceAutomatedBackupsArn": created["DBInstanceAutomatedBackupsArn"]}
    found = elsewhere.describe_db_instance_automated_backups(**key)["DBInstanceAutomatedBackups"]
    assert [backup["BackupRetentionPeriod"] for backup in found] == [35]
    elsewhere.stop_db_instance_automated_backups_replication(SourceDBInstanceArn=source)
    assert elsewhere.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"] == []


@fails_on_stock_moto
def test_subnet_groups(aws: Aws) -> None:
    rds, name, subnets = aws("rds"), aws.name(), aws.subnets()
    rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription="a", SubnetIds=subnets)
    rds.modify_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription="b", SubnetIds=subnets[:1])
    (found,) = rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"]
    assert (found["DBSubnetGroupDescription"], len(found["Subnets"])) == ("b", 1)


@fails_on_stock_moto
def test_event_subscriptions(aws: Aws) -> None:
    rds, name = aws("rds"), aws.name()
    topics = [aws("sns").create_topic(Name=f"{name}-{index}")["TopicArn"] for index in range(2)]
    rds.create_event_subscription(SubscriptionName=name, SnsTopicArn=topics[0], SourceType="db-instance", Enabled=True)
    rds.modify_event_subscription(SubscriptionName=name, SnsTopicArn=topics[1], EventCategories=["failure"])
    (found,) = rds.describe_event_subscriptions(SubscriptionName=name)["EventSubscriptionsList"]
    assert (found["SnsTopicArn"], found["EventCategoriesList"]) == (topics[1], ["failure"])


@fails_on_stock_moto
def test_event_sources(aws: Aws) -> None:
    rds, name, instance = aws("rds"), aws.name(), create_instance(aws)
    topic = aws("sns").create_topic(Name=name)["TopicArn"]
    rds.create_event_subscription(SubscriptionName=name, SnsTopicArn=topic, SourceType="db-instance", Enabled=True)
    source = {"SubscriptionName": name, "SourceIdentifier": instance}
    assert rds.add_source_identifier_to_subscription(**source)["EventSubscription"]["SourceIdsList"] == [instance]
    with pytest.raises(ClientError, match="SourceNotFound"):
        rds.add_source_identifier_to_subscription(SubscriptionName=name, SourceIdentifier="not-there")
    assert not rds.remove_source_identifier_from_subscription(**source)["EventSubscription"].get("SourceIdsList")
