"""Adopt what exists and is in no state: find it, plan with import blocks, drop what is not there or not ours."""

from pathlib import Path
from typing import Any

from terrace.capabilities.cloud import implementation
from terrace.deployment import errors as faults
from terrace.deployment import recovery
from terrace.deployment.deployment import Deployment
from terrace.deployment.terraform import Workspace

_ROUNDS = 5


def finder(cloud: str) -> recovery.Finder | None:
    """How `cloud` finds what exists; None for a cloud that brings no such thing."""
    try:
        find: recovery.Finder = implementation("terrace.live", cloud, "adopt").find
    except ModuleNotFoundError:
        return None
    return find


def adopt(
    deployment: Deployment,
    workspace: Workspace,
    path: Path,
    shown: dict[str, Any],
    died: recovery.Run | None,
    *,
    everything: bool = False,
    addresses: set[str] | None = None,
) -> tuple[dict[str, str], dict[str, Any]]:
    """Plan again with import blocks for what exists already, until a round finds nothing more.

    Rounds, because an id can hold another's: once a VPC is adopted, its subnets' ids can be known. Returns the imports
    and the last plan.
    """
    find = finder(deployment.cloud)
    if find is None:
        return {}, shown
    begun = recovery.begun(died.logs) if died else set()
    wanted = addresses if addresses is not None else None if everything else begun
    imports: dict[str, str] = {}
    refused: dict[str, str] = {}
    try:
        for _ in range(_ROUNDS):
            asked = [c for c in recovery.candidates(shown, wanted) if c.address not in refused]
            found = find(asked, environment=deployment.environment, variables=deployment.variables) if asked else {}
            found = {address: identity for address, identity in found.items() if address not in imports}
            if not found:
                break
            shown = _planned_with(deployment, workspace, path, imports | found, imports, refused)
            not_ours = recovery.foreign(shown, deployment.environment, begun=begun, untaggable=everything)
            if not_ours:
                refused |= not_ours
                for address in not_ours:
                    imports.pop(address, None)
                shown = _planned_with(deployment, workspace, path, dict(imports), imports, refused)
    finally:
        recovery.write_imports(workspace.directory, {})
    for address, identity in sorted(imports.items()):
        deployment.say(f"adopts {address}: it exists as {identity} but is not in the state")
    for address, reason in sorted(refused.items()):
        if reason:
            deployment.say(f"does not adopt {address}: {reason}")
    return imports, shown


def _planned_with(
    deployment: Deployment,
    workspace: Workspace,
    path: Path,
    tried: dict[str, str],
    imports: dict[str, str],
    refused: dict[str, str],
) -> dict[str, Any]:
    """Plan with the imports `tried`, leaving out those that turn out not to exist. Updates `imports` and `refused`."""
    for _ in range(_ROUNDS):
        recovery.write_imports(workspace.directory, tried)
        try:
            workspace.plan(path, listener=deployment.listener)
            break
        except faults.TerraformFailed as failed:
            gone = recovery.absent(tried, failed.diagnostics)
            if not gone:
                raise
            refused |= dict.fromkeys(gone, "")
            tried = {address: identity for address, identity in tried.items() if address not in gone}
    imports.clear()
    imports |= tried
    return workspace.show(path)
