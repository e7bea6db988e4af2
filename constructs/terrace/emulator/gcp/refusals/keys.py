"""What Cloud KMS refuses of keys, and other services of the keys that they are to use."""

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
"""Who of a service uses a key. Source: IAM documentation, "Service agents"; nodes' disks are Compute Engine's."""

DISKS = "service-{}@compute-system.iam.gserviceaccount.com"


@refuses("cloudkms", "keyRings", "cryptoKeys")
def name(resource: Json, call: Call) -> Iterator[str]:
    """Source: Cloud KMS API, "keyRingId", "cryptoKeyId"."""
    found = str(resource.get("name", "")).rpartition("/")[2]
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,63}", found):
        yield f"Invalid id '{found}': it must match [a-zA-Z0-9_-]{{1,63}}."


@refuses("cloudkms", "cryptoKeys")
def rotation(key: Json, call: Call) -> Iterator[str]:
    """Source: Cloud KMS API, CryptoKey.rotationPeriod: a day to 876,000 hours, symmetric keys, with a first time."""
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
    found = (key.get("versionTemplate") or {}).get("algorithm", "GOOGLE_SYMMETRIC_ENCRYPTION")
    if (key.get("purpose") == "ENCRYPT_DECRYPT") != (found == "GOOGLE_SYMMETRIC_ENCRYPTION"):
        yield f"The algorithm {found} is not for the purpose {key.get('purpose')}."


@refuses("cloudkms", "cryptoKeys")
def destruction(key: Json, call: Call) -> Iterator[str]:
    """Source: Cloud KMS API, CryptoKey.destroyScheduledDuration: 24 hours to 120 days, never changed."""
    asked = key.get("destroyScheduledDuration", "2592000s")
    if not DAY <= float(asked.removesuffix("s")) <= 120 * DAY:
        yield "destroyScheduledDuration must be between 24 hours and 120 days."
    there = call.store.get(f"cloudkms/{key.get('name')}")
    if there and there["destroyScheduledDuration"] != asked:
        yield "destroyScheduledDuration cannot be changed."


def used_keys(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Path of the field and name of the key, for each key that a body names."""
    if isinstance(value, dict):
        for field, each in value.items():
            yield from used_keys(each, f"{at}.{field}".lstrip("."))
    elif isinstance(value, list):
        for each in value:
            yield from used_keys(each, at)
    elif isinstance(value, str) and (found := re.fullmatch(r"(projects/.+/cryptoKeys/[^/]+)(/.+)?", value)):
        yield at, found[1]


def newly_used(resource: Json, call: Call) -> Iterator[tuple[str, str]]:
    """Of the keys that a resource names those that it did not name before."""
    if call.service == "cloudkms":
        return
    there = set(used_keys(call.store.get(call.key) or {}))
    yield from (each for each in used_keys(resource) if each not in there)


@refuses("*", "*")
def usable(resource: Json, call: Call) -> Iterator[Refused]:
    """The service's agent needs the right to use a key that is named, and the key a version that works.

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
def near(resource: Json, call: Call) -> Iterator[str]:
    """A key must be where the resource is. Source: the services' pages on customer-managed keys, location."""
    for field, key in newly_used(resource, call):
        wanted = _place(resource, field, call)
        found = key.split("/")[3]
        if wanted and found not in (wanted, "global"):
            yield f"The key {key} is in {found}, but must be in {wanted}."


def _place(resource: Json, field: str, call: Call) -> str:
    """Where a resource's key must be; empty where any place will do."""
    if call.service == "pubsub":
        return ""
    if call.service == "secretmanager":
        replicas = ((resource.get("replication") or {}).get("userManaged") or {}).get("replicas", ())
        return str(replicas[0].get("location", "")) if len(replicas) == 1 else ""
    named = re.search(r"/(?:locations|regions|zones)/([^/]+)", call.name)
    place = str(resource.get("region") or (resource.get("location") if call.service == "storage" else ""))
    place = place or (named[1] if named else "")
    region = re.sub(r"-[a-z]$", "", place.lower())
    return {"eu": "europe"}.get(region, region)
