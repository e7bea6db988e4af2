"""Terraform's description of a lock. Source: Terraform, internal/states/statemgr, LockInfo."""

import json
from datetime import datetime

from terrace.state import Lock


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
