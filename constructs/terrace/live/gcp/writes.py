"""Writes in the Admin Activity audit log. Sources: Cloud Logging API, entries.list; Cloud Audit Logs, AuditLog."""

from collections.abc import Iterator
from datetime import UTC, datetime

from terrace.capabilities.target import Target
from terrace.gcp import names
from terrace.live.gcp.session import Reader
from terrace.live.writes import SINCE, Identity, Lookup, Write


def lookup(target: Target) -> Lookup:
    """The writes of a resource, from the log of the target's project."""
    project = names.account(target)
    reader = Reader(project)
    since = (datetime.now(UTC) - SINCE).strftime("%Y-%m-%dT%H:%M:%SZ")

    def writes(resource: Identity) -> Iterator[Write]:
        found: dict[str, Write] = {}
        for name in dict.fromkeys(_path(one) for one in resource.names):
            condition = (
                f'logName="projects/{project}/logs/cloudaudit.googleapis.com%2Factivity" '
                f'AND timestamp>="{since}" AND protoPayload.resourceName:"{name}"'
            )
            body = {
                "resourceNames": [f"projects/{project}"],
                "filter": condition,
                "orderBy": "timestamp desc",
                "pageSize": 50,
            }
            for entry in reader.call("logging", "entries.list", body=body).get("entries", []):
                payload = entry["protoPayload"]
                if f"/{payload.get('resourceName', '')}".endswith(f"/{name}"):
                    who = payload.get("authenticationInfo", {})
                    actor = who.get("principalEmail") or who.get("principalSubject") or "unknown"
                    at = f"{entry['timestamp'][:19]}+00:00"
                    found[entry["insertId"]] = Write(at, str(actor), str(payload["methodName"]))
        yield from found.values()

    return writes


def _path(name: str) -> str:
    """A resource's name in the log: a link without its host and version."""
    _, found, path = name.partition("/projects/")
    return f"projects/{path}" if found else name
