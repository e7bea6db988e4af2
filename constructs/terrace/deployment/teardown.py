"""Destroy: lift the protections that the stack itself set, then destroy everything in the state."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from terrace.capabilities.cloud import facts
from terrace.deployment import adoption, bootstrapped, lifecycle, marks, outputs, plans, runs
from terrace.deployment.deployment import Deployment
from terrace.deployment.errors import TerraformFailed
from terrace.deployment.terraform import Terraform
from terrace.words import counted

_NOT_EMPTY = ("BucketNotEmpty", "without `force_destroy`")
"""Part of the errors of Amazon S3 and of the google provider for a bucket that is not empty."""


def destroy(
    deployment: Deployment,
    *,
    unlock: str = "",
    empty: Callable[[], None] | None = None,
    on_planned: Callable[[Mapping[str, str]], None] = lambda changes: None,
) -> int:
    """Destroy everything in the state, and return how many resources it held.

    `empty` deletes the objects in the buckets. It is called first, and again if a bucket has filled since: logs keep
    arriving while the services that send them are destroyed. `on_planned` receives the changes of each step, verbs by
    address.
    """
    count = len(deployment.terraform().addresses())
    if empty is not None:
        empty()
    try:
        _destroy(deployment, unlock=unlock, on_planned=on_planned)
    except TerraformFailed as failed:
        if empty is None or not any(words in failed.message for words in _NOT_EMPTY):
            raise
        empty()
        _destroy(deployment, unlock=unlock, on_planned=on_planned)
    outputs.remove(deployment)
    return count


def _destroy(deployment: Deployment, *, unlock: str, on_planned: Callable[[Mapping[str, str]], None]) -> None:
    """Destroy everything in the state, in steps.

    The stack is synthesized without its protections (deletion protection, locks, prevent_destroy, force_destroy off),
    that difference alone is applied, and then everything is destroyed. What a killed apply created but did not record
    is adopted first; otherwise it would remain. The caller asks the user for confirmation.
    """
    runs.killed_run(deployment.marker)
    if deployment.unprotected_marker.exists():
        deployment.stack()  # an earlier destroy was interrupted: compare with the protected stack again
    protected = _resources(deployment)
    terraform = deployment.terraform(deployment.stack(unprotect=True))
    killed = marks.unfinished(deployment)
    path = deployment.project.plans / f"{deployment.name}-destroy.tfplan"

    def plan(**options: Any) -> None:
        def attempt() -> None:
            terraform.plan(path, on_event=deployment.on_event, **options)

        lifecycle.with_lock_released(deployment, terraform, killed, unlock, attempt)

    plans.discard(deployment)
    try:
        if killed:
            _adopt_unrecorded(deployment, terraform)
        present = set(terraform.addresses())
        if not present:
            lifecycle.remove_marker(deployment)
            return
        unprotected = _resources(deployment)
        lifted = sorted(
            address
            for address in present
            # a resource that the unprotected stack lacks is a protection itself, such as a lock
            if (base := address.partition("[")[0]) in protected and unprotected.get(base) != protected[base]
        )
        if lifted:
            deployment.on_message(f"lifting the protection of {counted(len(lifted), 'resource')}")
            plan(targets=lifted)
            on_planned(dict.fromkeys(lifted, "change"))
            lifecycle.run_plan(deployment, terraform, path, "destroy")
        terraform.remove_from_state([*_undeletable(deployment, terraform), *bootstrapped.forgotten(terraform)])
        plan(destroy=True)
        on_planned(dict.fromkeys(terraform.addresses(), "destroy"))
        lifecycle.run_plan(deployment, terraform, path, "destroy")
    finally:
        path.unlink(missing_ok=True)


def _adopt_unrecorded(deployment: Deployment, terraform: Terraform) -> None:
    """Import what the killed run created into the state, and change nothing else."""
    # without the gate: the resources are adopted only to be destroyed
    saved = lifecycle.plan_synthesized(replace(deployment, gate=None), terraform)
    if not saved.adopted:
        return
    adoption.write_imports(terraform.directory, saved.adopted)
    try:
        terraform.plan(saved.path, targets=sorted(saved.adopted), on_event=deployment.on_event)
    finally:
        adoption.write_imports(terraform.directory, {})
    lifecycle.run_plan(deployment, terraform, saved.path, "destroy")
    plans.discard(deployment)


def _undeletable(deployment: Deployment, terraform: Terraform) -> list[str]:
    """Addresses of resources that the cloud deletes only together with their parent; Terraform must forget them."""
    undeletable = facts(deployment.cloud).undeletable
    if not undeletable:
        return []
    resources = terraform.state().get("values", {}).get("root_module", {}).get("resources", [])
    return [r["address"] for r in resources if r["type"] in undeletable and r["values"].get(undeletable[r["type"]])]


def _resources(deployment: Deployment) -> dict[str, Any]:
    """Address to configuration in the stack as last synthesized; empty if there is none."""
    try:
        stack = json.loads((deployment.project.stack(deployment.stack_id) / "cdk.tf.json").read_text())
    except (OSError, ValueError):
        return {}
    return {
        f"{kind}.{name}": block for kind, blocks in stack.get("resource", {}).items() for name, block in blocks.items()
    }
