"""Checks of Azure Managed Redis (CACHE-1 to CACHE-3)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import Observation, at_least, check, equal
from terrace.azure import names
from terrace.capabilities.spec import present
from terrace.live.azure.checks import Deployment, at
from terrace.live.azure.lookup import principal, uses


def server(deployment: Deployment) -> dict[str, Any]:
    """The cache. Raises Absent."""
    return deployment.get(names.cache_id(deployment.target))


def _database(deployment: Deployment) -> dict[str, Any]:
    return deployment.get(f"{names.cache_id(deployment.target)}/databases/default")


@check("CACHE-1")
def private_and_authenticated(deployment: Deployment) -> Iterator[Observation]:
    resource = f"cache {deployment.prefix}"
    yield equal(resource, "publicNetworkAccess", at(server(deployment), "publicNetworkAccess"), "Disabled")
    by_key = at(_database(deployment), "accessKeysAuthentication")
    yield equal(resource, "accessKeysAuthentication", by_key, "Disabled")
    modules = deployment.environment.enabled_modules
    expected = sorted(
        principal(deployment, names.identity_id(deployment.target, f"module-{name}"))
        for name, module in modules.items()
        if module.needs.cache
    )
    assigned = deployment.pages(f"{names.cache_id(deployment.target)}/databases/default/accessPolicyAssignments")
    users = sorted(str(at(one, "user.objectId")) for one in assigned)
    yield equal(resource, "users", users, expected)


@check("CACHE-2")
def encrypted(deployment: Deployment) -> Iterator[Observation]:
    resource = f"cache {deployment.prefix}"
    yield equal(resource, "clientProtocol", at(_database(deployment), "clientProtocol"), "Encrypted")
    key = at(server(deployment), "encryption.customerManagedKeyEncryption.keyEncryptionKeyUrl")
    yield uses(deployment, resource, "customerManagedKeyEncryption", key, "cache")


@check("CACHE-3")
def fails_over(deployment: Deployment) -> Iterator[Observation]:
    resource = f"cache {deployment.prefix}"
    if present(deployment.environment.cache).replicas:
        yield equal(resource, "highAvailability", at(server(deployment), "highAvailability"), "Enabled")
    kept = at(_database(deployment), "persistence", {})
    ways = [name for name in ("rdbEnabled", "aofEnabled") if kept.get(name)]
    yield at_least(resource, "enabled kinds of persistence", len(ways), 1)
