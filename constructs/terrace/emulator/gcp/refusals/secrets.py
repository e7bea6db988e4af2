"""Refusals of Secret Manager."""

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from terrace.emulator.gcp.call import Call, Refused
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses


@refuses("secretmanager", "secrets")
def name(secret: Json, call: Call) -> Iterator[str]:
    """Source: Secret Manager API, secrets.create, secretId."""
    id = str(secret.get("name", "")).rpartition("/")[2]
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,255}", id):
        yield f"The provided Secret ID [{id}] does not match the expected format [[a-zA-Z_0-9]+]"


@refuses("secretmanager", "secrets")
def rotation(secret: Json, call: Call) -> Iterator[str | Refused]:
    """Source: Secret Manager documentation, "Create rotation schedules": a topic, at least an hour, in the future."""
    settings = secret.get("rotation")
    if not settings:
        return
    if not secret.get("topics"):
        yield Refused(400, "FAILED_PRECONDITION", "Secrets with a rotation must have at least one topic.")
    period = settings.get("rotationPeriod")
    if period and not settings.get("nextRotationTime"):
        yield "next_rotation_time must be set if rotation_period is set."
    if period and float(period.removesuffix("s")) < 3600:
        yield "rotation_period must be at least 3600s."
    at = settings.get("nextRotationTime")
    current = call.store.get(call.key) or {}
    if at and at != (current.get("rotation") or {}).get("nextRotationTime") and _time(at) < datetime.now(UTC):
        yield f"next_rotation_time {at} must be at least 5 minutes in the future."


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@refuses("secretmanager", "secrets")
def replication(secret: Json, call: Call) -> Iterator[str]:
    """Source: Secret Manager documentation, "Choose a replication policy": distinct locations, which cannot change."""
    settings = secret.get("replication") or {}
    managed = settings.get("userManaged")
    locations = [each.get("location") for each in (managed or {}).get("replicas", ())]
    if managed is not None and (not locations or len(set(locations)) != len(locations)):
        yield "A user managed replication must have at least one replica, each in another location."
    current = call.store.get(call.key)
    if current and current.get("replication") != settings:
        yield "The replication of a secret cannot be changed."


@refuses("secretmanager", "versions")
def payload(version: Json, call: Call) -> Iterator[str]:
    """Source: Secret Manager documentation, "Quotas and limits": 1 byte to 64 KiB for a version."""
    content = base64.b64decode((call.body.get("payload") or {}).get("data", ""))
    if not 0 < len(content) <= 65536:
        yield f"The secret payload has {len(content)} bytes; 1 to 65536 are allowed."
