"""Checks of secrets in Key Vault (SEC-1 to SEC-4)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import NotRequired, Observation, asked, check, empty, equal, includes
from terrace.azure import names
from terrace.capabilities.identity import given_secret
from terrace.live.azure import database
from terrace.live.azure.checks import Deployment, at
from terrace.live.azure.lookup import granted, on, pods, principal
from terrace.live.azure.session import Absent

_READ = "Key Vault Secrets User"
_READS = (_READ, "Key Vault Secrets Officer", "Key Vault Administrator")


def modules(deployment: Deployment) -> list[str]:
    """The modules that use the foundation; each has a secret of its own. Raises NotRequired."""
    found = list(deployment.environment.foundation_modules)
    if not found:
        raise NotRequired("no enabled module uses the foundation (modules)")
    return found


def secrets(deployment: Deployment, module: str) -> list[str]:
    """The names of a module's own secret and of its given ones."""
    given = deployment.environment.foundation_modules[module].given_secrets
    return [f"{module}-app", *(given_secret(module, purpose, deployment.prefix) for purpose in given)]


def versions(deployment: Deployment, name: str) -> list[Any]:
    """Each version of a secret, without its value. Raises Absent."""
    vault = names.vault(deployment.target)
    client = deployment.reader.secrets(vault)
    url = f"https://{vault}.vault.azure.net/secrets/{name}/versions"
    found: list[Any] = deployment.reader.once(url, lambda: list(client.list_properties_of_secret_versions(name)))
    if not found:
        raise Absent(f"secret {name}", where=f"vault {vault}")
    return found


@check("SEC-1")
def kept_in_the_vault(deployment: Deployment) -> Iterator[Observation]:
    for name in (name for module in modules(deployment) for name in secrets(deployment, module)):
        found = versions(deployment, name)
        usable = [one for one in found if one.enabled]
        resource = f"secret {names.vault(deployment.target)}/{name}"
        yield equal(resource, "has an enabled version", bool(usable), True)
        if name.endswith("-app"):  # an operator writes the values of the others
            yield equal(resource, "contentType", found[-1].content_type, "random")
    # the workspace's shared key would allow writing logs, so it is disabled; of an existing one, OBS-1 says it
    if not deployment.target.existing.monitoring:
        workspace = deployment.get(names.workspace_id(deployment.target))
        off = at(workspace, "features.disableLocalAuth")
        yield equal(f"workspace {deployment.prefix}", "disableLocalAuth", off, True)


@check("SEC-2")
def nobody_has_a_password(deployment: Deployment) -> Iterator[Observation]:
    asked(deployment.environment.database, "database")
    # the credential is a token of Entra, issued at each login and valid for an hour
    for one in (database.server(deployment), *database.replicas(deployment)):
        resource = f"server {one['name']}"
        yield equal(resource, "passwordAuth", at(one, "authConfig.passwordAuth"), "Disabled")
        yield equal(resource, "activeDirectoryAuth", at(one, "authConfig.activeDirectoryAuth"), "Enabled")
    kinds = [str(at(one, "principalType")) for one in database.administrators(deployment)]
    resource = f"server {names.database(deployment.target)}"
    yield includes(resource, "administrators", kinds, ["Group", "ServicePrincipal"])
    yield equal(resource, "users among the administrators", kinds.count("User"), 0)


@check("SEC-3")
def own_identity(deployment: Deployment) -> Iterator[Observation]:
    for module in modules(deployment):
        identity = names.identity_id(deployment.target, f"module-{module}")
        resource = f"identity {names.identity(deployment.target, f'module-{module}')}"
        namespace = deployment.environment.enabled_modules[module].namespace
        yield equal(resource, "service accounts", pods(deployment, identity), [f"{namespace}/{module}"])
        object_id = principal(deployment, identity)
        scopes = [grant.scope for grant in granted(deployment, object_id) if grant.role in _READS]
        own = {name: names.secret_id(deployment.target, name) for name in secrets(deployment, module)}
        found, expected = sorted(map(str.lower, scopes)), sorted(map(str.lower, own.values()))
        yield equal(resource, "readable secrets", found, expected)
        for name, id in own.items():
            others = [reader for reader in on(deployment, id, _READ) if reader != object_id]
            yield empty(f"secret {name}", "other readers", others)


@check("SEC-4")
def rotation_named(deployment: Deployment) -> Iterator[Observation]:
    days = str(deployment.environment.secrets.rotation_days)
    for module in modules(deployment):
        for name in secrets(deployment, module):
            try:
                newest = max(versions(deployment, name), key=lambda one: one.created_on)
            except Absent:
                continue  # SEC-1
            tags, resource = newest.tags or {}, f"secret {names.vault(deployment.target)}/{name}"
            yield equal(resource, "rotated-by", tags.get("rotated-by"), module)
            yield equal(resource, "rotation-days", tags.get("rotation-days"), days)
