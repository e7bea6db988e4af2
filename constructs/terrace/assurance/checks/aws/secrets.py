"""Secrets Manager (SEC-1 to SEC-4)."""

import re
from collections.abc import Iterator
from typing import Any

from terrace.assurance import access
from terrace.assurance.access import structure
from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.evaluation import (
    NotRequired,
    Observation,
    asked,
    at_least,
    at_most,
    check,
    empty,
    equal,
    includes,
)
from terrace.assurance.view import Reference, Resource
from terrace.capabilities.identity import given_secret

_VALUES = re.compile(r"(^|_)(passwords?|secret_string|secret_binary|auth_token|preshared_key|private_key)$")
"""Attributes that hold a secret value; write-only ones end in _wo and are not stored in the state."""


def modules(stack: Subject) -> list[str]:
    """The modules that use the foundation; each has a secret of its own. Raises NotRequired."""
    enabled = list(stack.environment.foundation_modules)
    if not enabled:
        raise NotRequired("no enabled module uses the foundation (modules)")
    return enabled


def _secrets(stack: Subject, module: str) -> list[tuple[str, Resource]]:
    """A module's own secret and its given ones, each with its name."""
    prefix, given = stack.target.prefix, stack.environment.foundation_modules[module].given_secrets
    named = {module: f"{prefix}/{module}/app"}
    named |= {f"{module}-{purpose}": given_secret(module, purpose, prefix) for purpose in given}
    return [(name, stack.one("aws_secretsmanager_secret", f"secrets/{path}")) for path, name in named.items()]


@check("SEC-1")
def no_plaintext_values(stack: Subject) -> Iterator[Observation]:
    for resource in stack.view:
        stored_values = [name for name in _names(resource.raw) if _VALUES.search(name)]
        if stored_values or resource.type.startswith("aws_secretsmanager"):
            yield empty(str(resource), "attributes with a secret value", stored_values)
    for version in stack.all("aws_secretsmanager_secret_version", or_none=not stack.environment.foundation_modules):
        value = version.get("secret_string_wo")
        source = value.type if isinstance(value, Reference) else "literal"
        ephemeral = source == "ephemeral.aws_secretsmanager_random_password"
        yield Observation(str(version), f"secret_string_wo = {source}", ephemeral, "an ephemeral random password")


def _names(written: Any) -> Iterator[str]:
    """The names of all attributes with text as their value, at any depth."""
    if isinstance(written, dict):
        for name, value in written.items():
            if isinstance(value, str) and value:
                yield str(name)
            yield from _names(value)
    elif isinstance(written, list):
        for value in written:
            yield from _names(value)


@check("SEC-1")
def secret_per_module(stack: Subject) -> Iterator[Observation]:
    for name, secret in (each for module in modules(stack) for each in _secrets(stack, module)):
        yield equal(str(secret), "name", secret.get("name"), name)
        yield lookup.uses(stack, secret, secret.get("kms_key_id"), "kms_key_id", "secrets")
        days = stack.environment.secrets.recovery_days
        yield at_least(str(secret), "recovery_window_in_days", secret.get("recovery_window_in_days"), days)
        if region := stack.target.recovery_region:
            copies = {str(copy.get("region")): copy for copy in secret.blocks("replica")}
            yield includes(str(secret), "replicas", copies, [region])
            for copy in copies.values():
                yield lookup.uses(stack, secret, copy.get("kms_key_id"), "replica kms_key_id", "secrets", recovery=True)


@check("SEC-2")
def managed_admin_credential(stack: Subject) -> Iterator[Observation]:
    asked(stack.environment.database, "database")
    server = stack.one("aws_db_instance", "database/server")
    yield equal(str(server), "manage_master_user_password", server.get("manage_master_user_password"), True)
    key = server.get("master_user_secret_kms_key_id")
    yield lookup.uses(stack, server, key, "master_user_secret_kms_key_id", "secrets")
    rotations = stack.view.pointing("aws_secretsmanager_secret_rotation", "secret_id", server)
    yield at_least(str(server), "rotations of the admin secret", len(rotations), 1)
    days = stack.environment.secrets.database_rotation_days
    for rotation in rotations:
        yield from lookup.unnarrowed(rotation, "rotation_lambda_arn")  # RDS rotates its own secret
        period = rotation.get("rotation_rules.automatically_after_days")
        yield at_most(str(rotation), "automatically_after_days", period, days)


@check("SEC-4")
def rotation_named(stack: Subject) -> Iterator[Observation]:
    days = str(stack.environment.secrets.rotation_days)
    for module in modules(stack):
        for _, secret in _secrets(stack, module):
            yield equal(str(secret), "rotated-by", secret.get("tags.rotated-by"), module)
            yield equal(str(secret), "rotation-days", secret.get("tags.rotation-days"), days)


@check("SEC-3")
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "SEC-3")


@check("SEC-1")
def no_secret_texts(stack: Subject) -> Iterator[Observation]:
    return structure.secrets(stack)
