"""Refusals of Cloud Storage buckets and of Storage Transfer jobs."""

import re
from collections.abc import Iterator

from terrace.emulator.gcp.call import Call, Refused
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses, refuses_delete

DAY = 86400


@refuses("storage", "b")
def name(bucket: Json, call: Call) -> Iterator[str]:
    """Source: Cloud Storage documentation, "Bucket naming requirements"."""
    text = str(bucket.get("name", ""))
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]", text) or text.startswith("goog") or "google" in text:
        yield f"Invalid bucket name: '{text}'"


@refuses("storage", "b")
def location_changed(bucket: Json, call: Call) -> Iterator[str]:
    """Source: Cloud Storage documentation, "Bucket locations": a bucket's location cannot change."""
    current = call.store.get(f"storage/b/{bucket.get('name')}")
    if current and str(bucket.get("location", "")).upper() != current["location"]:
        yield "The location of a bucket cannot be changed."


@refuses("storage", "b")
def dual_region(bucket: Json, call: Call) -> Iterator[str]:
    """Source: Cloud Storage documentation, "Bucket locations": a dual-region has two regions."""
    placement = bucket.get("customPlacementConfig")
    if placement and len(set(placement.get("dataLocations", ()))) != 2:
        yield "A custom placement must have exactly two different regions."


@refuses("storage", "b")
def turbo(bucket: Json, call: Call) -> Iterator[str]:
    """Source: Cloud Storage documentation, "Turbo replication": only in dual-regions."""
    if bucket.get("rpo") == "ASYNC_TURBO" and not bucket.get("customPlacementConfig"):
        yield "The rpo ASYNC_TURBO is only for buckets in a dual-region."


@refuses("storage", "b")
def soft_deletion(bucket: Json, call: Call) -> Iterator[str]:
    """Source: Cloud Storage documentation, "Soft delete": disabled, or 7 to 90 days."""
    seconds = int((bucket.get("softDeletePolicy") or {}).get("retentionDurationSeconds", 7 * DAY))
    if seconds and not 7 * DAY <= seconds <= 90 * DAY:
        yield "Soft delete policy retention duration must be 0 or 7 to 90 days."


@refuses("storage", "b")
def retention(bucket: Json, call: Call) -> Iterator[str | Refused]:
    """Source: Cloud Storage documentation, "Bucket Lock": up to 100 years; a locked one can only grow."""
    seconds = int((bucket.get("retentionPolicy") or {}).get("retentionPeriod", 1))
    if not 0 < seconds <= 3_155_760_000:
        yield "The retention period must be greater than 0 and at most 100 years."
    before = (call.store.get(f"storage/b/{bucket.get('name')}") or {}).get("retentionPolicy") or {}
    shorter = not bucket.get("retentionPolicy") or seconds < int(before.get("retentionPeriod", 0))
    if before.get("isLocked") and shorter:
        yield Refused(403, "PERMISSION_DENIED", "Cannot reduce or remove a locked retention policy.")


@refuses("storage", "b")
def lifecycle(bucket: Json, call: Call) -> Iterator[str]:
    """Source: Cloud Storage documentation, "Object Lifecycle Management": conditions, classes."""
    for rule in (bucket.get("lifecycle") or {}).get("rule", ()):
        action = rule.get("action") or {}
        if not rule.get("condition"):
            yield "A lifecycle rule must have at least one condition."
        if (action.get("type") == "SetStorageClass") != bool(action.get("storageClass")):
            yield "storageClass must be given for the action SetStorageClass, and only for it."
        if action.get("type") not in ("Delete", "SetStorageClass", "AbortIncompleteMultipartUpload"):
            yield f"Invalid lifecycle action '{action.get('type')}'."


@refuses("storage", "b")
def storage_class(bucket: Json, call: Call) -> Iterator[str]:
    """Source: Cloud Storage documentation, "Storage classes"."""
    known = (
        "STANDARD",
        "NEARLINE",
        "COLDLINE",
        "ARCHIVE",
        "MULTI_REGIONAL",
        "REGIONAL",
        "DURABLE_REDUCED_AVAILABILITY",
    )
    rules = (bucket.get("lifecycle") or {}).get("rule", ())
    classes = [bucket.get("storageClass"), *((rule.get("action") or {}).get("storageClass") for rule in rules)]
    for each in classes:
        if each and each not in known:
            yield f"Invalid storage class '{each}'."


@refuses("storage", "iamPolicies")
def public_members(policy: Json, call: Call) -> Iterator[Refused]:
    """Source: Cloud Storage documentation, "Public access prevention"."""
    bucket = call.store.get("/".join(call.key.split("/")[:3])) or {}
    members = {member for binding in policy.get("bindings", ()) for member in binding.get("members", ())}
    enforced = (bucket.get("iamConfiguration") or {}).get("publicAccessPrevention") == "enforced"
    if enforced and members & {"allUsers", "allAuthenticatedUsers"}:
        text = "allUsers and allAuthenticatedUsers are not allowed since public access prevention is enforced."
        yield Refused(412, "FAILED_PRECONDITION", text)


@refuses_delete("storage", "b")
def bucket_is_empty(bucket: Json, call: Call) -> Iterator[Refused]:
    """Source: Cloud Storage JSON API, "HTTP status and error codes", 409 conflict."""
    if call.store.below(f"{call.key}/o"):
        yield Refused(409, "ABORTED", "The bucket you tried to delete is not empty.", "conflict")


@refuses("storagetransfer", "transferJobs")
def copies(job: Json, call: Call) -> Iterator[str | Refused]:
    """Source: Storage Transfer API, transferJobs: existing buckets, at least an hour between runs."""
    spec = job.get("transferSpec") or {}
    for side in ("gcsDataSource", "gcsDataSink"):
        bucket = (spec.get(side) or {}).get("bucketName")
        if bucket and f"storage/b/{bucket}" not in call.store:
            yield Refused(404, "NOT_FOUND", f"Bucket '{bucket}' does not exist.")
    interval = str((job.get("schedule") or {}).get("repeatInterval") or "86400s")
    if float(interval.removesuffix("s")) < 3600:
        yield "repeatInterval must be at least one hour."
