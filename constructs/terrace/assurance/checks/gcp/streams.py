"""Managed Service for Apache Kafka (STREAM-1 to STREAM-5)."""

from collections.abc import Iterator

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import path_of, unset, uses
from terrace.assurance.evaluation import Observation, at_least, check, equal
from terrace.assurance.view import Resource
from terrace.gcp.signals import FILTERS

_COPIES = 3


def _cluster(stack: Subject) -> Resource:
    """The cluster. Raises Absent."""
    return stack.view.only("google_managed_kafka_cluster")


@check("STREAM-1")
def private(stack: Subject) -> Iterator[Observation]:
    cluster, config = _cluster(stack), "gcp_config.access_config"
    if not stack.target.existing.network:
        subnets = [path_of(stack, one.get("subnet")) for one in cluster.blocks(f"{config}.network_configs")]
        yield equal(str(cluster), "subnets", subnets, ["network/data"])
    yield from unset(cluster, f"{config}.public_cluster_config")


@check("STREAM-1")
def requires_authentication(stack: Subject) -> Iterator[Observation]:
    # a cluster of the service accepts no client without a token or a certificate; authorities would admit certificates
    yield from unset(_cluster(stack), "tls_config")


@check("STREAM-2")
def requires_tls(stack: Subject) -> Iterator[Observation]:
    # the service has no port without TLS
    cluster = _cluster(stack)
    bootstrap = str(stack.view.document.get("output", {}).get("streams", {}).get("value", {}).get("bootstrap", ""))
    yield equal(str(cluster), "clients' port", bootstrap.rpartition(":")[2], "9092")


@check("STREAM-2")
def encrypted(stack: Subject) -> Iterator[Observation]:
    cluster = _cluster(stack)
    yield uses(stack, cluster, cluster.get("gcp_config.kms_key"), "kms_key", "events")


@check("STREAM-3")
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "STREAM-3")


@check("STREAM-3")
def closed_without_list(stack: Subject) -> Iterator[Observation]:
    """What no access control list applies to is open to every client, so lists apply to all topics and groups."""
    cluster = _cluster(stack)
    lists = {str(one.get("acl_id")): one for one in stack.all("google_managed_kafka_acl")}
    for name in ("allTopics", "allConsumerGroups"):
        found = lists.get(name)
        yield equal(str(found or cluster), f"list {name} exists", found is not None, True)
        for entry in found.blocks("acl_entries") if found else ():
            yield equal(str(found), f"{name}: permission_type", entry.get("permission_type", "ALLOW"), "DENY")


@check("STREAM-4")
def copies_and_retention(stack: Subject) -> Iterator[Observation]:
    cluster, expected = _cluster(stack), stack.environment.all_topics
    topics = {str(one.get("topic_id")): one for one in stack.view.all("google_managed_kafka_topic")}
    yield equal(str(cluster), "topics", sorted(topics), sorted(expected))
    for name, wanted in expected.items():
        if topic := topics.get(name):
            yield at_least(str(topic), "replication_factor", topic.get("replication_factor"), _COPIES)
            yield at_least(str(topic), "partition_count", topic.get("partition_count"), wanted.partitions)
            configs = topic.get("configs") or {}
            for key, least in (
                ("retention.ms", wanted.retention_hours * 3_600_000),
                ("min.insync.replicas", _COPIES - 1),
            ):
                value = str(configs.get(key, ""))
                yield at_least(str(topic), key, int(value) if value.isdigit() else None, least)


@check("STREAM-5")
def logged(stack: Subject) -> Iterator[Observation]:
    # the service writes its logs to the project; the sink of the platform's logs takes them
    sink = stack.one("google_logging_project_sink", "observability/platform-sink")
    yield equal(str(sink), "filter", sink.get("filter"), FILTERS["platform"])
    yield equal(str(sink), "disabled", bool(sink.get("disabled")), False)
    yield from unset(sink, "exclusions")
    if not stack.target.existing.monitoring:
        bucket = stack.one("google_logging_project_bucket_config", "observability/platform-log")
        days = stack.environment.observability.retention_days
        yield at_least(str(bucket), "retention_days", bucket.get("retention_days"), days)
