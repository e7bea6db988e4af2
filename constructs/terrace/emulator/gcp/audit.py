"""The Admin Activity audit log: an entry for each change, and entries.list. Source: Cloud Audit Logs, AuditLog."""

import re
import uuid
from datetime import UTC, datetime

from terrace.emulator.gcp.call import Call, last
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import responds
from terrace.emulator.gcp.verbs import CREATES

PERSON = "operator@example.com"
"""The principal of a call without a service account."""
_READS = re.compile(r"get|list|query|search|test|read|view|entries|generate", re.IGNORECASE)


def record(call: Call) -> None:
    """Write the entry of a change."""
    verb = call.method.verb
    if call.http in ("GET", "HEAD") or call.kind.startswith("objects.") or _READS.match(verb) or not call.is_known:
        return
    token = call.token
    email = call.cloud.accounts.get(token, "")
    who: Json = {"principalEmail": email or PERSON}
    if token in call.cloud.principals:
        who = {"principalSubject": str(call.cloud.principals[token].get("subject", ""))}
    call.cloud.activity.append(
        {
            "logName": f"projects/{call.cloud.project}/logs/cloudaudit.googleapis.com%2Factivity",
            "insertId": str(uuid.uuid4()),
            "timestamp": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "protoPayload": {
                "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
                "serviceName": call.host,
                "methodName": call.method.id,
                "resourceName": _name(call, verb),
                "authenticationInfo": who,
            },
        }
    )


def _name(call: Call, verb: str) -> str:
    """The resource of a change: of a creation, the collection and the new name."""
    name = call.name
    if verb in CREATES:
        name = f"{name}/{last(call.sent.get('name') or call.identifier()[0])}"
    if verb not in CREATES and not call.action and call.http == "POST":
        name = name.rpartition("/")[0]  # projects/p/zones/z/instances/i/setLabels
    return re.sub(r"^b/", "projects/_/buckets/", name)


@responds("logging", "entries.list")
def _entries(call: Call) -> Json:
    """The entries whose resource name contains what the filter looks for, newest first."""
    wanted = re.search(r'protoPayload\.resourceName:"([^"]+)"', str(call.body.get("filter", "")))
    size = int(call.body.get("pageSize") or 50)
    found = [
        entry
        for entry in reversed(call.cloud.activity)
        if wanted is None or wanted[1] in entry["protoPayload"]["resourceName"]
    ]
    return {"entries": found[:size]}
