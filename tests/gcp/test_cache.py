"""Memorystore on Google Cloud (CACHE-1 to CACHE-3)."""

import pytest

ENVIRONMENTS = ("dev", "staging", "prod")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_cache_is_private_authenticated_and_encrypted(gcp, environment):  # CACHE-1, CACHE-2
    stack = gcp(environment)
    body = stack.one("google_memorystore_instance", "cache/cache")
    assert body["authorization_mode"] == "IAM_AUTH"
    assert [stack.resolve(each["network"]) for each in body["desired_auto_created_endpoints"]] == ["network/vpc"]
    assert body["transit_encryption_mode"] == "SERVER_AUTHENTICATION"
    assert body["kms_key"].endswith("/cryptoKeys/cache")


@pytest.mark.parametrize(("environment", "replicas", "days"), [("dev", 0, 1), ("staging", 1, 7), ("prod", 2, 14)])
def test_replicas_and_snapshots_follow_the_environment(gcp, environment, replicas, days):  # CACHE-3
    body = gcp(environment).one("google_memorystore_instance", "cache/cache")
    assert body["replica_count"] == replicas
    assert body["zone_distribution_config"]["mode"] == ("MULTI_ZONE" if replicas else "SINGLE_ZONE")
    assert body["automated_backup_config"]["retention"] == f"{days * 86400}s"
    assert body["deletion_protection_enabled"] is (environment != "dev")
