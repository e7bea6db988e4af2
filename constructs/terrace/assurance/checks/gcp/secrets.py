"""Secret Manager (SEC-1 to SEC-3)."""

import re
from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import pods
from terrace.assurance.evaluation import NotRequired, Observation, check, empty, equal, includes
from terrace.assurance.view import Reference, at
from terrace.gcp import names
from terrace.gcp.names import Place

_VALUES = re.compile(r"(^|_)(passwords?|secret_data|shared_secret|private_key|auth_token|root_password)$")
"""Attributes that hold a secret's value; write-only ones end in _wo and never reach the state."""
_READ = "roles/secretmanager.secretAccessor"


def modules(stack: Subject) -> list[str]:
    """The enabled modules; each has a secret. Raises NotRequired."""
    found = sorted(name for name, module in stack.environment.modules.items() if module.enabled)
    if not found:
        raise NotRequired("no module is enabled (modules)")
    return found


@check("SEC-1")
def no_value_in_the_stack(stack: Subject) -> Iterator[Observation]:
    for resource in stack.view:
        held = [name for name in _names(resource.raw) if _VALUES.search(name)]
        version = resource.type == "google_secret_manager_secret_version"
        if held or version:
            yield empty(str(resource), "attributes with a value that state would keep", held)
        if version:
            value = resource.get("secret_data_wo")
            made = isinstance(value, Reference) and value.type == "local"  # worked out in the stack, kept nowhere
            random = made or "uuid()" in str(value)
            yield Observation(str(resource), f"secret_data_wo is {'random' if random else 'written'}", random, "random")


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
def sealed_in_our_regions(stack: Subject) -> Iterator[Observation]:
    places: list[tuple[str, Place]] = [(stack.target.region, "home")]
    if stack.target.recovery_region:
        places.append((stack.target.recovery_region, "recovery"))
    wanted = {region: names.key(stack.target, "secrets", place) for region, place in places}
    for module in modules(stack):
        secret = stack.one("google_secret_manager_secret", f"secrets/{module}")
        copies = {
            str(one.get("location")): str(at(one, "customer_managed_encryption.kms_key_name"))
            for one in secret.blocks("replication.user_managed.replicas")
        }
        yield Observation(str(secret), f"copies: {copies or 'anywhere'}", copies == wanted, str(wanted))


@check("SEC-2")
def nobody_has_a_password(stack: Subject) -> Iterator[Observation]:
    # tokens of IAM are the credential: made by the cloud at each login and good for an hour
    kinds = [str(one.get("type", "BUILT_IN")) for one in stack.all("google_sql_user")]
    yield includes("database", "who logs in", kinds, ["CLOUD_IAM_SERVICE_ACCOUNT"])
    yield empty("database", "users with a password", [kind for kind in kinds if not kind.startswith("CLOUD_IAM")])
    for server in stack.all("google_sql_database_instance"):
        flags = {one.get("name"): one.get("value") for one in server.blocks("settings.database_flags")}
        yield equal(str(server), "cloudsql.iam_authentication", flags.get("cloudsql.iam_authentication"), "on")
        yield equal(str(server), "root_password", server.get("root_password"), None)


@check("SEC-3")
def own_identity(stack: Subject) -> Iterator[Observation]:
    for module in modules(stack):
        account = stack.one("google_service_account", f"workloads/module-{module}")
        namespace = stack.environment.modules[module].namespace or module
        yield equal(str(account), "pods that have it", pods(stack, account), [f"{namespace}/{module}"])
        member = names.member(stack.target, f"module-{module}")
        grants = [one for one in stack.all("google_secret_manager_secret_iam_member") if one.get("member") == member]
        read = [str(one.get("secret_id")) for one in grants if one.get("role") == _READ]
        yield equal(str(account), "secrets that it reads", read, [names.secret(stack.target, f"{module}-app")])
    wide = [str(one) for one in stack.all("google_project_iam_member") if one.get("role") == _READ]
    yield empty("project", "readers of every secret", [one for one in wide if one.startswith("workloads/")])
