"""The signals and their thresholds as Cloud Monitoring metrics (OBS-2). Loads no CDK.

Labels are those that the services publish: Cloud SQL by project:instance, Memorystore by instance, GKE by
cluster, NAT by gateway. Source: Cloud Monitoring, "Google Cloud metrics".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from terrace.capabilities.audit import AuditHandle
from terrace.capabilities.cache import CacheHandle, CacheSpec
from terrace.capabilities.cluster import ClusterHandle
from terrace.capabilities.database import DatabaseHandle, DatabaseSpec
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import Thresholds
from terrace.capabilities.signals import SEVERITIES, TOLERATED_DENIALS, Comparison, Query
from terrace.capabilities.spec import Severity
from terrace.capabilities.target import Target
from terrace.gcp import names
from terrace.gcp.names import LogBucket
from terrace.gcp.records import events

Statistic = Literal["ALIGN_MEAN", "ALIGN_MAX", "ALIGN_MIN", "ALIGN_DELTA", "ALIGN_COUNT_TRUE"]


@dataclass(frozen=True)
class Signal:
    """A metric and its threshold. `labels` select the deployment's resources, by value or by `starts_with(...)`.

    With `at_once`, the signal raises its alarms without having to persist.
    """

    title: str
    metric: str
    statistic: Statistic
    comparison: Comparison
    threshold: float
    resource: str
    labels: Mapping[str, str]
    severities: tuple[Severity, ...] = SEVERITIES
    at_once: bool = False

    @property
    def filter(self) -> str:
        """The filter in Cloud Monitoring's syntax."""
        selectors = {"metric.type": self.metric, "resource.type": self.resource, **self.labels}
        return " AND ".join(
            f"{name}={value}" if value.startswith("starts_with(") else f'{name}="{value}"'
            for name, value in selectors.items()
        )


QUERIES: Mapping[str, Query] = {
    "refused-kubernetes-calls": Query(
        "cluster",
        'resource.type="k8s_cluster" AND protoPayload.status.code=7'
        ' AND log_id("cloudaudit.googleapis.com/data_access")',
    ),
    "slow-statements": Query("postgresql", 'resource.type="cloudsql_database" AND textPayload:"duration:"'),
    "refused-connections": Query(
        "flow", 'log_id("compute.googleapis.com/firewall") AND jsonPayload.disposition="DENIED"'
    ),
    "backup-jobs": Query(  # BAK-4
        "cluster",
        'log_id("backupdr.googleapis.com/bdr_backup_restore_jobs")'
        ' OR log_id("gkebackup.googleapis.com/backup_change")'
        ' OR log_id("storagetransfer.googleapis.com/transfer_activity")',
    ),
}
_FLOWS = (
    'log_id("compute.googleapis.com/vpc_flows") OR log_id("compute.googleapis.com/firewall")'
    ' OR log_id("dns.googleapis.com/dns_queries") OR log_id("compute.googleapis.com/nat_flows")'
)
RECORD = (
    'log_id("cloudaudit.googleapis.com/activity") OR log_id("cloudaudit.googleapis.com/data_access")'
    ' OR log_id("cloudaudit.googleapis.com/system_event") OR log_id("cloudaudit.googleapis.com/policy")'
    ' OR log_id("cloudaudit.googleapis.com/access_transparency") OR log_id("externalaudit.googleapis.com/activity")'
)
FILTERS: Mapping[LogBucket, str] = {"flow": _FLOWS, "trail": RECORD, "platform": f"NOT ({_FLOWS} OR {RECORD})"}
"""Log bucket to the filter of its sink; each entry goes to exactly one bucket."""
_LAG_SECONDS = 900
"""Replication lag of the recovery replica. A change that is not replicated is lost with the home region."""


def _metric_namespace(target: Target) -> str:
    """The prefix of the environment's own metrics."""
    return f"logging.googleapis.com/user/{target.prefix}"


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
        **_of_database(limits, target, database_spec, database),
        **_of_cache(limits, cache),
        # the owner of an existing cluster watches its nodes
        **(_of_nodes(limits, cluster) if cluster and not target.existing.cluster else {}),
    }
    table |= _of_servers(target, database)
    if names.settings(target).owns_account:
        table["findings-waiting"] = Signal(  # AUD-5
            "Findings of Security Command Center that are not acknowledged",
            "pubsub.googleapis.com/subscription/num_undelivered_messages",
            "ALIGN_MAX",
            "above",
            0,
            "pubsub_subscription",
            {"resource.labels.subscription_id": f"{target.prefix}-findings"},
            at_once=True,
        )
    for region, gateway in network.nat_ids.items():
        table[f"nat-ports-{region}"] = Signal(
            f"NAT in {region} out of ports",
            "router.googleapis.com/nat/dropped_sent_packets_count",
            "ALIGN_DELTA",
            "above",
            0,
            "nat_gateway",
            {"resource.labels.gateway_name": gateway, "metric.labels.reason": "OUT_OF_RESOURCES"},
        )
    tolerated = {"lake-denials": limits.lake_denials, "api-denials": TOLERATED_DENIALS}
    for name, event in events(audit, target, database=database is not None).items():
        if not event.at_once:
            metric = f"{_metric_namespace(target)}/{event.metric}"
            table[name] = Signal(event.title, metric, "ALIGN_DELTA", "above", tolerated[name], event.resource, {})
    return table


def _of_nodes(limits: Thresholds, cluster: ClusterHandle) -> dict[str, Signal]:
    nodes = partial(Signal, resource="k8s_node", labels={"resource.labels.cluster_name": cluster.name})
    return {
        "nodes-cpu": nodes(
            "Node CPU",
            "kubernetes.io/node/cpu/allocatable_utilization",
            "ALIGN_MEAN",
            "above",
            limits.node_cpu_percent / 100,
        ),
        "nodes-memory": nodes(
            "Node memory",
            "kubernetes.io/node/memory/allocatable_utilization",
            "ALIGN_MEAN",
            "above",
            limits.node_memory_percent / 100,
        ),
        "nodes-failed": Signal(
            "Failed nodes",
            "kubernetes.io/node/status_condition",
            "ALIGN_COUNT_TRUE",
            "above",
            0,
            "k8s_node",
            {
                "resource.labels.cluster_name": cluster.name,
                "metric.labels.condition": "Ready",
                "metric.labels.status": "False",
            },
        ),
    }


def _of_database(
    limits: Thresholds, target: Target, spec: DatabaseSpec | None, database: DatabaseHandle | None
) -> dict[str, Signal]:
    if database is None or spec is None:
        return {}
    server = f"{names.account(target)}:{database.instance}"
    sql = partial(Signal, resource="cloudsql_database", labels={"resource.labels.database_id": server})
    # Storage grows automatically, so the alarm is on the space left below the maximum (DB-8)
    used_bytes = spec.max_storage_gb * 1024**3 * (100 - limits.database_free_storage_percent) // 100
    return {
        "database-cpu": sql(
            "Database CPU",
            "cloudsql.googleapis.com/database/cpu/utilization",
            "ALIGN_MEAN",
            "above",
            limits.database_cpu_percent / 100,
        ),
        "database-storage": sql(
            "Database storage used, bytes",
            "cloudsql.googleapis.com/database/disk/bytes_used",
            "ALIGN_MAX",
            "above",
            used_bytes,
        ),
        "database-connections": sql(
            "Database connections",
            "cloudsql.googleapis.com/database/postgresql/num_backends",
            "ALIGN_MAX",
            "above",
            limits.database_connections,
        ),
    }


def _of_servers(target: Target, database: DatabaseHandle | None) -> dict[str, Signal]:
    """Signals of the server and its replicas."""
    if database is None:
        return {}
    server = f"{names.account(target)}:{database.instance}"
    table: dict[str, Signal] = {}
    own = f'starts_with("{server}")'  # also the replicas
    for state, title in (("FAILED", "Failed database servers"), ("MAINTENANCE", "Database servers under maintenance")):
        table[f"database-{state.lower()}"] = Signal(  # OBS-5
            title,
            "cloudsql.googleapis.com/database/instance_state",
            "ALIGN_COUNT_TRUE",
            "above",
            0,
            "cloudsql_database",
            {"resource.labels.database_id": own, "metric.labels.state": state},
            severities=SEVERITIES if state == "FAILED" else ("warning",),
            at_once=True,
        )
    if target.recovery_region:
        table["recovery-lag"] = Signal(  # AUD-4
            "Replica in the recovery region behind, seconds",
            "cloudsql.googleapis.com/database/replication/replica_lag",
            "ALIGN_MAX",
            "above",
            _LAG_SECONDS,
            "cloudsql_database",
            {"resource.labels.database_id": f"{server}-recovery"},
        )
    return table


def _of_cache(limits: Thresholds, cache: CacheHandle | None) -> dict[str, Signal]:
    if cache is None:
        return {}
    valkey = partial(
        Signal,
        resource="memorystore.googleapis.com/InstanceNode",
        labels={"resource.labels.instance_id": cache.instance},
    )
    return {
        "cache-memory": valkey(
            "Cache memory",
            "memorystore.googleapis.com/instance/node/memory/utilization",
            "ALIGN_MAX",
            "above",
            limits.cache_memory_percent / 100,
        ),
        "cache-evictions": valkey(
            "Cache evictions",
            "memorystore.googleapis.com/instance/node/stats/evicted_keys_count",
            "ALIGN_DELTA",
            "above",
            limits.cache_evictions,
        ),
    }
