"""Azure Managed Redis (CACHE-1 to CACHE-3)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import subnet, uses
from terrace.assurance.evaluation import Observation, at_least, check, equal
from terrace.assurance.view import Resource


def _server(stack: Subject) -> Resource:
    """The cache. Raises Absent."""
    return stack.view.only("azurerm_managed_redis")


@check("CACHE-1")
def private(stack: Subject) -> Iterator[Observation]:
    found = _server(stack)
    yield equal(str(found), "public_network_access", found.get("public_network_access"), "Disabled")
    paths = [
        path
        for path in stack.all("azurerm_private_endpoint")
        if stack.view.target(path.get("private_service_connection.private_connection_resource_id")) == found
    ]
    for path in paths:
        yield equal(str(path), "subnet", str(subnet(stack, path.get("subnet_id"))), "network/cache")


@check("CACHE-1")
def authenticated(stack: Subject) -> Iterator[Observation]:
    found = _server(stack)
    by_key = found.get("default_database.access_keys_authentication_enabled")
    yield equal(str(found), "access_keys_authentication_enabled", bool(by_key), False)
    wanted = {name for name, module in stack.environment.modules.items() if module.enabled and module.cache}
    grants = stack.all("azurerm_managed_redis_access_policy_assignment")
    users = {str(stack.view.target(grant.get("object_id"))).removeprefix("workloads/module-") for grant in grants}
    yield equal(str(found), "who may log in", sorted(users), sorted(wanted))


@check("CACHE-2")
def encrypted(stack: Subject) -> Iterator[Observation]:
    found = _server(stack)
    yield equal(str(found), "client_protocol", found.get("default_database.client_protocol"), "Encrypted")
    yield uses(stack, found, found.get("customer_managed_key.key_vault_key_id"), "customer_managed_key", "cache")


@check("CACHE-3")
def fails_over(stack: Subject) -> Iterator[Observation]:
    spec, found = stack.environment.cache, _server(stack)
    if spec.replicas:
        yield equal(str(found), "high_availability_enabled", found.get("high_availability_enabled"), True)
    every = found.get("default_database.persistence_redis_database_backup_frequency")
    append = found.get("default_database.persistence_append_only_file_backup_frequency")
    saved = [one for one in (every, append) if one]
    yield at_least(str(found), "ways its data is kept", len(saved), 1)
