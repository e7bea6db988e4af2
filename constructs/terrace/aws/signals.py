"""The signals and their thresholds as CloudWatch metrics (OBS-2). Loads no CDK.

Dimensions are those that the services publish: RDS by instance, ElastiCache by node (it publishes nothing for a
replication group), Container Insights by cluster, NAT by gateway.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from terrace.aws import names
from terrace.capabilities.audit import AuditHandle
from terrace.capabilities.cache import CacheHandle, CacheSpec
from terrace.capabilities.cluster import ClusterHandle
from terrace.capabilities.database import DatabaseHandle, DatabaseSpec
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import Thresholds
from terrace.capabilities.signals import TOLERATED_DENIALS, Comparison, Query
from terrace.capabilities.target import Target

Statistic = Literal["Average", "Maximum", "Minimum", "Sum"]


@dataclass(frozen=True)
class Signal:
    """A metric and its threshold. An event raises an alarm at once, other signals only if they persist."""

    title: str
    metric: str
    statistic: Statistic
    comparison: Comparison
    threshold: float
    namespace: str
    dimensions: Mapping[str, str]
    event: bool = False


@dataclass(frozen=True)
class Event:
    """A kind of record in the trail, counted by a metric; with `at_once`, a single record raises an alarm."""

    title: str
    metric: str
    pattern: str
    at_once: bool = False


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


def events(audit: AuditHandle) -> dict[str, Event]:
    """Records counted in the trail's log group."""
    trail_name = audit.trail.rsplit("/", 1)[-1]
    return {
        "lake-denials": Event(
            "Refused requests to buckets",
            "LakeDenials",
            '{ ($.eventSource = "s3.amazonaws.com") && ($.errorCode = "AccessDenied") }',
        ),
        "api-denials": Event(
            "Refused calls of AWS",
            "ApiDenials",
            '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
        ),
        "root-used": Event(
            "The account's root user acted",
            "RootUsed",
            '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS)'
            ' && ($.eventType != "AwsServiceEvent") }',
            at_once=True,
        ),
        "trail-stopped": Event(  # AUD-1
            "The record of calls was stopped or deleted",
            "TrailStopped",
            '{ (($.eventName = "StopLogging") || ($.eventName = "DeleteTrail"))'
            f' && (($.requestParameters.name = "{trail_name}") || ($.requestParameters.name = "{audit.trail}")) }}',
            at_once=True,
        ),
    }


def signals(
    limits: Thresholds,
    target: Target,
    *,
    database_spec: DatabaseSpec,
    cache_spec: CacheSpec,
    network: NetworkHandle,
    cluster: ClusterHandle,
    database: DatabaseHandle,
    cache: CacheHandle,
    audit: AuditHandle,
) -> dict[str, Signal]:
    """Every signal by name."""
    rds = partial(Signal, namespace="AWS/RDS", dimensions={"DBInstanceIdentifier": database.instance})
    nodes = partial(Signal, namespace="ContainerInsights", dimensions={"ClusterName": cluster.name})
    counted = partial(Signal, namespace=names.metric_namespace(target), dimensions={})
    spare_bytes = database_spec.storage_gb * 1024**3 * limits.database_free_storage_percent // 100
    table = {
        "database-cpu": rds("Database CPU, %", "CPUUtilization", "Average", "above", limits.database_cpu_percent),
        "database-storage": rds("Database free storage, bytes", "FreeStorageSpace", "Minimum", "below", spare_bytes),
        "database-connections": rds(
            "Database connections", "DatabaseConnections", "Maximum", "above", limits.database_connections
        ),
        "nodes-cpu": nodes("Node CPU, %", "node_cpu_utilization", "Average", "above", limits.node_cpu_percent),
        "nodes-memory": nodes(
            "Node memory, %", "node_memory_utilization", "Average", "above", limits.node_memory_percent
        ),
        "nodes-failed": nodes("Failed nodes", "cluster_failed_node_count", "Maximum", "above", 0),
    }
    for node in (f"{number:03}" for number in range(1, cache_spec.replicas + 2)):
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
    for name, event in events(audit).items():
        table[name] = counted(event.title, event.metric, "Sum", "above", tolerated.get(name, 0), event=event.at_once)
    return table
