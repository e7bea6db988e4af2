"""CACHE-1 to CACHE-3 as the stacks carry them on Azure."""

import pytest

from tests.azure.conftest import ENVIRONMENTS


def server(stack):
    return stack.one("azurerm_managed_redis", "cache/server")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_identities_reach_it_and_privately(azure, environment):  # CACHE-1
    cache = server(azure(environment))
    assert cache["public_network_access"] == "Disabled"
    assert cache["default_database"]["access_keys_authentication_enabled"] is False
    path = azure(environment).one("azurerm_private_endpoint", "cache/path-cache")
    assert path["subnet_id"].endswith("/subnets/cache")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_it_is_encrypted_on_the_way_and_at_rest(azure, environment):  # CACHE-2
    stack = azure(environment)
    assert server(stack)["default_database"]["client_protocol"] == "Encrypted"
    assert stack.resolve(server(stack)["customer_managed_key"]["key_vault_key_id"]) == "keys/cache"


def test_it_is_replicated_where_asked_for_and_keeps_snapshots(azure):  # CACHE-3
    for environment, replicated in {"dev": False, "staging": True, "prod": True}.items():
        cache = server(azure(environment))
        assert cache["high_availability_enabled"] is replicated
        assert cache["default_database"]["persistence_redis_database_backup_frequency"] in ("1h", "12h")
