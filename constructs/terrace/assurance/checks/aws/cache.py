"""ElastiCache for Valkey (CACHE-1 to CACHE-3)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.evaluation import Absent, Observation, at_least, check, equal
from terrace.assurance.view import Resource, flag


def _group(stack: Subject) -> Resource:
    """The replication group. Raises Absent."""
    return stack.one("aws_elasticache_replication_group", "cache/server")


@check("CACHE-1")
def private(stack: Subject) -> Iterator[Observation]:
    found = _group(stack)
    subnets = stack.view.target(found.get("subnet_group_name"))
    if subnets is None:
        raise Absent("cache/server has no aws_elasticache_subnet_group of ours")
    named = lookup.subnets(stack, subnets, "subnet_ids")
    outside = [str(subnet) for subnet in named if not subnet.path.startswith("network/data-")]
    yield equal(str(subnets), "subnets that are not for data", outside, [])
    groups = [stack.view.target(one) for one in found.get("security_group_ids", [])]
    yield equal(str(found), "groups", [str(one) for one in groups], ["network/openings/cache-group"])
    for one in (one for one in groups if one):
        openings = stack.view.pointing("aws_vpc_security_group_ingress_rule", "security_group_id", one)
        ranges = [str(rule.get("cidr_ipv4")) for rule in openings if rule.get("cidr_ipv4") or rule.get("cidr_ipv6")]
        yield equal(str(one), "ranges that reach it", ranges, [])


@check("CACHE-1")
def authenticated(stack: Subject) -> Iterator[Observation]:
    found = _group(stack)
    groups = [stack.view.target(one) for one in found.get("user_group_ids", [])]
    yield at_least(str(found), "user groups", len([one for one in groups if one]), 1)
    for users in (one for one in groups if one):
        for value in users.get("user_ids", []):
            user = stack.view.target(value)
            rights = str(user.get("access_string", "")).split() if user else []
            way = user.get("authentication_mode.type") if user else "unknown"
            good = way == "iam" or "off" in rights
            fact = f"{'off' if 'off' in rights else 'on'}, authentication {way}"
            yield Observation(str(user or value), fact, good, "off, or with an identity")


@check("CACHE-2")
def encrypted(stack: Subject) -> Iterator[Observation]:
    found = _group(stack)
    yield equal(str(found), "transit_encryption_enabled", flag(found.get("transit_encryption_enabled")), True)
    yield equal(str(found), "transit_encryption_mode", found.get("transit_encryption_mode"), "required")
    yield equal(str(found), "at_rest_encryption_enabled", flag(found.get("at_rest_encryption_enabled")), True)
    yield lookup.uses(stack, found, found.get("kms_key_id"), "kms_key_id", "cache")


@check("CACHE-3")
def fails_over(stack: Subject) -> Iterator[Observation]:
    spec, found = stack.environment.cache, _group(stack)
    yield at_least(str(found), "num_cache_clusters", found.get("num_cache_clusters"), 1 + spec.replicas)
    if spec.replicas:
        yield equal(str(found), "automatic_failover_enabled", found.get("automatic_failover_enabled"), True)
        yield equal(str(found), "multi_az_enabled", found.get("multi_az_enabled"), True)
    kept = found.get("snapshot_retention_limit")
    yield at_least(str(found), "snapshot_retention_limit", kept, spec.snapshot_days)
