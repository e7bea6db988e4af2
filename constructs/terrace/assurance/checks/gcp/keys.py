"""Cloud KMS (KEY-1 to KEY-3)."""

from collections.abc import Iterator

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import seconds
from terrace.assurance.evaluation import Observation, at_least, at_most, check, equal
from terrace.assurance.view import Resource

_DAY = 86400


def _keys(stack: Subject) -> Iterator[Resource]:
    """Each purpose's own key. Raises Absent."""
    for purpose in stack.own_keys:
        yield stack.one("google_kms_crypto_key", f"keys/{purpose}")


def _every(stack: Subject) -> list[Resource]:
    """Every key of the stack, also those of extensions. Raises Absent, NotRequired."""
    return stack.all("google_kms_crypto_key") if stack.own_keys else []


@check("KEY-1")
def rotated_key_per_purpose(stack: Subject) -> Iterator[Observation]:
    days = min(stack.environment.keys.rotation_days, 365)
    for key in _keys(stack):
        yield equal(str(key), "name", key.get("name"), key.path.removeprefix("keys/"))
    for key in _every(stack):
        period = seconds(key.get("rotation_period"))
        yield at_most(str(key), "rotation period in days", None if period is None else period / _DAY, days)
        level = "SOFTWARE" if stack.target.tier == "dev" else "HSM"
        yield equal(str(key), "protection_level", key.get("version_template.protection_level"), level)


@check("KEY-2")
def deletion_protection(stack: Subject) -> Iterator[Observation]:
    window = stack.environment.keys.deletion_window_days
    for key in _every(stack):
        delay = seconds(key.get("destroy_scheduled_duration"))
        yield at_least(str(key), "destroy_scheduled_duration in days", None if delay is None else delay / _DAY, window)
        if stack.target.protected:
            yield equal(str(key), "deletion_policy", key.get("deletion_policy"), "PREVENT")


@check("KEY-3")
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "KEY-3")
