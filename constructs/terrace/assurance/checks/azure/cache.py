"""Azure Managed Redis (CACHE-1 to CACHE-3)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import subnet, uses
from terrace.assurance.evaluation import Observation, at_least, check, equal
from terrace.assurance.view import Resource
from terrace.capabilities.spec import present


def _server(stack: Subject) -> Resource:
    """The cache. Raises Absent."""
    return stack.view.only("azurerm_managed_redis")


@check("CACHE-1")
def private(stack: Subject) -> Iterator[Observation]:
    cache = _server(stack)
    yield equal(str(cache), "public_network_access", cache.get("public_network_access"), "Disabled")
    endpoints = [
        endpoint
        for endpoint in stack.all("azurerm_private_endpoint")
        if stack.view.target(endpoint.get("private_service_connection.private_connection_resource_id")) == cache
    ]
    for endpoint in endpoints:
        own = "network/endpoints" if stack.target.existing.network else "network/cache"
        yield equal(str(endpoint), "subnet", str(subnet(stack, endpoint.get("subnet_id"))), own)


@check("CACHE-1")
def requires_authentication(stack: Subject) -> Iterator[Observation]:
    cache = _server(stack)
    key_authentication = cache.get("default_database.access_keys_authentication_enabled")
    yield equal(str(cache), "access_keys_authentication_enabled", bool(key_authentication), False)


@check("CACHE-2")
def encrypted(stack: Subject) -> Iterator[Observation]:
    cache = _server(stack)
    yield equal(str(cache), "client_protocol", cache.get("default_database.client_protocol"), "Encrypted")
    yield uses(stack, cache, cache.get("customer_managed_key.key_vault_key_id"), "customer_managed_key", "cache")


@check("CACHE-3")
def replicas_and_snapshots(stack: Subject) -> Iterator[Observation]:
    spec, cache = present(stack.environment.cache), _server(stack)
    if spec.replicas:
        yield equal(str(cache), "high_availability_enabled", cache.get("high_availability_enabled"), True)
    snapshots = cache.get("default_database.persistence_redis_database_backup_frequency")
    append_only_file = cache.get("default_database.persistence_append_only_file_backup_frequency")
    persistence = [one for one in (snapshots, append_only_file) if one]
    yield at_least(str(cache), "persistence modes", len(persistence), 1)
    expected = "1h" if stack.target.tier == "prod" else "12h"
    yield equal(str(cache), "time between snapshots", snapshots, expected)
