"""Cloud Logging: built-in buckets and sinks, a sink's writer identity, and the delayed delete of buckets."""

import re

from terrace.emulator.gcp import operations
from terrace.emulator.gcp.call import Call, invalid
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import built_in, check_delete, completes, required, responds


@built_in("logging", r"(projects/[^/]+/locations/[^/]+/buckets/(_Default|_Required))")
def _built_in_bucket(call: Call, named: re.Match[str]) -> Json:
    days = 400 if named[2] == "_Required" else 30
    return {
        "name": named[1],
        "retentionDays": days,
        "lifecycleState": "ACTIVE",
        "locked": named[2] == "_Required",
    }


@built_in("logging", r"projects/([^/]+)/sinks/(_Default|_Required)")
def _built_in_sink(call: Call, named: re.Match[str]) -> Json:
    bucket = f"logging.googleapis.com/projects/{named[1]}/locations/global/buckets/{named[2]}"
    return {"name": named[2], "destination": bucket, "filter": _FILTERS[named[2]]}


_RECORD = 'LOG_ID("cloudaudit.googleapis.com/activity") OR LOG_ID("cloudaudit.googleapis.com/system_event")'
_FILTERS = {"_Required": _RECORD, "_Default": f"NOT ({_RECORD})"}


@completes("logging", "sinks")
def _sink(call: Call, sink: Json, key: str) -> None:
    sink["writerIdentity"] = f"serviceAccount:service-{call.cloud.number}@gcp-sa-logging.iam.gserviceaccount.com"


@responds("logging", "buckets.undelete")
def _undelete(call: Call) -> Json:
    """Source: Cloud Logging API, projects.locations.buckets.undelete."""
    bucket = required(call, call.key)
    if bucket.get("lifecycleState") != "DELETE_REQUESTED":
        raise invalid(f"Bucket {call.name} is not in the DELETE_REQUESTED state.")
    call.store.put(call.key, bucket | {"lifecycleState": "ACTIVE"})
    return {}


@responds("logging", "buckets.delete")
def _delete(call: Call) -> Json | None:
    """A deleted bucket is retained for seven days. Source: Cloud Logging, "Configure log buckets", deletion."""
    bucket = required(call, call.key)
    check_delete(call, bucket, "buckets")
    call.store.put(call.key, bucket | {"lifecycleState": "DELETE_REQUESTED"})
    return operations.respond(call, None)
