"""Resource Manager: the project exists without being created."""

import re

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import now
from terrace.emulator.gcp.quirks import built_in, required, responds


@built_in("cloudresourcemanager", r"projects/([^/]+)")
def _project(call: Call, named: re.Match[str]) -> Json:
    return {
        "projectId": named[1],
        "projectNumber": call.cloud.number,
        "displayName": named[1],
        "lifecycleState": "ACTIVE",
        "state": "ACTIVE",
        "createTime": now(),
    }


@responds("cloudresourcemanager", "projects.get")
def _get(call: Call) -> Json:
    """`name` is the display name in version 1 and the resource name since version 2."""
    project = required(call, call.key)
    name = project["displayName"] if call.prefix == "v1/" else f"projects/{call.cloud.number}"
    return project | {"name": name}
