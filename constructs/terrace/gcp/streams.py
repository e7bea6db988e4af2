"""Google Cloud Managed Service for Apache Kafka (STREAM-1 to STREAM-5).

Clients authenticate with the token of their service account, and access control lists of the cluster say which topics
they may use.
"""

from collections.abc import Mapping
from typing import NamedTuple

from cdktn import TerraformResource
from cdktn_provider_google.managed_kafka_acl import ManagedKafkaAcl, ManagedKafkaAclAclEntries
from cdktn_provider_google.managed_kafka_cluster import (
    ManagedKafkaCluster,
    ManagedKafkaClusterCapacityConfig,
    ManagedKafkaClusterGcpConfig,
    ManagedKafkaClusterGcpConfigAccessConfig,
    ManagedKafkaClusterGcpConfigAccessConfigNetworkConfigs,
    ManagedKafkaClusterRebalanceConfig,
)
from cdktn_provider_google.managed_kafka_topic import ManagedKafkaTopic
from constructs import Construct

from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.spec import Size
from terrace.capabilities.streams import StreamsHandle, StreamsSpec, TopicSpec
from terrace.capabilities.target import Target
from terrace.gcp import names
from terrace.gcp.providers import service

PORT = 9092
"""Source: Managed Service for Apache Kafka documentation, "Configure a client"."""
_LOGIN = "OAUTHBEARER"
"""The SASL mechanism of Google's tokens."""
_GIB = 1024**3
_COPIES = 3
_HOUR_MS = 3_600_000


class _Capacity(NamedTuple):
    """vCPUs and memory of all brokers; a GiB to 8 for each vCPU."""

    vcpu: int
    memory_gb: int


_CAPACITIES: Mapping[Size, _Capacity] = {
    "small": _Capacity(3, 3),
    "medium": _Capacity(3, 12),
    "large": _Capacity(6, 24),
    "xlarge": _Capacity(12, 48),
}


class Streams(Construct):
    """A cluster with its topics; each event has three copies, in three zones.

    `handle.id` is the cluster's id, `handle.instance` its name. Source: Managed Service for Apache Kafka documentation,
    "Cluster networking", "Configure CMEK", "Access control with IAM and Kafka ACLs".
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
        self._target = target
        capacity = _CAPACITIES[spec.size]
        self._cluster = ManagedKafkaCluster(
            self,
            "server",
            cluster_id=target.prefix,
            location=target.region,
            capacity_config=ManagedKafkaClusterCapacityConfig(
                vcpu_count=str(capacity.vcpu), memory_bytes=str(capacity.memory_gb * _GIB)
            ),
            gcp_config=ManagedKafkaClusterGcpConfig(
                access_config=ManagedKafkaClusterGcpConfigAccessConfig(
                    network_configs=[
                        ManagedKafkaClusterGcpConfigAccessConfigNetworkConfigs(
                            subnet=network.data_subnet_ids[0]  # STREAM-1
                        )
                    ]
                ),
                kms_key=names.key(target, "events"),  # STREAM-2
            ),
            rebalance_config=ManagedKafkaClusterRebalanceConfig(mode="AUTO_REBALANCE_ON_SCALE_UP"),
            labels={"capability": "streams"},
            deletion_policy=names.deletion(target),
            depends_on=[*keys.ready, *network.ready, *observability.ready, service(self, "managedkafka")],
        )
        made: list[TerraformResource] = [
            ManagedKafkaTopic(
                self,
                f"topic-{name}",
                topic_id=name,
                cluster=self._cluster.cluster_id,
                location=target.region,
                partition_count=topic.partitions,
                replication_factor=_COPIES,  # STREAM-4
                configs={
                    "retention.ms": str(topic.retention_hours * _HOUR_MS),  # STREAM-4
                    "min.insync.replicas": str(_COPIES - 1),  # STREAM-4
                },
                deletion_policy=names.deletion(target),
            )
            for name, topic in topics.items()
        ]
        made += [self._closed("allTopics"), self._closed("allConsumerGroups")]
        self.handle = StreamsHandle(
            id=names.streams_id(target),
            instance=target.prefix,
            bootstrap=f"bootstrap.{target.prefix}.{target.region}.managedkafka.{names.account(target)}.cloud.goog:{PORT}",
            port=PORT,
            login=_LOGIN,
            topics={name: name for name in topics},
            ready=(self._cluster, *made),
        )

    def _closed(self, acl: str) -> ManagedKafkaAcl:
        """STREAM-3: a list that applies to everything of a kind. Kafka here admits every client of the cluster to what
        no list applies to; so what has no list of its own is closed to all."""
        return ManagedKafkaAcl(
            self,
            f"closed-{acl}",
            acl_id=acl,
            cluster=self._cluster.cluster_id,
            location=self._target.region,
            acl_entries=[
                ManagedKafkaAclAclEntries(principal="User:*", operation="DELETE", permission_type="DENY", host="*")
            ],
        )
