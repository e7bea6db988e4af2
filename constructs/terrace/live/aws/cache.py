"""Checks of ElastiCache for Valkey (CACHE-1 to CACHE-3)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import Observation, at_least, check, equal
from terrace.capabilities.spec import present
from terrace.live.aws import keys
from terrace.live.aws.checks import Deployment


def group(deployment: Deployment) -> dict[str, Any]:
    """The replication group. Raises Absent."""
    answer = deployment.call("elasticache", "describe_replication_groups", ReplicationGroupId=deployment.prefix)
    found: dict[str, Any] = answer["ReplicationGroups"][0]
    return found


@check("CACHE-1")
def authenticated(deployment: Deployment) -> Iterator[Observation]:
    # ElastiCache has no public address, so only authentication remains to be checked
    resource = f"cache {deployment.prefix}"
    groups = group(deployment).get("UserGroupIds") or []
    yield at_least(resource, "user groups", len(groups), 1)
    for name in groups:
        members = deployment.call("elasticache", "describe_user_groups", UserGroupId=name)["UserGroups"][0]["UserIds"]
        for member in members:
            user = deployment.call("elasticache", "describe_users", UserId=member)["Users"][0]
            rights = str(user.get("AccessString", "")).split()
            way = (user.get("Authentication") or {}).get("Type")
            proven = way == "iam" or way == "password" or "off" in rights
            fact = f"{'off' if 'off' in rights else 'on'}, authentication {way}"
            yield Observation(f"cache user {user['UserId']}", fact, proven, "off, or with authentication")


@check("CACHE-2")
def encrypted(deployment: Deployment) -> Iterator[Observation]:
    resource, found = f"cache {deployment.prefix}", group(deployment)
    yield equal(resource, "TransitEncryptionEnabled", found.get("TransitEncryptionEnabled"), True)
    yield equal(resource, "TransitEncryptionMode", found.get("TransitEncryptionMode"), "required")
    yield equal(resource, "AtRestEncryptionEnabled", found.get("AtRestEncryptionEnabled"), True)
    yield keys.used(deployment, resource, "KmsKeyId", found.get("KmsKeyId"), "cache")


@check("CACHE-3")
def fails_over(deployment: Deployment) -> Iterator[Observation]:
    spec, resource, found = present(deployment.environment.cache), f"cache {deployment.prefix}", group(deployment)
    yield at_least(resource, "nodes", len(found.get("MemberClusters", [])), 1 + spec.replicas)
    if spec.replicas:
        yield equal(resource, "AutomaticFailover", found.get("AutomaticFailover"), "enabled")
        yield equal(resource, "MultiAZ", found.get("MultiAZ"), "enabled")
    yield at_least(resource, "SnapshotRetentionLimit", found.get("SnapshotRetentionLimit"), spec.snapshot_days)
