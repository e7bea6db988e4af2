"""Memorystore for Valkey (CACHE-1 to CACHE-3)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import path_of, seconds, uses
from terrace.assurance.evaluation import Observation, at_least, check, equal
from terrace.assurance.view import Resource
from terrace.capabilities.spec import present


def _instance(stack: Subject) -> Resource:
    """The cache. Raises Absent."""
    return stack.view.only("google_memorystore_instance")


@check("CACHE-1")
def private(stack: Subject) -> Iterator[Observation]:
    cache = _instance(stack)
    networks = [path_of(stack, one.get("network")) for one in cache.blocks("desired_auto_created_endpoints")]
    yield equal(str(cache), "endpoint networks", networks, ["network/vpc"])


@check("CACHE-1")
def requires_authentication(stack: Subject) -> Iterator[Observation]:
    cache = _instance(stack)
    yield equal(str(cache), "authorization_mode", cache.get("authorization_mode"), "IAM_AUTH")


@check("CACHE-2")
def encrypted(stack: Subject) -> Iterator[Observation]:
    cache = _instance(stack)
    mode = cache.get("transit_encryption_mode")
    yield equal(str(cache), "transit_encryption_mode", mode, "SERVER_AUTHENTICATION")
    yield uses(stack, cache, cache.get("kms_key"), "kms_key", "cache")


@check("CACHE-3")
def replicas_and_snapshots(stack: Subject) -> Iterator[Observation]:
    spec, cache = present(stack.environment.cache), _instance(stack)
    yield equal(str(cache), "replica_count", cache.get("replica_count"), spec.replicas)
    if spec.replicas:
        zones = cache.get("zone_distribution_config.mode")
        yield equal(str(cache), "zone_distribution_config", zones, "MULTI_ZONE")
    yield equal(str(cache), "persistence_config", cache.get("persistence_config.mode"), "RDB")
    protected = bool(cache.get("deletion_protection_enabled"))
    yield equal(str(cache), "deletion_protection_enabled", protected, stack.target.protected)
    retention = seconds(cache.get("automated_backup_config.retention"))
    yield at_least(
        str(cache), "backup retention in days", None if retention is None else retention / 86400, spec.snapshot_days
    )
