"""Memorystore for Valkey (CACHE-1 to CACHE-3)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import named, seconds, uses
from terrace.assurance.evaluation import Observation, at_least, check, equal
from terrace.assurance.view import Resource


def _instance(stack: Subject) -> Resource:
    """The cache. Raises Absent."""
    return stack.view.only("google_memorystore_instance")


@check("CACHE-1")
def private_and_authenticated(stack: Subject) -> Iterator[Observation]:
    found = _instance(stack)
    networks = [named(stack, one.get("network")) for one in found.blocks("desired_auto_created_endpoints")]
    yield equal(str(found), "reached from", networks, ["network/vpc"])
    yield equal(str(found), "authorization_mode", found.get("authorization_mode"), "IAM_AUTH")


@check("CACHE-2")
def encrypted(stack: Subject) -> Iterator[Observation]:
    found = _instance(stack)
    mode = found.get("transit_encryption_mode")
    yield equal(str(found), "transit_encryption_mode", mode, "SERVER_AUTHENTICATION")
    yield uses(stack, found, found.get("kms_key"), "kms_key", "cache")


@check("CACHE-3")
def fails_over(stack: Subject) -> Iterator[Observation]:
    spec, found = stack.environment.cache, _instance(stack)
    yield equal(str(found), "replica_count", found.get("replica_count"), spec.replicas)
    if spec.replicas:
        zones = found.get("zone_distribution_config.mode")
        yield equal(str(found), "zone_distribution_config", zones, "MULTI_ZONE")
    kept = seconds(found.get("automated_backup_config.retention"))
    yield at_least(str(found), "days snapshots are kept", None if kept is None else kept / 86400, spec.snapshot_days)
