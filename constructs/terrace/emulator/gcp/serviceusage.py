"""Service Usage: every service of a project exists and is disabled until it is enabled."""

import re

from terrace.emulator.gcp import operations
from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import built_in, required, responds


@built_in("serviceusage", r"projects/([^/]+)/services/([^/]+)")
def _service(call: Call, named: re.Match[str]) -> Json:
    parent = f"projects/{call.cloud.number}"
    name = named[2]
    return {"name": f"{parent}/services/{name}", "parent": parent, "config": {"name": name}, "state": "DISABLED"}


@responds("serviceusage", "services.batchEnable", "services.enable", "services.disable")
def _switch(call: Call) -> Json:
    batch = call.method.verb == "batchEnable"
    changed = []
    for key in [f"{call.key}/{service}" for service in call.body["serviceIds"]] if batch else [call.key]:
        service = required(call, key) | {"state": "DISABLED" if call.method.verb == "disable" else "ENABLED"}
        call.store.put(key, service)
        changed.append(service)
    return operations.respond(call, {"services": changed} if batch else {"service": changed[0]})
