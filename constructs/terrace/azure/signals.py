"""The signals and their thresholds as Azure Monitor metrics (OBS-2). Loads no CDK.

Metric names are those of "Supported metrics with Azure Monitor"; neither the provider nor Azure validates them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from terrace.azure import names
from terrace.capabilities.audit import AuditHandle
from terrace.capabilities.cache import CacheHandle, CacheSpec
from terrace.capabilities.cluster import ClusterHandle
from terrace.capabilities.database import DatabaseHandle, DatabaseSpec
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import Thresholds
from terrace.capabilities.signals import Comparison, Query
from terrace.capabilities.spec import LAYERS
from terrace.capabilities.target import Target

Statistic = Literal["Average", "Maximum", "Minimum", "Total"]


@dataclass(frozen=True)
class Signal:
    """A metric of a resource and its threshold. `after` are resources that `resource` names by string."""

    title: str
    metric: str
    statistic: Statistic
    comparison: Comparison
    threshold: float
    namespace: str
    resource: str
    dimensions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    after: tuple[Any, ...] = ()


QUERIES: Mapping[str, Query] = {
    "refused-kubernetes-calls": Query(
        "cluster",
        "where ResponseStatus.code == 403 | project TimeGenerated, User, Verb, ObjectRef | take 100",
    ),
    "slow-statements": Query(
        "postgresql",
        "where Message has 'duration:' | project TimeGenerated, Message | order by TimeGenerated desc | take 100",
    ),
    "refused-requests": Query(
        "waf",
        "where Action in ('Blocked', 'Detected') | summarize refused = count() by ClientIp, RuleId"
        " | order by refused desc | take 100",
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
    audit: AuditHandle,
) -> dict[str, Signal]:
    """Every signal by name."""
    table = {
        **_of_database(limits, database),
        **_of_cache(limits, cache),
        # the owner of an existing cluster watches its nodes
        **(_of_nodes(limits, target, cluster) if cluster and not target.existing.cluster else {}),
    }
    for zone, gateway in network.nat_ids.items():
        nat = partial(Signal, namespace="Microsoft.Network/natGateways", resource=gateway, after=network.ready)
        failed = {"ConnectionState": ("Failed",)}
        table[f"nat-ports-{zone}"] = nat(
            f"NAT in {zone} out of ports", "SNATConnectionCount", "Total", "above", 0, dimensions=failed
        )
    for layer in LAYERS:
        refused = {"ResponseType": ("AuthorizationError", "AuthenticationError")}
        table[f"{layer}-denials"] = Signal(
            f"Refused requests to {layer}",
            "Transactions",
            "Total",
            "above",
            limits.lake_denials,
            namespace="Microsoft.Storage/storageAccounts",
            resource=names.account_id(target, layer),
            dimensions=refused,
            after=audit.ready,
        )
    return table


def _of_nodes(limits: Thresholds, target: Target, cluster: ClusterHandle) -> dict[str, Signal]:
    nodes = partial(
        Signal,
        namespace="Microsoft.ContainerService/managedClusters",
        resource=names.cluster_id(target),
        after=cluster.ready,
    )
    return {
        "nodes-cpu": nodes("Node CPU, %", "node_cpu_usage_percentage", "Average", "above", limits.node_cpu_percent),
        "nodes-memory": nodes(
            "Node memory, %", "node_memory_working_set_percentage", "Average", "above", limits.node_memory_percent
        ),
        "nodes-disk": nodes("Node disks, %", "node_disk_usage_percentage", "Maximum", "above", 85),
    }


def _of_database(limits: Thresholds, database: DatabaseHandle | None) -> dict[str, Signal]:
    if database is None:
        return {}
    server = partial(
        Signal, namespace="Microsoft.DBforPostgreSQL/flexibleServers", resource=database.id, after=database.ready
    )
    used_percent = 100 - limits.database_free_storage_percent
    return {
        "database-cpu": server("Database CPU, %", "cpu_percent", "Average", "above", limits.database_cpu_percent),
        "database-storage": server("Database storage, %", "storage_percent", "Maximum", "above", used_percent),
        "database-connections": server(
            "Database connections", "active_connections", "Maximum", "above", limits.database_connections
        ),
        "database-alive": server("Database answers", "is_db_alive", "Maximum", "below", 1),
    }


def _of_cache(limits: Thresholds, cache: CacheHandle | None) -> dict[str, Signal]:
    if cache is None:
        return {}
    redis = partial(Signal, namespace="Microsoft.Cache/redisEnterprise", resource=cache.id, after=cache.ready)
    return {
        "cache-memory": redis(
            "Cache memory, %", "usedmemorypercentage", "Maximum", "above", limits.cache_memory_percent
        ),
        "cache-evictions": redis("Cache evictions", "evictedkeys", "Total", "above", limits.cache_evictions),
    }
