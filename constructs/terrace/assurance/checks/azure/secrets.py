"""Secrets in Key Vault (SEC-1 to SEC-4)."""

import re
from collections.abc import Iterator
from typing import Any

from terrace.assurance import access
from terrace.assurance.access import structure
from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import referenced, unset
from terrace.assurance.evaluation import NotRequired, Observation, asked, at_most, check, empty, equal, includes
from terrace.azure import names
from terrace.capabilities.identity import given_secret

_VALUES = re.compile(r"(^|_)(passwords?|shared_key|secret_value|private_key|client_secret|connection_string)$|^value$")
"""Attributes that hold a secret value; write-only ones end in _wo and are not stored in the state."""


def modules(stack: Subject) -> list[str]:
    """The modules that use the foundation; each has a secret of its own. Raises NotRequired."""
    enabled = list(stack.environment.foundation_modules)
    if not enabled:
        raise NotRequired("no enabled module uses the foundation (modules)")
    return enabled


def _named(stack: Subject, module: str) -> dict[str, str]:
    """The names of a module's own secret and of its given ones, by the end of the path."""
    given = stack.environment.foundation_modules[module].given_secrets
    prefix = stack.target.prefix
    return {module: f"{module}-app"} | {f"{module}-{one}": given_secret(module, one, prefix) for one in given}


@check("SEC-1")
def no_plaintext_values(stack: Subject) -> Iterator[Observation]:
    found = list(_stored_values(stack))
    if not found and not stack.environment.foundation_modules:
        raise NotRequired("the stack has no secret")
    yield from found


def _stored_values(stack: Subject) -> Iterator[Observation]:
    for resource in stack.view:
        if resource.type == "azurerm_postgresql_flexible_server_configuration":
            continue  # server settings, each with the attribute `value`
        stored_values = [name for name in _names(resource.raw) if _VALUES.search(name)]
        secret = resource.type == "azurerm_key_vault_secret"
        if secret or [name for name in stored_values if name != "value"]:
            yield empty(str(resource), "attributes with a secret value", stored_values)
        if secret:
            random = "uuid()" in str(resource.get("value_wo")) or "random" in str(resource.get("value_wo"))
            yield Observation(str(resource), f"value_wo = {'random' if random else 'literal'}", random, "random")
            vault = referenced(stack, "azurerm_key_vault", resource.get("key_vault_id"))
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
def certificate_authority(stack: Subject) -> Iterator[Observation]:
    asked(stack.environment.network.entry, "entry")  # the certificate is the entry's
    issuer = names.settings(stack.target).certificate_issuer
    for certificate in stack.all("azurerm_key_vault_certificate"):
        policy = "certificate_policy"
        yield equal(str(certificate), "issuer", certificate.get(f"{policy}.issuer_parameters.name"), issuer)
        action = certificate.get(f"{policy}.lifetime_action.action.action_type")
        yield equal(str(certificate), "at the end of its life", action, "AutoRenew")
        yield from unset(certificate, "certificate")


@check("SEC-1")
def secret_per_module(stack: Subject) -> Iterator[Observation]:
    for module in modules(stack):
        for path, name in _named(stack, module).items():
            secret = stack.one("azurerm_key_vault_secret", f"secrets/{path}")
            yield equal(str(secret), "name", secret.get("name"), name)
            yield from unset(secret, "expiration_date", "not_before_date")


@check("SEC-2")
def managed_admin_credential(stack: Subject) -> Iterator[Observation]:
    asked(stack.environment.database, "database")
    # the credential is an Entra token, which Azure issues for each login and which expires after an hour
    for server in stack.all("azurerm_postgresql_flexible_server"):
        password = server.get("authentication.password_auth_enabled", True)  # Azure's own default
        yield equal(str(server), "password_auth_enabled", password, False)
        entra = server.get("authentication.active_directory_auth_enabled")
        yield equal(str(server), "active_directory_auth_enabled", entra, True)
    admins = stack.all("azurerm_postgresql_flexible_server_active_directory_administrator")
    kinds = [str(one.get("principal_type")) for one in admins]
    yield includes("database", "administrator types", kinds, ["Group", "ServicePrincipal"])
    yield at_most("database", "administrators of type User", kinds.count("User"), 0)


@check("SEC-3")
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "SEC-3")


@check("SEC-1")
def no_secret_texts(stack: Subject) -> Iterator[Observation]:
    return structure.secrets(stack)


@check("SEC-4")
def rotation_named(stack: Subject) -> Iterator[Observation]:
    # SEC-1 proves that each module has its secrets
    days = str(stack.environment.secrets.rotation_days)
    enabled = modules(stack)
    made = {one.path: one for one in stack.all("azurerm_key_vault_secret", under="secrets")}
    for module in enabled:
        for secret in (made[f"secrets/{one}"] for one in _named(stack, module) if f"secrets/{one}" in made):
            yield equal(str(secret), "rotated-by", secret.get("tags.rotated-by"), module)
            yield equal(str(secret), "rotation-days", secret.get("tags.rotation-days"), days)
