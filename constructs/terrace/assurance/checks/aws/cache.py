"""ElastiCache for Valkey (CACHE-1 to CACHE-3)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.evaluation import Observation, at_least, check, equal
from terrace.assurance.view import Resource, flag
from terrace.calls import Absent
from terrace.capabilities.spec import present


def _group(stack: Subject) -> Resource:
    """The replication group. Raises Absent."""
    return stack.one("aws_elasticache_replication_group", "cache/server")


@check("CACHE-1")
def private(stack: Subject) -> Iterator[Observation]:
    cache = _group(stack)
    subnets = stack.view.target(cache.get("subnet_group_name"))
    if subnets is None:
        raise Absent("cache/server has no aws_elasticache_subnet_group in the stack")
    data_subnets = lookup.subnets(stack, subnets, "subnet_ids")
    outside = [str(subnet) for subnet in data_subnets if not subnet.path.startswith("network/data-")]
    yield equal(str(subnets), "subnets outside the data subnets", outside, [])
    groups = [stack.view.target(one) for one in cache.get("security_group_ids", [])]
    yield equal(str(cache), "security groups", [str(one) for one in groups], ["network/openings/cache-group"])


@check("CACHE-1")
def requires_authentication(stack: Subject) -> Iterator[Observation]:
    cache = _group(stack)
    groups = [stack.view.target(one) for one in cache.get("user_group_ids", [])]
    yield at_least(str(cache), "user groups", len([one for one in groups if one]), 1)
    for users in (one for one in groups if one):
        for value in users.get("user_ids", []):
            user = stack.view.target(value)
            rights = str(user.get("access_string", "")).split() if user else []
            authentication = user.get("authentication_mode.type") if user else "unknown"
            ok = authentication == "iam" or "off" in rights
            fact = f"user is {'off' if 'off' in rights else 'on'}, authentication = {authentication}"
            yield Observation(str(user or value), fact, ok, "off, or authentication = iam")
            if user is not None:
                module = str(user.get("user_id")).removeprefix(f"{stack.target.prefix}-")
                own = f"on ~{module}:* &{module}:* +@all -@dangerous"
                expected = "off ~* -@all" if module == "default" else own
                yield equal(str(user), "access_string", user.get("access_string"), expected)


@check("CACHE-2")
def encrypted(stack: Subject) -> Iterator[Observation]:
    cache = _group(stack)
    yield equal(str(cache), "transit_encryption_enabled", flag(cache.get("transit_encryption_enabled")), True)
    yield equal(str(cache), "transit_encryption_mode", cache.get("transit_encryption_mode"), "required")
    yield equal(str(cache), "at_rest_encryption_enabled", flag(cache.get("at_rest_encryption_enabled")), True)
    yield lookup.uses(stack, cache, cache.get("kms_key_id"), "kms_key_id", "cache")


@check("CACHE-3")
def replicas_and_snapshots(stack: Subject) -> Iterator[Observation]:
    spec, cache = present(stack.environment.cache), _group(stack)
    yield at_least(str(cache), "num_cache_clusters", cache.get("num_cache_clusters"), 1 + spec.replicas)
    if spec.replicas:
        yield equal(str(cache), "automatic_failover_enabled", cache.get("automatic_failover_enabled"), True)
        yield equal(str(cache), "multi_az_enabled", cache.get("multi_az_enabled"), True)
    snapshot_days = cache.get("snapshot_retention_limit")
    yield at_least(str(cache), "snapshot_retention_limit", snapshot_days, spec.snapshot_days)
