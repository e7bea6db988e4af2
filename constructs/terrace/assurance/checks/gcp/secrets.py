"""Secret Manager (SEC-1 to SEC-3)."""

import re
from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import pods
from terrace.assurance.evaluation import NotRequired, Observation, check, empty, equal, includes
from terrace.assurance.view import Reference, at
from terrace.capabilities.identity import given_secret
from terrace.gcp import names
from terrace.gcp.names import Place

_VALUES = re.compile(r"(^|_)(passwords?|secret_data|shared_secret|private_key|auth_token|root_password)$")
"""Attributes that hold a secret value; write-only ones end in _wo and are not stored in the state."""
_READ = "roles/secretmanager.secretAccessor"


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
        copies = {
            str(one.get("location")): str(at(one, "customer_managed_encryption.kms_key_name"))
            for one in secret.blocks("replication.user_managed.replicas")
        }
        yield Observation(str(secret), f"replicas = {copies or 'unset'}", copies == expected, str(expected))


@check("SEC-2")
def managed_admin_credential(stack: Subject) -> Iterator[Observation]:
    # the credential is an IAM token, which Google issues for each login and which expires after an hour
    kinds = [str(one.get("type", "BUILT_IN")) for one in stack.all("google_sql_user")]
    yield includes("database", "user types", kinds, ["CLOUD_IAM_SERVICE_ACCOUNT"])
    yield empty("database", "users with a password", [kind for kind in kinds if not kind.startswith("CLOUD_IAM")])
    for server in stack.all("google_sql_database_instance"):
        flags = {one.get("name"): one.get("value") for one in server.blocks("settings.database_flags")}
        yield equal(str(server), "cloudsql.iam_authentication", flags.get("cloudsql.iam_authentication"), "on")
        yield equal(str(server), "root_password", server.get("root_password"), None)


@check("SEC-3")
def own_secret_only(stack: Subject) -> Iterator[Observation]:
    for module in modules(stack):
        account = stack.one("google_service_account", f"workloads/module-{module}")
        namespace = stack.environment.enabled_modules[module].namespace
        yield equal(str(account), "service accounts", pods(stack, account), [f"{namespace}/{module}"])
        member = names.member(stack.target, f"module-{module}")
        grants = [one for one in stack.all("google_secret_manager_secret_iam_member") if one.get("member") == member]
        read = [str(one.get("secret_id")) for one in grants if one.get("role") == _READ]
        own = [f"projects/{names.account(stack.target)}/secrets/{name}" for name in _named(stack, module).values()]
        yield equal(str(account), "readable secrets", sorted(read), sorted(own))
    readers = [str(one) for one in stack.all("google_project_iam_member") if one.get("role") == _READ]
    yield empty(
        "project", "workloads that can read every secret", [one for one in readers if one.startswith("workloads/")]
    )
