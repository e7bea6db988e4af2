"""Secrets Manager (SEC-1 to SEC-3)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.checks.aws.lookup import allows, condition, covers, statements, values
from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import Reference, Resource
from terrace.aws import names

_VALUES = re.compile(r"(^|_)(passwords?|secret_string|secret_binary|auth_token|preshared_key|private_key)$")
"""Attributes that hold a secret's value; write-only ones end in _wo and never reach the state."""


def modules(stack: Subject) -> list[str]:
    """The enabled modules; each has a secret. Raises NotRequired."""
    found = sorted(name for name, module in stack.environment.modules.items() if module.enabled)
    if not found:
        raise NotRequired("no module is enabled (modules)")
    return found


def _secret(stack: Subject, module: str) -> Resource:
    return stack.one("aws_secretsmanager_secret", f"secrets/{module}")


@check("SEC-1")
def no_value_in_the_stack(stack: Subject) -> Iterator[Observation]:
    for resource in stack.view:
        held = [name for name in _names(resource.raw) if _VALUES.search(name)]
        if held or resource.type.startswith("aws_secretsmanager"):
            yield empty(str(resource), "attributes with a value that state would keep", held)
    for version in stack.all("aws_secretsmanager_secret_version"):
        value = version.get("secret_string_wo")
        kind = value.type if isinstance(value, Reference) else "written"
        ephemeral = kind == "ephemeral.aws_secretsmanager_random_password"
        yield Observation(str(version), f"secret_string_wo is {kind}", ephemeral, "an ephemeral random password")


def _names(written: Any) -> Iterator[str]:
    """The names of all attributes, however deep, that have text as their value."""
    if isinstance(written, dict):
        for name, value in written.items():
            if isinstance(value, str) and value:
                yield str(name)
            yield from _names(value)
    elif isinstance(written, list):
        for value in written:
            yield from _names(value)


@check("SEC-1")
def kept_in_the_manager(stack: Subject) -> Iterator[Observation]:
    for module in modules(stack):
        secret = _secret(stack, module)
        yield lookup.uses(stack, secret, secret.get("kms_key_id"), "kms_key_id", "secrets")
        days = stack.environment.secrets.recovery_days
        yield at_least(str(secret), "recovery_window_in_days", secret.get("recovery_window_in_days"), days)
        if region := stack.target.recovery_region:
            copies = {str(copy.get("region")): copy for copy in secret.blocks("replica")}
            yield includes(str(secret), "replicas", copies, [region])
            for copy in copies.values():
                yield lookup.uses(stack, secret, copy.get("kms_key_id"), "replica's key", "secrets", recovery=True)


@check("SEC-2")
def admin_rotated(stack: Subject) -> Iterator[Observation]:
    server = stack.one("aws_db_instance", "database/server")
    yield equal(str(server), "manage_master_user_password", server.get("manage_master_user_password"), True)
    key = server.get("master_user_secret_kms_key_id")
    yield lookup.uses(stack, server, key, "master_user_secret_kms_key_id", "secrets")
    rotations = stack.view.pointing("aws_secretsmanager_secret_rotation", "secret_id", server)
    yield at_least(str(server), "rotations of its secret", len(rotations), 1)
    days = stack.environment.secrets.database_rotation_days
    for rotation in rotations:
        period = rotation.get("rotation_rules.automatically_after_days")
        yield at_most(str(rotation), "automatically_after_days", period, days)


@check("SEC-3")
def own_identity(stack: Subject) -> Iterator[Observation]:
    for module in modules(stack):
        role = stack.one("aws_iam_role", f"workloads/module-{module}")
        secret = _secret(stack, module)
        policies = stack.view.pointing("aws_secretsmanager_secret_policy", "secret_arn", secret)
        readers = [reader for policy in policies for reader in _only_readers(policy.get("policy") or {})]
        own = names.role_arn(stack.target, f"module-{module}")
        others = [reader for reader in readers if "-module-" in reader and reader != own]
        good = own in readers and not others and "*" not in readers
        yield Observation(
            str(secret), f"readable by {', '.join(readers) or 'whoever IAM lets'}", good, f"{own} and pipelines"
        )
        yield from _pods(stack, module, role)
        yield from _reads_own_only(stack, module, role)


def _pods(stack: Subject, module: str, role: Resource) -> Iterator[Observation]:
    links = stack.view.pointing("aws_eks_pod_identity_association", "role_arn", role)
    accounts = [f"{link.get('namespace')}/{link.get('service_account')}" for link in links]
    namespace = stack.environment.modules[module].namespace or module
    yield equal(str(role), "pods that have it", accounts, [f"{namespace}/{module}"])


def _reads_own_only(stack: Subject, module: str, role: Resource) -> Iterator[Observation]:
    places = [
        place
        for policy in stack.view.pointing("aws_iam_role_policy", "role", role)
        for statement in statements(policy.get("policy") or {})
        if allows(statement, "secretsmanager:GetSecretValue")
        for place in values(statement.get("Resource"))
    ]
    own = f":secret:{stack.target.prefix}/{module}/app-"
    yield includes(str(role), "secrets that it reads", [own for place in places if own in place], [own])
    yield empty(str(role), "other secrets that it reads", [place for place in places if own not in place])


def _only_readers(policy: Mapping[str, Any]) -> list[str]:
    """The principals that a denial of reading leaves out."""
    for statement in statements(policy):
        reads = covers(values(statement.get("Action")), "secretsmanager:GetSecretValue")
        if statement.get("Effect") == "Deny" and reads:
            return [
                principal
                for operator in ("ArnNotEquals", "ArnNotLike", "StringNotEquals")
                for principal in condition(statement, operator, "aws:PrincipalArn")
            ]
    return []
