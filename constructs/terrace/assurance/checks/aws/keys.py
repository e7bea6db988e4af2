"""KMS keys (KEY-1 to KEY-3)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws.lookup import allows, condition_keys, principals, statements
from terrace.assurance.evaluation import Observation, at_least, at_most, check, equal
from terrace.assurance.view import Resource
from terrace.aws import names
from terrace.capabilities.keys import PURPOSES, RECOVERY_PURPOSES

# actions that encrypt or decrypt data, or delegate that permission
_USE = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:CreateGrant")
_NARROWING = {
    "kms:viaservice", "kms:encryptioncontext:aws:logs:arn", "aws:sourceaccount", "aws:sourcearn", "aws:principalarn",
}  # fmt: skip


def _keys(stack: Subject) -> Iterator[Resource]:
    """Each purpose's key, then those of the recovery region. Raises Absent."""
    for purpose in PURPOSES:
        yield stack.one("aws_kms_key", f"keys/{purpose}")
    if stack.target.recovery_region:
        for purpose in RECOVERY_PURPOSES:
            yield stack.one("aws_kms_key", f"keys/{purpose}-recovery")


@check("KEY-1")
def rotated_key_per_purpose(stack: Subject) -> Iterator[Observation]:
    days = min(stack.environment.keys.rotation_days, 365)
    for key in _keys(stack):
        aliases = [
            stack.view.text(one.get("name")) for one in stack.view.pointing("aws_kms_alias", "target_key_id", key)
        ]
        purpose = key.path.removeprefix("keys/").removesuffix("-recovery")
        yield equal(str(key), "aliases", aliases, [f"alias/{stack.target.prefix}-{purpose}"])
    for key in stack.all("aws_kms_key"):
        yield equal(str(key), "enable_key_rotation", key.get("enable_key_rotation"), True)
        yield at_most(str(key), "rotation_period_in_days", key.get("rotation_period_in_days"), days)


@check("KEY-2")
def deletion_protection(stack: Subject) -> Iterator[Observation]:
    window = stack.environment.keys.deletion_window_days
    for key in stack.all("aws_kms_key"):
        yield at_least(str(key), "deletion_window_in_days", key.get("deletion_window_in_days"), window)
        yield equal(str(key), "is_enabled", key.get("is_enabled", True), True)


@check("KEY-3")
def least_privilege(stack: Subject) -> Iterator[Observation]:
    for key in stack.all("aws_kms_key"):
        unrestricted = [
            str(statement.get("Sid", "without Sid"))
            for statement in statements(key.get("policy") or {})
            if any(allows(statement, action) for action in _USE) and _unrestricted(stack, statement)
        ]
        has_policy = key.get("policy") is not None
        fact = (
            f"statements without a condition: {', '.join(unrestricted)}"
            if unrestricted
            else "every use has a condition"
        )
        observed = fact if has_policy else "default key policy, which allows every identity with an IAM permission"
        yield Observation(
            str(key), observed, has_policy and not unrestricted, "kms:ViaService, aws:SourceAccount or one principal"
        )


def _unrestricted(stack: Subject, statement: dict[str, Any]) -> bool:
    """Whether a statement lets all principals, or all of the account, use the key without a condition."""
    broad_principals = {"*", names.root(stack.target), names.account(stack.target)}
    if not broad_principals & set(principals(statement)) and not principals(statement, "Service"):
        return False
    return not _NARROWING & condition_keys(statement)
