"""Secrets in Key Vault (SEC-1 to SEC-3)."""

import re
from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import granted, meant, pods
from terrace.assurance.evaluation import NotRequired, Observation, at_most, check, empty, equal, includes
from terrace.azure import names

_VALUES = re.compile(r"(^|_)(passwords?|shared_key|secret_value|private_key|client_secret|connection_string)$|^value$")
"""Attributes that hold a secret's value; write-only ones end in _wo and never reach the state."""
_READS = ("Key Vault Secrets User", "Key Vault Secrets Officer", "Key Vault Administrator")


def modules(stack: Subject) -> list[str]:
    """The enabled modules; each has a secret. Raises NotRequired."""
    found = sorted(name for name, module in stack.environment.modules.items() if module.enabled)
    if not found:
        raise NotRequired("no module is enabled (modules)")
    return found


@check("SEC-1")
def no_value_in_the_stack(stack: Subject) -> Iterator[Observation]:
    for resource in stack.view:
        if resource.type == "azurerm_postgresql_flexible_server_configuration":
            continue  # settings of the server, each under the name `value`
        held = [name for name in _names(resource.raw) if _VALUES.search(name)]
        secret = resource.type == "azurerm_key_vault_secret"
        if secret or [name for name in held if name != "value"]:
            yield empty(str(resource), "attributes with a value that state would keep", held)
        if secret:
            random = "uuid()" in str(resource.get("value_wo")) or "random" in str(resource.get("value_wo"))
            yield Observation(str(resource), f"value_wo is {'random' if random else 'written'}", random, "random")
            vault = meant(stack, "azurerm_key_vault", resource.get("key_vault_id"))
            yield equal(str(resource), "vault", str(vault), "keys/vault")


def _names(written: Any) -> Iterator[str]:
    if isinstance(written, dict):
        for name, value in written.items():
            if isinstance(value, str) and value:
                yield str(name)
            yield from _names(value)
    elif isinstance(written, list):
        for value in written:
            yield from _names(value)


@check("SEC-1")
def one_a_module(stack: Subject) -> Iterator[Observation]:
    for module in modules(stack):
        secret = stack.one("azurerm_key_vault_secret", f"secrets/{module}")
        yield equal(str(secret), "name", secret.get("name"), f"{module}-app")


@check("SEC-2")
def nobody_has_a_password(stack: Subject) -> Iterator[Observation]:
    # Entra's tokens are the credential: made by the cloud at each login and good for an hour
    for server in stack.all("azurerm_postgresql_flexible_server"):
        password = server.get("authentication.password_auth_enabled", True)  # Azure's own default
        yield equal(str(server), "password_auth_enabled", password, False)
        entra = server.get("authentication.active_directory_auth_enabled")
        yield equal(str(server), "active_directory_auth_enabled", entra, True)
    admins = stack.all("azurerm_postgresql_flexible_server_active_directory_administrator")
    kinds = [str(one.get("principal_type")) for one in admins]
    yield includes("database", "administrators", kinds, ["Group", "ServicePrincipal"])
    yield at_most("database", "administrators who are people", kinds.count("User"), 0)


@check("SEC-3")
def own_identity(stack: Subject) -> Iterator[Observation]:
    for module in modules(stack):
        identity = stack.one("azurerm_user_assigned_identity", f"workloads/module-{module}")
        namespace = stack.environment.modules[module].namespace or module
        yield equal(str(identity), "pods that have it", pods(stack, identity), [f"{namespace}/{module}"])
        scopes = [scope for role, scope in granted(stack, identity) if role in _READS]
        yield equal(str(identity), "secrets that it reads", scopes, [names.secret_id(stack.target, f"{module}-app")])
