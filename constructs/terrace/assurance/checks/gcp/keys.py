"""Cloud KMS (KEY-1 to KEY-3)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import seconds
from terrace.assurance.evaluation import Observation, at_least, at_most, check, empty, equal
from terrace.assurance.view import Resource
from terrace.capabilities.keys import PURPOSES
from terrace.gcp import names

_DAY = 86400
_USE = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
_AGENTS = {names.AGENTS[service].partition("@")[2] for service in names.AGENTS}


def _keys(stack: Subject) -> Iterator[Resource]:
    """Each purpose's key. Raises Absent."""
    for purpose in PURPOSES:
        yield stack.one("google_kms_crypto_key", f"keys/{purpose}")


@check("KEY-1")
def one_a_purpose_rotated(stack: Subject) -> Iterator[Observation]:
    days = min(stack.environment.keys.rotation_days, 365)
    for key in _keys(stack):
        yield equal(str(key), "name", key.get("name"), key.path.removeprefix("keys/"))
    for key in stack.all("google_kms_crypto_key"):
        period = seconds(key.get("rotation_period"))
        yield at_most(str(key), "days until it rotates", None if period is None else period / _DAY, days)


@check("KEY-2")
def destruction_waits(stack: Subject) -> Iterator[Observation]:
    least = stack.environment.keys.deletion_window_days
    for key in stack.all("google_kms_crypto_key"):
        wait = seconds(key.get("destroy_scheduled_duration"))
        yield at_least(str(key), "days until it is destroyed", None if wait is None else wait / _DAY, least)
        if stack.target.protected:
            yield equal(str(key), "deletion_policy", key.get("deletion_policy"), "PREVENT")


@check("KEY-3")
def least_use(stack: Subject) -> Iterator[Observation]:
    for grant in stack.all("google_kms_crypto_key_iam_member"):
        member = str(grant.get("member"))
        agent = member.startswith("serviceAccount:") and member.partition("@")[2] in _AGENTS
        fact = f"{grant.get('role')} for {member}"
        yield Observation(str(grant), fact, agent and grant.get("role") == _USE, "use by one of Google's services")
    wide = [
        f"{one}: {one.get('role')}"
        for one in stack.all("google_project_iam_member")
        if str(one.get("role")) in (_USE, "roles/cloudkms.cryptoKeyDecrypter", "roles/owner", "roles/editor")
    ]
    yield empty("project", "use of every key", wide)
    for type in ("google_kms_crypto_key_iam_binding", "google_kms_key_ring_iam_member"):
        yield empty("keys", "wider grants", [str(one) for one in stack.all(type)])
