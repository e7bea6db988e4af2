"""KMS keys (KEY-1 to KEY-3)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws.lookup import allows, condition_keys, principals, statements
from terrace.assurance.evaluation import Observation, at_least, at_most, check, equal
from terrace.assurance.view import Resource
from terrace.aws import names
from terrace.capabilities.keys import PURPOSES, RECOVERY_PURPOSES

# what turns a key into clear text, or into somebody else's right to do so
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
def one_a_purpose_rotated(stack: Subject) -> Iterator[Observation]:
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
def deletion_waits(stack: Subject) -> Iterator[Observation]:
    least = stack.environment.keys.deletion_window_days
    for key in stack.all("aws_kms_key"):
        yield at_least(str(key), "deletion_window_in_days", key.get("deletion_window_in_days"), least)
        yield equal(str(key), "is enabled", key.get("is_enabled", True), True)


@check("KEY-3")
def least_use(stack: Subject) -> Iterator[Observation]:
    for key in stack.all("aws_kms_key"):
        open_ones = [
            str(statement.get("Sid", "without Sid"))
            for statement in statements(key.get("policy") or {})
            if any(allows(statement, action) for action in _USE) and _open(stack, statement)
        ]
        has = key.get("policy") is not None
        fact = f"use without a condition in {', '.join(open_ones)}" if open_ones else "each use is conditioned"
        told = fact if has else "the default policy: every identity that IAM lets"
        yield Observation(str(key), told, has and not open_ones, "kms:ViaService, aws:SourceAccount or one principal")


def _open(stack: Subject, statement: dict[str, Any]) -> bool:
    """Whether everybody, or every identity of the account whose own policy says so, may use the key by itself."""
    wide = {"*", names.root(stack.target), names.account(stack.target)}
    if not wide & set(principals(statement)) and not principals(statement, "Service"):
        return False
    return not _NARROWING & condition_keys(statement)
