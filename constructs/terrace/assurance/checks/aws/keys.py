"""KMS keys (KEY-1 to KEY-3)."""

from collections.abc import Iterator

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation, at_least, at_most, check, equal
from terrace.assurance.view import Resource
from terrace.capabilities.keys import RECOVERY_PURPOSES


def _keys(stack: Subject) -> Iterator[Resource]:
    """Each purpose's own key, then those of the recovery region. Raises Absent."""
    for purpose in stack.own_keys:
        yield stack.one("aws_kms_key", f"keys/{purpose}")
    if stack.target.recovery_region:
        for purpose in RECOVERY_PURPOSES:
            yield stack.one("aws_kms_key", f"keys/{purpose}-recovery")


def _every(stack: Subject) -> list[Resource]:
    """Every key of the stack, also those of extensions. Raises Absent, NotRequired."""
    return stack.all("aws_kms_key") if stack.own_keys else []


@check("KEY-1")
def rotated_key_per_purpose(stack: Subject) -> Iterator[Observation]:
    days = min(stack.environment.keys.rotation_days, 365)
    for key in _keys(stack):
        aliases = [
            stack.view.text(one.get("name")) for one in stack.view.pointing("aws_kms_alias", "target_key_id", key)
        ]
        purpose = key.path.removeprefix("keys/").removesuffix("-recovery")
        yield equal(str(key), "aliases", aliases, [f"alias/{stack.target.prefix}-{purpose}"])
    for key in _every(stack):
        yield equal(str(key), "enable_key_rotation", key.get("enable_key_rotation"), True)
        yield at_most(str(key), "rotation_period_in_days", key.get("rotation_period_in_days"), days)


@check("KEY-2")
def deletion_protection(stack: Subject) -> Iterator[Observation]:
    window = stack.environment.keys.deletion_window_days
    for key in _every(stack):
        yield at_least(str(key), "deletion_window_in_days", key.get("deletion_window_in_days"), window)
        yield equal(str(key), "is_enabled", key.get("is_enabled", True), True)


@check("KEY-3")
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "KEY-3")
