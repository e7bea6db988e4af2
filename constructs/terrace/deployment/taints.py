"""Taints that an interrupted run left: Terraform would replace a resource whose creation it did not see finish.

A resource that exists and reads as planned is whole, and keeps its data. So does a stateful one that does not read as
planned: the next plan completes it in place, or shows which attribute forces a replacement.
"""

from collections.abc import Mapping
from typing import Any

from terrace.deployment.changes import stateful
from terrace.deployment.deployment import Deployment
from terrace.deployment.errors import TerraformFailed
from terrace.deployment.terraform import Terraform
from terrace.deployment.values import changed_paths, is_marked, value_at


def lift(deployment: Deployment, terraform: Terraform, plan: Mapping[str, Any]) -> list[str]:
    """Untaint resources that `plan` (JSON plan format, with a refresh) would replace for no other reason.

    Return their addresses. Without the permission to write the state, the taints stay, and a message says so.
    """
    lifted = []
    provisioned = _provisioned(plan)
    for record in plan.get("resource_changes", []):
        address, change = record["address"], record["change"]
        if record.get("action_reason") != "replace_because_tainted" or address.partition("[")[0] in provisioned:
            continue
        if not is_whole(change) and record["type"] not in stateful():
            continue
        try:
            terraform.untaint(address)
        except TerraformFailed as failed:
            deployment.on_message(f"{address} is whole but marked as unfinished, and stays so: {failed.message}")
            continue
        lifted.append(address)
        state = "reads as planned" if is_whole(change) else "holds data"
        deployment.on_message(f"keeping {address}: its creation was interrupted, but it exists and {state}")
    return lifted


def is_whole(change: Mapping[str, Any]) -> bool:
    """Whether a resource that exists has all the values that its replacement would be created with."""
    before, after = change.get("before"), change.get("after")
    if not before:
        return False
    for path in changed_paths({"before": before, "after": after}):
        if is_marked(change.get("after_unknown"), path):
            continue
        values = value_at(before, path), value_at(after, path)
        if not all(value in (None, "", [], {}) for value in values):
            return False
    return True


def _provisioned(plan: Mapping[str, Any]) -> set[str]:
    """Resources with provisioners, whose effects cannot be read."""
    resources = plan.get("configuration", {}).get("root_module", {}).get("resources", [])
    return {resource["address"] for resource in resources if resource.get("provisioners")}
