"""What a lock that stays keeps a plan from removing.

Source: Azure Resource Manager, "Lock your resources to protect your infrastructure": a lock applies to all that is
below its scope, also to role assignments.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from terrace.capabilities.blockers import Blocker
from terrace.capabilities.cloud import Facts


def blockers(plan: Mapping[str, Any], known: Facts) -> Iterator[Blocker]:
    """The removals, also by a replacement, of what is below a deployed lock, in a plan in Terraform's JSON format."""
    changes = [
        one for one in plan.get("resource_changes", []) if one.get("mode") == "managed" and one["change"].get("before")
    ]
    locks = [
        one["change"]["before"]
        for one in changes
        if one["type"] in known.removed_first and "delete" not in one["change"]["actions"]
    ]
    for one in changes:
        if one["type"] in known.removed_first or "delete" not in one["change"]["actions"]:
            continue
        id = str(one["change"]["before"].get("id", "")).lower()
        for lock in locks:
            if id.startswith(f"{lock['scope']}/".lower()):
                message = f"cannot be removed while {lock['scope'].rpartition('/')[2]} has the lock {lock['name']}"
                remedy = f"delete the lock: `az lock delete --ids {lock['id']}`; the apply makes it again"
                yield Blocker(one["address"], message, remedy)
