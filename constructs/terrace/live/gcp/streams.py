"""Checks of Managed Service for Apache Kafka (STREAM-1 to STREAM-5)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, equal
from terrace.gcp import names
from terrace.live.gcp import keys, logs
from terrace.live.gcp.checks import Deployment, named

_COPIES = 3


def cluster(deployment: Deployment) -> dict[str, Any]:
    """The cluster. Raises Absent."""
    return deployment.call("managedkafka", "projects.locations.clusters.get", name=names.streams_id(deployment.target))


def _lists(deployment: Deployment) -> dict[str, list[dict[str, Any]]]:
    """The entries of access control lists, by their ids."""
    parent = names.streams_id(deployment.target)
    found = deployment.pages("managedkafka", "projects.locations.clusters.acls.list", "acls", parent=parent)
    return {str(one["name"]).partition("/acls/")[2]: one.get("aclEntries", []) for one in found}


@check("STREAM-1")
def private(deployment: Deployment) -> Iterator[Observation]:
    resource, access = f"streams {deployment.prefix}", cluster(deployment).get("gcpConfig", {}).get("accessConfig", {})
    subnets = [named(one.get("subnet")) for one in access.get("networkConfigs", [])]
    if not deployment.target.existing.network:
        yield equal(resource, "subnets", subnets, [f"{deployment.prefix}-data"])
    yield equal(resource, "is public", bool(access.get("publicClusterConfig")), False)
    yield equal(resource, "admits certificates", bool(cluster(deployment).get("tlsConfig")), False)


@check("STREAM-2")
def encrypted(deployment: Deployment) -> Iterator[Observation]:
    # the service has no port without TLS
    key = cluster(deployment).get("gcpConfig", {}).get("kmsKey")
    yield keys.used(deployment, f"streams {deployment.prefix}", "kmsKey", key, "events")


@check("STREAM-3")
def as_declared(deployment: Deployment) -> Iterator[Observation]:
    lists, resource = _lists(deployment), f"streams {deployment.prefix}"
    for name in ("allTopics", "allConsumerGroups"):
        kinds = sorted({str(one.get("permissionType", "ALLOW")) for one in lists.get(name, [])})
        yield equal(resource, f"list {name}", kinds, ["DENY"])
    modules = deployment.environment.foundation_modules
    if not modules:
        raise NotRequired("no enabled module uses the foundation (modules)")
    declared = {
        f"{names.role_email(deployment.target, f'module-{name}')}: {verb} {topic}"
        for name, module in modules.items()
        for topic, access in deployment.environment.topic_access(module).items()
        for verb in names.TOPIC_VERBS[access]
    }
    given = {
        f"{str(one['principal']).removeprefix('User:')}: {one['operation']} {id.partition('/')[2]}"
        for id, entries in lists.items()
        if id.partition("/")[0] in ("topic", "topicPrefixed")
        for one in entries
        if one.get("permissionType", "ALLOW") == "ALLOW"
    }
    yield equal(resource, "rights on topics", _told(given), _told(declared))


def _told(rights: set[str]) -> str:
    return ", ".join(sorted(rights)) or "nothing"


@check("STREAM-4")
def copies_and_retention(deployment: Deployment) -> Iterator[Observation]:
    parent, expected = names.streams_id(deployment.target), deployment.environment.all_topics
    found = deployment.pages("managedkafka", "projects.locations.clusters.topics.list", "topics", parent=parent)
    topics = {named(one["name"]): one for one in found}
    yield equal(f"streams {deployment.prefix}", "topics", sorted(topics), sorted(expected))
    for name, wanted in expected.items():
        if topic := topics.get(name):
            resource, kept = f"topic {name}", str(topic.get("configs", {}).get("retention.ms", ""))
            yield at_least(resource, "replicationFactor", topic.get("replicationFactor"), _COPIES)
            yield at_least(resource, "partitionCount", topic.get("partitionCount"), wanted.partitions)
            milliseconds = int(kept) if kept.isdigit() else None
            yield at_least(resource, "retention.ms", milliseconds, wanted.retention_hours * 3_600_000)


@check("STREAM-5")
def logged(deployment: Deployment) -> Iterator[Observation]:
    # the service writes its logs to the project; the sink of the platform's logs takes them
    yield logs.kept(deployment, "cluster", deployment.environment.observability.retention_days)
    yield from logs.filled(deployment, "cluster")
