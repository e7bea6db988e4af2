"""Checks of Memorystore for Valkey (CACHE-1 to CACHE-3). It has no discovery document: plain REST."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import Observation, at_least, check, equal
from terrace.capabilities.spec import present
from terrace.gcp import names
from terrace.live.gcp import keys
from terrace.live.gcp.checks import Deployment, days, named


def instance(deployment: Deployment) -> dict[str, Any]:
    """The cache. Raises Absent."""
    return deployment.reader.rest("memorystore", f"v1/{names.cache_id(deployment.target)}")


@check("CACHE-1")
def private_and_authenticated(deployment: Deployment) -> Iterator[Observation]:
    resource, found = f"cache {deployment.prefix}", instance(deployment)
    inside = sorted(
        {
            named(connection.get("pscAutoConnection", connection.get("pscConnection", {})).get("network"))
            for endpoint in found.get("endpoints", [])
            for connection in endpoint.get("connections", [])
        }
    )
    yield equal(resource, "reachable from", inside, [deployment.network])
    yield equal(resource, "authorizationMode", found.get("authorizationMode"), "IAM_AUTH")


@check("CACHE-2")
def encrypted(deployment: Deployment) -> Iterator[Observation]:
    resource, found = f"cache {deployment.prefix}", instance(deployment)
    yield equal(resource, "transitEncryptionMode", found.get("transitEncryptionMode"), "SERVER_AUTHENTICATION")
    yield keys.used(deployment, resource, "kmsKey", found.get("kmsKey"), "cache")


@check("CACHE-3")
def fails_over(deployment: Deployment) -> Iterator[Observation]:
    spec, resource, found = present(deployment.environment.cache), f"cache {deployment.prefix}", instance(deployment)
    yield at_least(resource, "replicaCount", found.get("replicaCount", 0), spec.replicas)
    if spec.replicas:
        zones = found.get("zoneDistributionConfig", {}).get("mode")
        yield equal(resource, "zoneDistributionConfig", zones, "MULTI_ZONE")
    kept = days(found.get("automatedBackupConfig", {}).get("retention"))
    yield at_least(resource, "snapshot retention in days", kept, spec.snapshot_days)
