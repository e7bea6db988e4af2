"""Checks of Azure Event Hubs (STREAM-1 to STREAM-5)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, equal
from terrace.azure import names
from terrace.capabilities.spec import present
from terrace.live.azure.checks import Deployment, at, named
from terrace.live.azure.lookup import granted, logged, principal, uses, workspace_keeps


def namespace(deployment: Deployment) -> dict[str, Any]:
    """The namespace. Raises Absent."""
    return deployment.get(names.streams_id(deployment.target))


def _shown(deployment: Deployment) -> str:
    return f"streams {names.streams(deployment.target)}"


@check("STREAM-1")
def private_and_authenticated(deployment: Deployment) -> Iterator[Observation]:
    resource, found = _shown(deployment), namespace(deployment)
    yield equal(resource, "publicNetworkAccess", at(found, "publicNetworkAccess"), "Disabled")
    yield equal(resource, "disableLocalAuth", at(found, "disableLocalAuth"), True)


@check("STREAM-2")
def encrypted(deployment: Deployment) -> Iterator[Observation]:
    resource, found = _shown(deployment), namespace(deployment)
    yield equal(resource, "minimumTlsVersion", at(found, "minimumTlsVersion"), "1.2")
    if present(deployment.environment.streams).size != "small":
        keys = at(found, "encryption.keyVaultProperties", [])
        yield equal(resource, "keys", len(keys), 1)
        for key in keys:
            url = f"{str(key.get('keyVaultUri')).rstrip('/')}/keys/{key.get('keyName')}"
            yield uses(deployment, resource, "encryption", url, "events")


@check("STREAM-3")
def as_declared(deployment: Deployment) -> Iterator[Observation]:
    modules = deployment.environment.foundation_modules
    if not modules:
        raise NotRequired("no enabled module uses the foundation (modules)")
    verbs = {role: access for access, role in names.TOPIC_VERBS.items()}
    start = f"{names.streams_id(deployment.target)}/eventhubs/".lower()
    for module, enabled in modules.items():
        identity = names.identity_id(deployment.target, f"module-{module}")
        declared = {f"{access} {topic}" for topic, access in deployment.environment.topic_access(enabled).items()}
        rights = {
            f"{verbs[one.role]} {one.scope.lower().removeprefix(start)}"
            for one in granted(deployment, principal(deployment, identity))
            if one.role in verbs
        }
        yield equal(f"identity {named(identity)}", "topics", _told(rights), _told(declared))


def _told(rights: set[str]) -> str:
    return ", ".join(sorted(rights)) or "nothing"


@check("STREAM-4")
def copies_and_retention(deployment: Deployment) -> Iterator[Observation]:
    expected = deployment.environment.all_topics
    hubs = {one["name"]: one for one in deployment.pages(f"{names.streams_id(deployment.target)}/eventhubs")}
    yield equal(_shown(deployment), "topics", sorted(hubs), sorted(expected))
    for name, topic in expected.items():
        if hub := hubs.get(name):
            kept = at(hub, "retentionDescription.retentionTimeInHours")
            yield at_least(f"topic {name}", "retentionTimeInHours", kept, topic.retention_hours)
            yield at_least(f"topic {name}", "partitionCount", at(hub, "partitionCount"), topic.partitions)


@check("STREAM-5")
def sent_to_workspace(deployment: Deployment) -> Iterator[Observation]:
    categories = ["KafkaCoordinatorLogs", "OperationalLogs", "RuntimeAuditLogs"]
    yield logged(deployment, _shown(deployment), names.streams_id(deployment.target), categories)
    if not deployment.target.existing.monitoring:
        yield workspace_keeps(deployment, deployment.environment.observability.retention_days)
