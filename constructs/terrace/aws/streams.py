"""Amazon MSK, a managed Apache Kafka (STREAM-1 to STREAM-5).

Clients authenticate with IAM, and their roles say which topics they may use (see identity.py). The provider's oldest
supported version has no resource for topics: the first module that writes a topic creates it, with the brokers' values.
"""

from collections.abc import Mapping
from typing import NamedTuple

from cdktn_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktn_provider_aws.msk_cluster import (
    MskCluster,
    MskClusterBrokerNodeGroupInfo,
    MskClusterBrokerNodeGroupInfoConnectivityInfo,
    MskClusterBrokerNodeGroupInfoConnectivityInfoPublicAccess,
    MskClusterBrokerNodeGroupInfoStorageInfo,
    MskClusterBrokerNodeGroupInfoStorageInfoEbsStorageInfo,
    MskClusterClientAuthentication,
    MskClusterClientAuthenticationSasl,
    MskClusterConfigurationInfo,
    MskClusterEncryptionInfo,
    MskClusterEncryptionInfoEncryptionInTransit,
    MskClusterLoggingInfo,
    MskClusterLoggingInfoBrokerLogs,
    MskClusterLoggingInfoBrokerLogsCloudwatchLogs,
)
from cdktn_provider_aws.msk_configuration import MskConfiguration
from constructs import Construct

from terrace.aws import names
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.spec import Size
from terrace.capabilities.streams import StreamsHandle, StreamsSpec, TopicSpec
from terrace.capabilities.target import Target

_VERSION = "3.8.x"
PORT = 9098
"""Port of clients that authenticate with IAM. Source: Amazon MSK Developer Guide, "Port information"."""
_LOGIN = "AWS_MSK_IAM"
"""The SASL mechanism of IAM."""


class _Broker(NamedTuple):
    """An instance type, and the volume of each broker in GiB."""

    type: str
    storage_gb: int


_BROKERS: Mapping[Size, _Broker] = {
    "small": _Broker("kafka.t3.small", 20),
    "medium": _Broker("kafka.m7g.large", 100),
    "large": _Broker("kafka.m7g.xlarge", 1000),
    "xlarge": _Broker("kafka.m7g.2xlarge", 2000),
}


class Streams(Construct):
    """A broker in each data subnet; each event has a copy on up to three of them.

    `handle.id` is the cluster's ARN, `handle.instance` its name. Source: Amazon MSK Developer Guide, "IAM access
    control", "MSK security"; Amazon MSK API Reference, CreateCluster.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: StreamsSpec,
        target: Target,
        *,
        topics: Mapping[str, TopicSpec],
        keys: KeysHandle,
        network: NetworkHandle,
        observability: ObservabilityHandle,
    ) -> None:
        super().__init__(scope, id)
        subnets = list(network.data_subnet_ids)
        copies, broker = min(3, len(subnets)), _BROKERS[spec.size]
        logs = CloudwatchLogGroup(
            self,
            "logs",
            name=f"/aws/msk/{target.prefix}",
            retention_in_days=observability.retention_days,  # STREAM-5
            kms_key_id=keys.home["logs"],
            depends_on=list(observability.ready),
        )
        configuration = MskConfiguration(
            self,
            "configuration",
            name=target.prefix,
            description=f"{target.prefix} streams",
            kafka_versions=[_VERSION],
            server_properties=_properties(topics, copies),
        )
        cluster = MskCluster(
            self,
            "server",
            cluster_name=target.prefix,
            kafka_version=_VERSION,
            number_of_broker_nodes=len(subnets),  # STREAM-4
            broker_node_group_info=MskClusterBrokerNodeGroupInfo(
                client_subnets=subnets,  # STREAM-1
                instance_type=broker.type,
                security_groups=[network.groups["streams"]],  # STREAM-1
                connectivity_info=MskClusterBrokerNodeGroupInfoConnectivityInfo(
                    public_access=MskClusterBrokerNodeGroupInfoConnectivityInfoPublicAccess(type="DISABLED")  # STREAM-1
                ),
                storage_info=MskClusterBrokerNodeGroupInfoStorageInfo(
                    ebs_storage_info=MskClusterBrokerNodeGroupInfoStorageInfoEbsStorageInfo(
                        volume_size=broker.storage_gb
                    )
                ),
            ),
            client_authentication=MskClusterClientAuthentication(
                sasl=MskClusterClientAuthenticationSasl(iam=True),  # STREAM-1
                unauthenticated=False,  # STREAM-1
            ),
            encryption_info=MskClusterEncryptionInfo(
                encryption_at_rest_kms_key_arn=keys.home["events"],  # STREAM-2
                encryption_in_transit=MskClusterEncryptionInfoEncryptionInTransit(
                    client_broker="TLS",  # STREAM-2
                    in_cluster=True,  # STREAM-2
                ),
            ),
            configuration_info=MskClusterConfigurationInfo(
                arn=configuration.arn, revision=configuration.latest_revision
            ),
            enhanced_monitoring="PER_BROKER",
            logging_info=MskClusterLoggingInfo(
                broker_logs=MskClusterLoggingInfoBrokerLogs(
                    cloudwatch_logs=MskClusterLoggingInfoBrokerLogsCloudwatchLogs(
                        enabled=True,  # STREAM-5
                        log_group=logs.name,
                    )
                )
            ),
            tags={"Name": target.prefix},
        )
        self.handle = StreamsHandle(
            id=cluster.arn,
            instance=target.prefix,
            bootstrap=cluster.bootstrap_brokers_sasl_iam,
            port=PORT,
            login=_LOGIN,
            topics={topic: names.stream_arn(target, "topic", topic) for topic in topics},
        )


def _properties(topics: Mapping[str, TopicSpec], copies: int) -> str:
    """The brokers' configuration, whose defaults are those of all topics: the most partitions of any topic, and the
    one retention that all have (`aws.topics_have_one_retention`)."""
    declared = [TopicSpec(), *topics.values()] if not topics else list(topics.values())
    lines = {
        "auto.create.topics.enable": "true",
        "allow.everyone.if.no.acl.found": "false",
        "default.replication.factor": copies,  # STREAM-4
        "min.insync.replicas": max(1, copies - 1),  # STREAM-4
        "num.partitions": max(topic.partitions for topic in declared),
        "log.retention.hours": max(topic.retention_hours for topic in declared),  # STREAM-4
    }
    return "".join(f"{name}={value}\n" for name, value in lines.items())
