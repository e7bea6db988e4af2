"""Managed Redis on Azure (CACHE-1 to CACHE-3)."""

import pytest

from tests.azure.conftest import ENVIRONMENTS


def server(stack):
    return stack.one("azurerm_managed_redis", "cache/server")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_access_is_private_and_by_identity_only(azure, environment):  # CACHE-1
    cache = server(azure(environment))
    assert cache["public_network_access"] == "Disabled"
    assert cache["default_database"]["access_keys_authentication_enabled"] is False
    path = azure(environment).one("azurerm_private_endpoint", "cache/path-cache")
    assert path["subnet_id"].endswith("/subnets/cache")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_traffic_and_data_are_encrypted(azure, environment):  # CACHE-2
    stack = azure(environment)
    assert server(stack)["default_database"]["client_protocol"] == "Encrypted"
    assert stack.resolve(server(stack)["customer_managed_key"]["key_vault_key_id"]) == "keys/cache"


def test_replicas_follow_the_environment_and_snapshots_are_taken(azure):  # CACHE-3
    for environment, replicated in {"dev": False, "staging": True, "prod": True}.items():
        cache = server(azure(environment))
        assert cache["high_availability_enabled"] is replicated
        assert cache["default_database"]["persistence_redis_database_backup_frequency"] in ("1h", "12h")
