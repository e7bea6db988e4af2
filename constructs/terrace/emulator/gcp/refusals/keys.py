"""Refusals of Cloud KMS, and of other services for the keys that they use."""

import re
from collections.abc import Iterator
from typing import Any

from terrace.emulator.gcp import policies
from terrace.emulator.gcp.call import Call, Refused
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses

DAY = 86400
USER = "roles/cloudkms.cryptoKeyEncrypterDecrypter"

AGENTS = {
    "artifactregistry": "service-{}@gcp-sa-artifactregistry.iam.gserviceaccount.com",
    "backupdr": "service-{}@gcp-sa-backupdr.iam.gserviceaccount.com",
    "container": "service-{}@container-engine-robot.iam.gserviceaccount.com",
    "gkebackup": "service-{}@gcp-sa-gkebackup.iam.gserviceaccount.com",
    "logging": "cmek-p{}@gcp-sa-logging.iam.gserviceaccount.com",
    "memorystore": "service-{}@gcp-sa-memorystore.iam.gserviceaccount.com",
    "pubsub": "service-{}@gcp-sa-pubsub.iam.gserviceaccount.com",
    "secretmanager": "service-{}@gcp-sa-secretmanager.iam.gserviceaccount.com",
    "sqladmin": "service-{}@gcp-sa-cloud-sql.iam.gserviceaccount.com",
    "storage": "service-{}@gs-project-accounts.iam.gserviceaccount.com",
}
"""The service agent that uses keys for a service. Source: IAM documentation, "Service agents". For disks of nodes it is
Compute Engine's."""

DISKS = "service-{}@compute-system.iam.gserviceaccount.com"


@refuses("cloudkms", "keyRings", "cryptoKeys")
def name(resource: Json, call: Call) -> Iterator[str]:
    """Source: Cloud KMS API, "keyRingId", "cryptoKeyId"."""
    id = str(resource.get("name", "")).rpartition("/")[2]
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,63}", id):
        yield f"Invalid id '{id}': it must match [a-zA-Z0-9_-]{{1,63}}."


@refuses("cloudkms", "cryptoKeys")
def rotation(key: Json, call: Call) -> Iterator[str]:
    """Source: Cloud KMS API, CryptoKey.rotationPeriod: 1 day to 876,000 hours, symmetric keys, needs a first time."""
    if "rotationPeriod" not in key:
        return
    seconds = float(key["rotationPeriod"].removesuffix("s"))
    if not DAY <= seconds <= 876_000 * 3600:
        yield "rotationPeriod must be between 24 hours and 876,000 hours."
    if key.get("purpose") != "ENCRYPT_DECRYPT":
        yield "Automatic rotation is only for keys with the purpose ENCRYPT_DECRYPT."
    if not key.get("nextRotationTime"):
        yield "nextRotationTime must be given with rotationPeriod."


@refuses("cloudkms", "cryptoKeys")
def algorithm(key: Json, call: Call) -> Iterator[str]:
    """Source: Cloud KMS documentation, "Key purposes and algorithms"."""
    name = (key.get("versionTemplate") or {}).get("algorithm", "GOOGLE_SYMMETRIC_ENCRYPTION")
    if (key.get("purpose") == "ENCRYPT_DECRYPT") != (name == "GOOGLE_SYMMETRIC_ENCRYPTION"):
        yield f"The algorithm {name} is not for the purpose {key.get('purpose')}."


@refuses("cloudkms", "cryptoKeys")
def destruction(key: Json, call: Call) -> Iterator[str]:
    """Source: Cloud KMS API, CryptoKey.destroyScheduledDuration: 24 hours to 120 days, cannot change."""
    duration = key.get("destroyScheduledDuration", "2592000s")
    if not DAY <= float(duration.removesuffix("s")) <= 120 * DAY:
        yield "destroyScheduledDuration must be between 24 hours and 120 days."
    current = call.store.get(f"cloudkms/{key.get('name')}")
    if current and current["destroyScheduledDuration"] != duration:
        yield "destroyScheduledDuration cannot be changed."


def used_keys(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Field path and key name of each key in a body."""
    if isinstance(value, dict):
        for field, each in value.items():
            yield from used_keys(each, f"{at}.{field}".lstrip("."))
    elif isinstance(value, list):
        for each in value:
            yield from used_keys(each, at)
    elif isinstance(value, str) and (match := re.fullmatch(r"(projects/.+/cryptoKeys/[^/]+)(/.+)?", value)):
        yield at, match[1]


def newly_used(resource: Json, call: Call) -> Iterator[tuple[str, str]]:
    """The keys in a resource that were not in it before."""
    if call.service == "cloudkms":
        return
    before = set(used_keys(call.store.get(call.key) or {}))
    yield from (each for each in used_keys(resource) if each not in before)


@refuses("*", "*")
def usable(resource: Json, call: Call) -> Iterator[Refused]:
    """The service agent needs a role to use the key, and the key needs an enabled primary version.

    Source: the services' pages on customer-managed keys; Cloud KMS documentation, "Customer-managed encryption keys".
    """
    for field, key in newly_used(resource, call):
        agent = DISKS if "bootDiskKmsKey" in field else AGENTS.get(call.service)
        if agent is None:
            continue
        member = f"serviceAccount:{agent.format(call.cloud.number)}"
        bindings = policies.read(call, f"cloudkms/{key}").get("bindings", ())
        if not any(member in each["members"] for each in bindings if each["role"] == USER):
            text = f"Permission denied on Cloud KMS key. Please grant {USER} on {key} to {member}."
            yield Refused(403, "PERMISSION_DENIED", text)
        primary = (call.store.get(f"cloudkms/{key}") or {}).get("primary") or {}
        version = call.store.get(f"cloudkms/{primary.get('name')}") or {}
        if version.get("state") != "ENABLED":
            yield Refused(400, "FAILED_PRECONDITION", f"The primary version of {key} is not enabled.")


@refuses("*", "*")
def location(resource: Json, call: Call) -> Iterator[str]:
    """A key must be in the resource's location. Source: the services' pages on customer-managed keys, location."""
    for field, key in newly_used(resource, call):
        expected = _expected_location(resource, field, call)
        actual = key.split("/")[3]
        if expected and actual not in (expected, "global"):
            yield f"The key {key} is in {actual}, but must be in {expected}."


def _expected_location(resource: Json, field: str, call: Call) -> str:
    """The location that a resource's key must have; empty for any location."""
    if call.service == "pubsub":
        return ""
    if call.service == "secretmanager":
        replicas = ((resource.get("replication") or {}).get("userManaged") or {}).get("replicas", ())
        return str(replicas[0].get("location", "")) if len(replicas) == 1 else ""
    match = re.search(r"/(?:locations|regions|zones)/([^/]+)", call.name)
    location = str(resource.get("region") or (resource.get("location") if call.service == "storage" else ""))
    location = location or (match[1] if match else "")
    region = re.sub(r"-[a-z]$", "", location.lower())
    return {"eu": "europe"}.get(region, region)
