"""Secret Manager (SEC-1 to SEC-4)."""

import re
from collections.abc import Iterator
from typing import Any

from terrace.assurance import access
from terrace.assurance.access import structure
from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import seconds
from terrace.assurance.evaluation import NotRequired, Observation, asked, at_least, check, empty, equal, includes
from terrace.assurance.view import Reference, at
from terrace.capabilities.identity import given_secret
from terrace.gcp import names
from terrace.gcp.names import Place

_VALUES = re.compile(r"(^|_)(passwords?|secret_data|shared_secret|private_key|auth_token|root_password)$")
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
    return {module: f"{prefix}-{module}-app"} | {f"{module}-{one}": given_secret(module, one, prefix) for one in given}


@check("SEC-1")
def no_plaintext_values(stack: Subject) -> Iterator[Observation]:
    found = list(_stored_values(stack))
    if not found and not stack.environment.foundation_modules:
        raise NotRequired("the stack has no secret")
    yield from found


def _stored_values(stack: Subject) -> Iterator[Observation]:
    for resource in stack.view:
        stored_values = [name for name in _names(resource.raw) if _VALUES.search(name)]
        is_version = resource.type == "google_secret_manager_secret_version"
        if stored_values or is_version:
            yield empty(str(resource), "attributes with a secret value", stored_values)
        if is_version:
            value = resource.get("secret_data_wo")
            computed = isinstance(value, Reference) and value.type == "local"  # computed in the stack and not stored
            random = computed or "uuid()" in str(value)
            yield Observation(str(resource), f"secret_data_wo = {'random' if random else 'literal'}", random, "random")


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
def secret_per_module(stack: Subject) -> Iterator[Observation]:
    regions: list[tuple[str, Place]] = [(stack.target.region, "home")]
    if stack.target.recovery_region:
        regions.append((stack.target.recovery_region, "recovery"))
    expected = {region: names.key(stack.target, "secrets", place) for region, place in regions}
    for path, name in (each for module in modules(stack) for each in _named(stack, module).items()):
        secret = stack.one("google_secret_manager_secret", f"secrets/{path}")
        yield equal(str(secret), "secret_id", secret.get("secret_id"), name)
        delay, days = seconds(secret.get("version_destroy_ttl")), stack.environment.secrets.recovery_days
        yield at_least(str(secret), "days before a version is destroyed", (delay or 0) / 86400, days)
        copies = {
            str(one.get("location")): str(at(one, "customer_managed_encryption.kms_key_name"))
            for one in secret.blocks("replication.user_managed.replicas")
        }
        yield Observation(str(secret), f"replicas = {copies or 'unset'}", copies == expected, str(expected))


@check("SEC-2")
def managed_admin_credential(stack: Subject) -> Iterator[Observation]:
    asked(stack.environment.database, "database")
    # the credential is an IAM token, which Google issues for each login and which expires after an hour
    kinds = [str(one.get("type", "BUILT_IN")) for one in stack.all("google_sql_user")]
    yield includes("database", "user types", kinds, ["CLOUD_IAM_SERVICE_ACCOUNT"])
    yield empty("database", "users with a password", [kind for kind in kinds if not kind.startswith("CLOUD_IAM")])
    for server in stack.all("google_sql_database_instance"):
        flags = {one.get("name"): one.get("value") for one in server.blocks("settings.database_flags")}
        yield equal(str(server), "cloudsql.iam_authentication", flags.get("cloudsql.iam_authentication"), "on")
        yield equal(str(server), "root_password", server.get("root_password"), None)


@check("SEC-3")
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "SEC-3")


@check("SEC-4")
def rotation_named(stack: Subject) -> Iterator[Observation]:
    days = str(stack.environment.secrets.rotation_days)
    for module in modules(stack):
        for path in _named(stack, module):
            secret = stack.one("google_secret_manager_secret", f"secrets/{path}")
            yield equal(str(secret), "rotated-by", secret.get("labels.rotated-by"), module)
            yield equal(str(secret), "rotation-days", secret.get("labels.rotation-days"), days)


@check("SEC-1")
def no_secret_texts(stack: Subject) -> Iterator[Observation]:
    return structure.secrets(stack)
