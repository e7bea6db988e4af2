"""Cloud Storage's buckets. Objects are in `objects.py`."""

from terrace.emulator.gcp.call import Call, Refused
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import now
from terrace.emulator.gcp.quirks import completes, required, responds
from terrace.emulator.gcp.verbs import commit

MULTI = ("ASIA", "EU", "US")


@completes("storage", "b")
def _bucket(call: Call, bucket: Json, key: str) -> None:
    location = bucket["location"] = bucket.get("location", "US").upper()
    kind = "dual-region" if "customPlacementConfig" in bucket else "multi-region" if location in MULTI else "region"
    bucket |= {
        "id": bucket["name"],
        "locationType": kind,
        "selfLink": f"https://www.googleapis.com/storage/v1/b/{bucket['name']}",
        "metageneration": str(int(bucket.get("metageneration", 0)) + 1),
        "projectNumber": call.cloud.number,
    }
    bucket.setdefault("storageClass", "STANDARD")
    if kind != "region":
        bucket.setdefault("rpo", "DEFAULT")
    bucket.setdefault("softDeletePolicy", {"retentionDurationSeconds": "604800", "effectiveTime": now()})
    access = bucket.setdefault("iamConfiguration", {})
    access.setdefault("publicAccessPrevention", "inherited")
    access.setdefault("uniformBucketLevelAccess", {"enabled": False})
    if bucket.get("retentionPolicy"):
        bucket["retentionPolicy"].setdefault("effectiveTime", now())


@responds("storage", "buckets.list")
def _buckets(call: Call) -> None:
    call.name = "b"


@responds("storage", "buckets.get")
def _get(call: Call) -> Json:
    """A bucket of another project, which only a saved state can have, is refused like one that may not be read."""
    bucket = required(call, call.key)
    if bucket.get("projectNumber") != call.cloud.number:
        message = "The caller does not have storage.buckets.get access to the Google Cloud Storage bucket."
        raise Refused(403, "PERMISSION_DENIED", message)
    return bucket


@responds("storage", "buckets.lockRetentionPolicy")
def _lock(call: Call) -> Json:
    key = call.key.rpartition("/")[0]
    bucket = required(call, key)
    bucket["retentionPolicy"]["isLocked"] = True
    return commit(call, bucket, key)


@responds("storage", "serviceAccount.get")
def _agent(call: Call) -> Json:
    """Cloud Storage's own identity in the project."""
    email = f"service-{call.cloud.number}@gs-project-accounts.iam.gserviceaccount.com"
    return {"kind": "storage#serviceAccount", "email_address": email}
