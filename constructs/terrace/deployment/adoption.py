"""Adoption: import resources that exist but are in no state.

Terraform writes a local state after each resource, but a remote one every 20 seconds: a kill loses what it was creating
and all that it created since the last write. Names are computed, so each lost resource can be looked up: import blocks
are added to the stack for one plan, and the plan shows the adoption before anything is applied. Imports that do not
exist or belong to another deployment are dropped. Source: Terraform, internal/backend/local, StateHook.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from terrace.capabilities.adoption import Candidate, Finder
from terrace.capabilities.cloud import implementation
from terrace.deployment import runs
from terrace.deployment.deployment import Deployment
from terrace.deployment.errors import TerraformFailed
from terrace.deployment.events import Diagnostic
from terrace.deployment.runs import Run
from terrace.deployment.terraform import Terraform

IMPORTS_FILE = "terrace-adopted.tf.json"
_ROUNDS = 5
_TAGS = ("tags_all", "effective_labels", "tags", "labels", "resource_labels", "user_labels")
"""The attributes in which providers keep tags; the first two include the provider's default tags."""


def finder(cloud: str) -> Finder | None:
    """The cloud's search for existing resources; None if it has none."""
    try:
        find: Finder = implementation("terrace.live", cloud, "adopt").find
    except ModuleNotFoundError:
        return None
    return find


def adopt(
    deployment: Deployment,
    terraform: Terraform,
    path: Path,
    plan: dict[str, Any],
    killed: Run | None,
    *,
    everything: bool = False,
    addresses: set[str] | None = None,
    untaggable: bool = False,
) -> tuple[dict[str, str], dict[str, Any]]:
    """Plan again with import blocks for existing resources, until a round finds none; return the imports and the plan.

    Looks for `addresses`; by default for what the killed run began to create; with `everything` for all that `plan`
    would create. `untaggable` also adopts resources of types that have no tags. Rounds are needed because an id can
    contain another's: a VPC must be adopted before the ids of its subnets are known.
    """
    find = finder(deployment.cloud) if deployment.layer != "workloads" else None  # Helm itself takes over releases
    if find is None:
        return {}, plan
    begun = runs.begun(killed) if killed else set()
    if addresses is None and not everything:
        addresses = runs.to_search(killed) if killed else set()
    imports: dict[str, str] = {}
    dropped: dict[str, str] = {}
    try:
        for _ in range(_ROUNDS):
            open_candidates = [c for c in candidates(plan, addresses) if c.address not in imports | dropped]
            if not open_candidates:
                break
            new = find(open_candidates, environment=deployment.environment, variables=deployment.variables)
            if not new:
                break
            plan = _plan_with(deployment, terraform, path, imports | new, imports, dropped)
            refused = foreign(plan, deployment.environment, begun=begun, allow_untaggable=everything or untaggable)
            if refused:
                dropped |= refused
                remaining = {address: identity for address, identity in imports.items() if address not in refused}
                plan = _plan_with(deployment, terraform, path, remaining, imports, dropped)
    finally:
        write_imports(terraform.directory, {})
    for address, identity in sorted(imports.items()):
        deployment.on_message(f"adopting {address}: it exists as {identity} but is not in the state")
    for address, reason in sorted(dropped.items()):
        if reason:
            deployment.on_message(f"not adopting {address}: {reason}")
    return imports, plan


def _plan_with(
    deployment: Deployment,
    terraform: Terraform,
    path: Path,
    attempted: dict[str, str],
    imports: dict[str, str],
    dropped: dict[str, str],
) -> dict[str, Any]:
    """Plan with the `attempted` imports without those that do not exist. Updates `imports` and `dropped`.

    A failed plan names at least one that does not exist, so the loop ends.
    """
    while True:
        write_imports(terraform.directory, attempted)
        try:
            terraform.plan(path, on_event=deployment.on_event)
            break
        except TerraformFailed as failed:
            missing = failed_imports(attempted, failed.diagnostics)
            if not missing:
                raise
            dropped |= dict.fromkeys(missing, "")
            attempted = {address: identity for address, identity in attempted.items() if address not in missing}
    imports.clear()
    imports |= attempted
    return terraform.show(path)


def candidates(plan: Mapping[str, Any], addresses: set[str] | None = None) -> list[Candidate]:
    """What `plan` (JSON plan format) would create, limited to `addresses` if given."""
    configuration = plan.get("configuration", {})
    provider_settings = {
        key: {
            name: str(value.get("constant_value", ""))
            for name, value in provider.get("expressions", {}).items()
            if isinstance(value, dict)
        }
        for key, provider in configuration.get("provider_config", {}).items()
    }
    provider_of = {
        resource["address"]: resource.get("provider_config_key", "")
        for resource in configuration.get("root_module", {}).get("resources", [])
    }
    result = []
    for record in plan.get("resource_changes", []):
        address = record["address"]
        if record.get("mode") != "managed" or record["change"]["actions"] != ["create"]:
            continue
        if addresses is None or address in addresses:
            settings = provider_settings.get(provider_of.get(address.partition("[")[0], ""), {})
            account = settings.get("subscription_id") or settings.get("project") or ""
            values = record["change"].get("after") or {}
            result.append(Candidate(address, record["type"], values, settings.get("region", ""), account))
    return result


def write_imports(stack: Path, imports: Mapping[str, str]) -> None:
    """Write import blocks beside the synthesized stack, or remove the file if `imports` is empty."""
    path = stack / IMPORTS_FILE
    if imports:
        blocks = [{"to": address, "id": identity} for address, identity in sorted(imports.items())]
        path.write_text(json.dumps({"import": blocks}, indent=2) + "\n")
    else:
        path.unlink(missing_ok=True)


def failed_imports(imports: Mapping[str, str], diagnostics: Sequence[Diagnostic]) -> set[str]:
    """The imports that failed a plan: the resource does not exist or cannot be read, so Terraform will create it."""
    failed = set()
    for diagnostic in diagnostics:
        if diagnostic.severity != "error":
            continue
        text = f"{diagnostic.summary}\n{diagnostic.detail}"
        failed |= {
            address
            for address, identity in imports.items()
            # an error without an address names the id, such as that of a service that is not enabled yet
            if diagnostic.address == address or f'"{address}"' in text or f'"{identity}"' in text
        }
    return failed


def foreign(plan: Mapping[str, Any], environment: str, *, begun: set[str], allow_untaggable: bool) -> dict[str, str]:
    """Imported resources that cannot be shown to belong to this deployment: address to reason.

    The deployment's tags are the proof. For a resource without any tags it is that the killed run had begun to create
    it (some services tag in a second call). `allow_untaggable` accepts resources of types that have no tags.
    """
    refused = {}
    for record in plan.get("resource_changes", []):
        address, change = record["address"], record["change"]
        if not change.get("importing"):
            continue
        before = change.get("before") or {}
        tag_sets = [before.get(name) or {} for name in _TAGS if name in before]
        tags: Mapping[str, str] = max(tag_sets, key=lambda tags: ("managed-by" in tags, bool(tags)), default={})
        if tags.get("managed-by") == "terrace" and tags.get("environment") == environment:
            continue
        if not tags and (address in begun or (allow_untaggable and not tag_sets)):
            continue
        actual = ", ".join(f"{name}={tags[name]}" for name in ("managed-by", "environment") if name in tags)
        refused[address] = f"its tags do not match this deployment ({actual or 'no tags'})"
    return refused
