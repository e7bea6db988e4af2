from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto

IAM = {"Sasl": {"Iam": {"Enabled": True}}, "Unauthenticated": {"Enabled": False}}


def create(aws: Aws, **settings: Any) -> str:
    brokers = {
        "ClientSubnets": ["subnet-a", "subnet-b"],
        "InstanceType": "kafka.t3.small",
        "StorageInfo": {"EbsStorageInfo": {"VolumeSize": 20}},
    }
    made = aws("kafka").create_cluster(
        ClusterName=aws.name(),
        KafkaVersion="3.8.x",
        NumberOfBrokerNodes=2,
        BrokerNodeGroupInfo=brokers,
        ClientAuthentication=IAM,
        **settings,
    )
    return str(made["ClusterArn"])


def described(aws: Aws, arn: str) -> dict[str, Any]:
    info: dict[str, Any] = aws("kafka").describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]
    return info


def configuration(aws: Aws) -> str:
    made = aws("kafka").create_configuration(Name=aws.name(), KafkaVersions=["3.8.x"], ServerProperties=b"a=1\n")
    return str(made["Arn"])


@fails_on_stock_moto
def test_clusters(aws: Aws) -> None:
    kafka, arn = aws("kafka"), create(aws)
    found = described(aws, arn)
    assert f":cluster/{found['ClusterName']}/" in arn
    assert found["State"] == "ACTIVE"
    assert found["Provisioned"]["EncryptionInfo"]["EncryptionInTransit"]["ClientBroker"] == "TLS"
    kafka.delete_cluster(ClusterArn=arn)
    for call in (kafka.describe_cluster, kafka.describe_cluster_v2, kafka.delete_cluster):
        with pytest.raises(ClientError, match="NotFoundException"):
            call(ClusterArn=arn)


@fails_on_stock_moto
def test_configurations(aws: Aws) -> None:
    kafka, arn = aws("kafka"), configuration(aws)
    kafka.update_configuration(Arn=arn, ServerProperties=b"a=2\n")
    assert kafka.describe_configuration(Arn=arn)["LatestRevision"]["Revision"] == 2
    assert kafka.describe_configuration_revision(Arn=arn, Revision=1)["ServerProperties"] == b"a=1\n"
    assert kafka.describe_configuration_revision(Arn=arn, Revision=2)["ServerProperties"] == b"a=2\n"
    assert arn in [one["Arn"] for one in kafka.list_configurations()["Configurations"]]
    used = create(aws, ConfigurationInfo={"Arn": arn, "Revision": 2})
    with pytest.raises(ClientError, match="in use"):
        kafka.delete_configuration(Arn=arn)
    kafka.delete_cluster(ClusterArn=used)
    kafka.delete_configuration(Arn=arn)
    with pytest.raises(ClientError, match="does not exist"):
        kafka.describe_configuration(Arn=arn)


@fails_on_stock_moto
def test_brokers(aws: Aws) -> None:
    brokers = aws("kafka").get_bootstrap_brokers(ClusterArn=create(aws))["BootstrapBrokerStringSaslIam"]
    assert [one.rpartition(":")[2] for one in brokers.split(",")] == ["9098", "9098"]


@fails_on_stock_moto
def test_changes(aws: Aws) -> None:
    kafka, arn, properties = aws("kafka"), create(aws), configuration(aws)
    log = {"BrokerLogs": {"CloudWatchLogs": {"Enabled": True, "LogGroup": "/aws/msk/x"}}}
    for change, values in (
        ("update_broker_count", {"TargetNumberOfBrokerNodes": 4}),
        ("update_broker_type", {"TargetInstanceType": "kafka.m7g.large"}),
        ("update_broker_storage", {"TargetBrokerEBSVolumeInfo": [{"KafkaBrokerNodeId": "ALL", "VolumeSizeGB": 30}]}),
        ("update_cluster_configuration", {"ConfigurationInfo": {"Arn": properties, "Revision": 1}}),
        ("update_cluster_kafka_version", {"TargetKafkaVersion": "3.9.x"}),
        ("update_security", {"EncryptionInfo": {"EncryptionInTransit": {"ClientBroker": "TLS_PLAINTEXT"}}}),
        ("update_monitoring", {"EnhancedMonitoring": "PER_BROKER", "LoggingInfo": log}),
        ("update_connectivity", {"ConnectivityInfo": {"PublicAccess": {"Type": "SERVICE_PROVIDED_EIPS"}}}),
    ):
        version = described(aws, arn)["CurrentVersion"]
        answer = getattr(kafka, change)(ClusterArn=arn, CurrentVersion=version, **values)
        done = kafka.describe_cluster_operation(ClusterOperationArn=answer["ClusterOperationArn"])
        assert done["ClusterOperationInfo"]["OperationState"] == "UPDATE_COMPLETE"
        assert described(aws, arn)["CurrentVersion"] != version
    found = described(aws, arn)["Provisioned"]
    brokers = found["BrokerNodeGroupInfo"]
    assert (found["NumberOfBrokerNodes"], brokers["InstanceType"]) == (4, "kafka.m7g.large")
    assert brokers["StorageInfo"]["EbsStorageInfo"]["VolumeSize"] == 30
    assert brokers["ConnectivityInfo"]["PublicAccess"]["Type"] == "SERVICE_PROVIDED_EIPS"
    assert found["CurrentBrokerSoftwareInfo"]["ConfigurationArn"] == properties
    assert found["CurrentBrokerSoftwareInfo"]["KafkaVersion"] == "3.9.x"
    assert found["EncryptionInfo"]["EncryptionInTransit"]["ClientBroker"] == "TLS_PLAINTEXT"
    assert (found["EnhancedMonitoring"], found["LoggingInfo"]) == ("PER_BROKER", log)
    for change, values in (
        ("update_broker_count", {"TargetNumberOfBrokerNodes": 2}),
        ("update_broker_storage", {"TargetBrokerEBSVolumeInfo": [{"KafkaBrokerNodeId": "ALL", "VolumeSizeGB": 10}]}),
    ):
        with pytest.raises(ClientError, match="BadRequestException"):
            getattr(kafka, change)(ClusterArn=arn, CurrentVersion="K1", **values)
