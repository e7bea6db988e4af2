"""Resource Manager: the project exists without being created."""

import re

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import now
from terrace.emulator.gcp.quirks import exists


@exists("cloudresourcemanager", r"projects/([^/]+)")
def _project(call: Call, named: re.Match[str]) -> Json:
    return {
        "projectId": named[1],
        "projectNumber": call.cloud.number,
        "name": named[1] if call.prefix.startswith("v1") else f"projects/{call.cloud.number}",
        "displayName": named[1],
        "lifecycleState": "ACTIVE",
        "state": "ACTIVE",
        "createTime": now(),
    }
