"""ElastiCache on AWS (CACHE-1 to CACHE-3)."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from terrace.aws.names import cache_user
from terrace.environment.loading import load
from terrace.environment.placement import target
from terrace.errors import ContractError
from tests.conftest import ROOT, SynthesizedStack

Foundation = Callable[[str], SynthesizedStack]
ENVIRONMENTS = ("dev", "staging", "prod")


def server(stack: SynthesizedStack) -> dict[str, Any]:
    return stack.one("aws_elasticache_replication_group", "cache/server")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_users_authenticate_with_iam_and_the_default_user_is_off(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    users = {path.removeprefix("cache/user-"): body for path, body in stack.all("aws_elasticache_user")}
    assert set(users) == {"default", "airflow", "superset"}  # spark has no cache
    default_user = users.pop("default")
    assert (default_user["user_name"], default_user["access_string"]) == ("default", "off ~* -@all")  # CACHE-1
    for module, user in users.items():
        assert user["authentication_mode"]["type"] == "iam"  # CACHE-1
        assert user["user_id"] == user["user_name"] == f"dpf-{environment}-{module}"
        assert user["access_string"].startswith(f"on ~{module}:* ")
    group = stack.one("aws_elasticache_user_group", "cache/users")
    assert len(group["user_ids"]) == 3
    assert [stack.resolve(id) for id in server(stack)["user_group_ids"]] == ["cache/users"]  # CACHE-1


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_traffic_and_data_are_encrypted(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    body = server(stack)
    assert body["engine"] == "valkey"
    assert (body["transit_encryption_enabled"], body["transit_encryption_mode"]) == (True, "required")  # CACHE-2
    assert body["at_rest_encryption_enabled"] == "true"  # CACHE-2: a string in the provider's schema
    assert stack.resolve(body["kms_key_id"]) == "keys/cache"  # CACHE-2


@pytest.mark.parametrize(("environment", "nodes", "days"), [("dev", 1, 1), ("staging", 2, 7), ("prod", 3, 14)])
def test_failover_and_snapshots_follow_the_environment(
    foundation: Foundation, environment: str, nodes: int, days: int
) -> None:
    body = server(foundation(environment))
    assert body["num_cache_clusters"] == nodes  # CACHE-3
    assert body["automatic_failover_enabled"] is (nodes > 1)  # CACHE-3
    assert body["multi_az_enabled"] is (nodes > 1)  # CACHE-3
    assert body["snapshot_retention_limit"] == days  # CACHE-3
    assert body.get("final_snapshot_identifier") == (None if environment == "dev" else f"dpf-{environment}-final")


def test_a_user_name_that_is_too_long_is_an_error() -> None:
    place = target(load("dev", project=Path(ROOT)).environment)
    with pytest.raises(ContractError, match="has 49 characters; ElastiCache allows 40"):
        cache_user(replace(place, prefix="p" * 24), "a" * 24)
