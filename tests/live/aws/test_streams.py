"""The guarantees of managed streams on the recorded prod with streams added; each break breaks its own only."""

from collections.abc import Callable
from typing import Any

import pytest

from terrace import live
from terrace.assurance.evaluation import Result
from terrace.aws import names
from terrace.capabilities.streams import StreamsSpec, TopicSpec
from terrace.live.aws.checks import Deployment
from tests.live.aws.site import Site, document
from tests.live.snapshot import Snapshot
from tests.live.statuses import failing, of_streams

PROPERTIES = "default.replication.factor=3\nlog.retention.hours={}\n"


def added(site: Site) -> str:
    """Add streams like those of the construct; the cluster's ARN."""
    ec2, logs, log_group = site.client("ec2"), site.client("logs"), f"/aws/msk/{site.prefix}"
    vpc = [{"Name": "vpc-id", "Values": [site.vpc]}]
    zones = {one["AvailabilityZone"]: one["SubnetId"] for one in ec2.describe_subnets(Filters=vpc)["Subnets"]}
    group = ec2.create_security_group(GroupName=f"{site.prefix}-streams", Description="Streams", VpcId=site.vpc)
    logs.create_log_group(logGroupName=log_group)
    logs.put_retention_policy(logGroupName=log_group, retentionInDays=site.environment.observability.retention_days)
    made = site.client("kafka").create_cluster(
        ClusterName=site.prefix,
        KafkaVersion="3.8.x",
        NumberOfBrokerNodes=len(zones),
        BrokerNodeGroupInfo={
            "ClientSubnets": list(zones.values()),
            "InstanceType": "kafka.m7g.large",
            "SecurityGroups": [group["GroupId"]],
            "StorageInfo": {"EbsStorageInfo": {"VolumeSize": 100}},
        },
        ClientAuthentication={"Sasl": {"Iam": {"Enabled": True}}, "Unauthenticated": {"Enabled": False}},
        EncryptionInfo={
            "EncryptionAtRest": {"DataVolumeKMSKeyId": site.key("events")},
            "EncryptionInTransit": {"ClientBroker": "TLS", "InCluster": True},
        },
        ConfigurationInfo={"Arn": configuration(site, "own", hours=168), "Revision": 1},
        LoggingInfo={"BrokerLogs": {"CloudWatchLogs": {"Enabled": True, "LogGroup": log_group}}},
    )
    return str(made["ClusterArn"])


def configuration(site: Site, name: str, *, hours: int) -> str:
    properties = PROPERTIES.format(hours).encode()
    made = site.client("kafka").create_configuration(Name=name, KafkaVersions=["3.8.x"], ServerProperties=properties)
    return str(made["Arn"])


def changed(site: Site, cluster: str, change: str, **values: Any) -> None:
    version = site.client("kafka").describe_cluster(ClusterArn=cluster)["ClusterInfo"]["CurrentVersion"]
    getattr(site.client("kafka"), change)(ClusterArn=cluster, CurrentVersion=version, **values)


def clients_need_no_authentication(site: Site, cluster: str) -> None:
    clients = {"Sasl": {"Iam": {"Enabled": True}}, "Unauthenticated": {"Enabled": True}}
    changed(site, cluster, "update_security", ClientAuthentication=clients)


def connections_need_no_tls(site: Site, cluster: str) -> None:
    transit = {"EncryptionInTransit": {"ClientBroker": "TLS_PLAINTEXT", "InCluster": True}}
    changed(site, cluster, "update_security", EncryptionInfo=transit)


def a_module_reads_an_undeclared_topic(site: Site, cluster: str) -> None:
    topic = names.stream_arn(site.target, "topic", "orders")
    allowed = document({"Effect": "Allow", "Action": "kafka-cluster:ReadData", "Resource": topic})
    role = site.role("module-airflow")
    site.client("iam").put_role_policy(RoleName=role, PolicyName="topics", PolicyDocument=allowed)


def events_are_kept_for_an_hour(site: Site, cluster: str) -> None:
    other = {"Arn": configuration(site, "other", hours=1), "Revision": 1}
    changed(site, cluster, "update_cluster_configuration", ConfigurationInfo=other)


def logs_are_kept_for_a_day(site: Site, cluster: str) -> None:
    site.client("logs").put_retention_policy(logGroupName=f"/aws/msk/{site.prefix}", retentionInDays=1)


BREAKS: dict[str, Callable[[Site, str], None]] = {
    "STREAM-1": clients_need_no_authentication,
    "STREAM-2": connections_need_no_tls,
    "STREAM-3": a_module_reads_an_undeclared_topic,
    "STREAM-4": events_are_kept_for_an_hour,
    "STREAM-5": logs_are_kept_for_a_day,
}


def read(site: Site, guarantee: str = "") -> list[Result]:
    """Add streams, break a guarantee, and evaluate those of streams."""
    cluster = added(site)
    if guarantee:
        BREAKS[guarantee](site, cluster)
    site.reader.forget(site.touched)
    settings = {"streams": StreamsSpec(size="medium"), "topics": {"orders": TopicSpec()}}
    deployment = Deployment(site.environment.model_copy(update=settings), site.target, site.reader)
    return [live.evaluate_guarantee(id, "aws", deployment) for id in of_streams("aws")]


def test_streams_hold_every_guarantee(snapshot: Snapshot) -> None:
    results = snapshot.run(read)
    assert [result.guarantee.id for result in results] == list(BREAKS)
    assert failing(results, "aws") == {}
    assert all(result.evidence and result.resource for result in results)


@pytest.mark.parametrize("guarantee", BREAKS)
def test_a_break_breaks_one_guarantee(snapshot: Snapshot, guarantee: str) -> None:
    results: list[Result] = snapshot.run(read, guarantee)
    assert failing(results, "aws").keys() == {guarantee}
    result = next(result for result in results if result.guarantee.id == guarantee)
    assert result.status == "broken"
    assert result.reason
