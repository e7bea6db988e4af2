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
from terrace.capabilities.signals import TOLERATED_DENIALS, Comparison, Query
from terrace.capabilities.target import Target
from terrace.gcp import names
from terrace.gcp.names import LogBucket

Statistic = Literal["ALIGN_MEAN", "ALIGN_MAX", "ALIGN_MIN", "ALIGN_DELTA", "ALIGN_COUNT_TRUE"]


@dataclass(frozen=True)
class Signal:
    """A metric and its threshold. `labels` select the deployment's resources."""

    title: str
    metric: str
    statistic: Statistic
    comparison: Comparison
    threshold: float
    resource: str
    labels: Mapping[str, str]

    @property
    def filter(self) -> str:
        """The filter in Cloud Monitoring's syntax."""
        selectors = {"metric.type": self.metric, "resource.type": self.resource, **self.labels}
        return " AND ".join(f'{name}="{value}"' for name, value in selectors.items())


@dataclass(frozen=True)
class Event:
    """A kind of record in the audit logs, counted by a metric; with `at_once`, a single record raises an alarm.

    `filter` is in Logging's query language; that of a counted record names a single resource type.
    """

    title: str
    metric: str
    filter: str
    resource: str = ""
    at_once: bool = False


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


def _metric_namespace(target: Target) -> str:
    """The prefix of the environment's own metrics."""
    return f"logging.googleapis.com/user/{target.prefix}"


def events(audit: AuditHandle) -> dict[str, Event]:
    """Records that are counted or alerted on in the audit logs."""
    logging = 'protoPayload.serviceName="logging.googleapis.com"'
    return {
        "lake-denials": Event(
            "Refused requests to buckets",
            "lake-denials",
            'resource.type="gcs_bucket" AND protoPayload.status.code=7',
            resource="gcs_bucket",
        ),
        "api-denials": Event(
            "Refused calls of Google Cloud",
            "api-denials",
            'resource.type="audited_resource" AND protoPayload.status.code=7',
            resource="audited_resource",
        ),
        "owner-made": Event(
            "An owner was added to the project",
            "owner-made",
            'protoPayload.methodName="SetIamPolicy" AND resource.type="project"'
            ' AND protoPayload.serviceData.policyDelta.bindingDeltas.role="roles/owner"'
            ' AND protoPayload.serviceData.policyDelta.bindingDeltas.action="ADD"',
            at_once=True,
        ),
        "trail-stopped": Event(  # AUD-1
            "The record of calls was changed or deleted",
            "trail-stopped",
            f'{logging} AND protoPayload.methodName=~"(DeleteSink|UpdateSink|DeleteBucket|UpdateBucket)$"'
            f' AND protoPayload.resourceName:"{audit.trail}"',
            at_once=True,
        ),
        "key-ended": Event(  # KEY-2
            "A key's version is to be destroyed",
            "key-ended",
            'protoPayload.serviceName="cloudkms.googleapis.com" AND protoPayload.methodName="DestroyCryptoKeyVersion"',
            at_once=True,
        ),
        "backup-failed": Event(  # BAK-1
            "A backup failed",
            "backup-failed",
            '(log_id("backupdr.googleapis.com/bdr_backup_restore_jobs") AND jsonPayload.jobStatus="FAILED")'
            ' OR (resource.type="gkebackup.googleapis.com/BackupPlan" AND severity>=ERROR)',
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
    server = f"{names.account(target)}:{database.instance}"
    sql = partial(Signal, resource="cloudsql_database", labels={"resource.labels.database_id": server})
    nodes = partial(Signal, resource="k8s_node", labels={"resource.labels.cluster_name": cluster.name})
    valkey = partial(
        Signal,
        resource="memorystore.googleapis.com/InstanceNode",
        labels={"resource.labels.instance_id": cache.instance},
    )
    # Storage grows automatically, so the alarm is on the space left below the maximum (DB-8)
    used_bytes = database_spec.max_storage_gb * 1024**3 * (100 - limits.database_free_storage_percent) // 100
    table = {
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
    for name, event in events(audit).items():
        if not event.at_once:
            metric = f"{_metric_namespace(target)}/{event.metric}"
            table[name] = Signal(event.title, metric, "ALIGN_DELTA", "above", tolerated[name], event.resource, {})
    return table
