"""Terraform's description of a lock. Source: Terraform, internal/states/statemgr, LockInfo."""

import getpass
import json
import socket
import uuid
from datetime import UTC, datetime

from terrace.state import Lock


def own(state: str) -> bytes:
    """The description of a lock of this process, as Terraform reads it."""
    info = {
        "ID": str(uuid.uuid4()),
        "Operation": "migrate",
        "Info": "",
        "Who": f"{getpass.getuser()}@{socket.gethostname()}",
        "Version": "",
        "Created": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "Path": state,
    }
    return json.dumps(info).encode()


def parsed(content: bytes) -> Lock:
    """The lock in Terraform's JSON. A damaged description is a lock without an id: the state is locked all the same."""
    try:
        info = json.loads(content)
        created = info.get("Created", "")
        return Lock(
            id=str(info.get("ID", "")),
            who=str(info.get("Who", "")),
            operation=str(info.get("Operation", "")),
            created=datetime.fromisoformat(created) if created else None,
        )
    except (ValueError, AttributeError):
        return Lock("", "", "", None)
