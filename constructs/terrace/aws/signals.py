"""The signals and their thresholds as CloudWatch metrics (OBS-2). Loads no CDK.

Dimensions are those that the services publish: RDS by instance, ElastiCache by node (it publishes nothing for a
replication group), Container Insights by cluster, NAT by gateway.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from terrace.aws import names
from terrace.aws.records import events
from terrace.capabilities.cache import CacheHandle, CacheSpec
from terrace.capabilities.cluster import ClusterHandle
from terrace.capabilities.database import DatabaseHandle, DatabaseSpec
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import Thresholds
from terrace.capabilities.signals import SEVERITIES, TOLERATED_DENIALS, Comparison, Query
from terrace.capabilities.spec import Severity
from terrace.capabilities.target import Target

Statistic = Literal["Average", "Maximum", "Minimum", "Sum"]


@dataclass(frozen=True)
class Signal:
    """A metric and its threshold, with an alarm for each of `severities`. An event raises an alarm at once, other
    signals only if they persist."""

    title: str
    metric: str
    statistic: Statistic
    comparison: Comparison
    threshold: float
    namespace: str
    dimensions: Mapping[str, str]
    event: bool = False
    severities: tuple[Severity, ...] = SEVERITIES


QUERIES: Mapping[str, Query] = {
    "refused-kubernetes-calls": Query(
        "cluster",
        "fields @timestamp, user.username, verb, objectRef.resource, objectRef.namespace"
        " | filter responseStatus.code = 403 | sort @timestamp desc | limit 100",
    ),
    "slow-statements": Query(
        "postgresql",
        "fields @timestamp, @message | filter @message like /duration:/ | sort @timestamp desc | limit 100",
    ),
    "refused-connections": Query(
        "flow",
        'filter action = "REJECT" | stats count(*) as refused by srcAddr, dstAddr, dstPort'
        " | sort refused desc | limit 100",
    ),
}


def signals(
    limits: Thresholds,
    target: Target,
    *,
    database_spec: DatabaseSpec | None,
    cache_spec: CacheSpec | None,
    network: NetworkHandle,
    cluster: ClusterHandle | None,
    database: DatabaseHandle | None,
    cache: CacheHandle | None,
) -> dict[str, Signal]:
    """Every signal by name."""
    counted = partial(Signal, namespace=names.metric_namespace(target), dimensions={})
    table = {
        **_of_database(limits, database_spec, database),
        # the owner of an existing cluster watches its nodes
        **(_of_nodes(limits, cluster) if cluster and not target.existing.cluster else {}),
    }
    nodes_of_cache = cache_spec.replicas + 1 if cache and cache_spec else 0
    for node in (f"{number:03}" for number in range(1, nodes_of_cache + 1)):
        assert cache
        redis = partial(Signal, namespace="AWS/ElastiCache", dimensions={"CacheClusterId": f"{cache.instance}-{node}"})
        table[f"cache-memory-{node}"] = redis(
            f"Memory of cache node {node}, %",
            "DatabaseMemoryUsagePercentage",
            "Maximum",
            "above",
            limits.cache_memory_percent,
        )
        table[f"cache-evictions-{node}"] = redis(
            f"Evictions on cache node {node}", "Evictions", "Sum", "above", limits.cache_evictions
        )
    for zone, gateway in network.nat_ids.items():
        nat = partial(Signal, namespace="AWS/NATGateway", dimensions={"NatGatewayId": gateway})
        table[f"nat-ports-{zone}"] = nat(f"NAT in {zone} out of ports", "ErrorPortAllocation", "Sum", "above", 0)
    tolerated = {"lake-denials": limits.lake_denials, "api-denials": TOLERATED_DENIALS}
    for name, event in events().items():
        limit = tolerated.get(name, 0)
        table[name] = counted(
            event.title, event.metric, "Sum", "above", limit, event=event.at_once, severities=event.severities
        )
    return table


def _of_nodes(limits: Thresholds, cluster: ClusterHandle) -> dict[str, Signal]:
    nodes = partial(Signal, namespace="ContainerInsights", dimensions={"ClusterName": cluster.name})
    return {
        "nodes-cpu": nodes("Node CPU, %", "node_cpu_utilization", "Average", "above", limits.node_cpu_percent),
        "nodes-memory": nodes(
            "Node memory, %", "node_memory_utilization", "Average", "above", limits.node_memory_percent
        ),
        "nodes-failed": nodes("Failed nodes", "cluster_failed_node_count", "Maximum", "above", 0),
    }


def _of_database(limits: Thresholds, spec: DatabaseSpec | None, database: DatabaseHandle | None) -> dict[str, Signal]:
    if database is None or spec is None:
        return {}
    rds = partial(Signal, namespace="AWS/RDS", dimensions={"DBInstanceIdentifier": database.instance})
    spare_bytes = spec.storage_gb * 1024**3 * limits.database_free_storage_percent // 100
    return {
        "database-cpu": rds("Database CPU, %", "CPUUtilization", "Average", "above", limits.database_cpu_percent),
        "database-storage": rds("Database free storage, bytes", "FreeStorageSpace", "Minimum", "below", spare_bytes),
        "database-connections": rds(
            "Database connections", "DatabaseConnections", "Maximum", "above", limits.database_connections
        ),
    }
