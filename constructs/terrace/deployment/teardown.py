"""Taking a deployment down: lift the protections that the stack itself set, then destroy what is in the state."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from terrace.capabilities.cloud import facts
from terrace.deployment import lifecycle, plans, recovery
from terrace.deployment.changes import Summary, summarize
from terrace.deployment.deployment import Deployment
from terrace.deployment.errors import TerraformFailed
from terrace.deployment.terraform import Workspace

_NOT_EMPTY = ("BucketNotEmpty", "without `force_destroy`")
"""What Amazon S3 says of a bucket with something in it, and the google provider."""


def destroy(
    deployment: Deployment,
    *,
    unlock: str = "",
    empty: Callable[[], None] | None = None,
    expect: Callable[[int], None] = lambda resources: None,
) -> int:
    """Destroy everything in the state, and return how many resources it held.

    `empty` removes what the buckets hold, where the person wants that: it is called before, and once more when a bucket
    has filled again, because logs go on to arrive while their senders are taken down.
    """
    held = len(deployment.opened().addresses())
    if empty is not None:
        empty()
    try:
        _destroy(deployment, unlock=unlock, expect=expect)
    except TerraformFailed as failed:
        if empty is None or not any(words in failed.message for words in _NOT_EMPTY):
            raise
        empty()
        _destroy(deployment, unlock=unlock, expect=expect)
    return held


def _destroy(deployment: Deployment, *, unlock: str, expect: Callable[[int], None]) -> Summary:
    """Destroy everything in the state, and return what was destroyed. Nothing in the state: an empty summary.

    The stack is synthesized without its protections (deletion protection, locks, prevent_destroy, force_destroy off),
    that difference alone is applied, and then everything goes. What a killed apply created and did not record is
    adopted first, or it would stay behind. Asking the person is the caller's business.
    `expect` hears how many resources each step touches.
    """
    died = recovery.died(deployment.marker)
    if deployment.unprotected.exists():
        deployment.stack()  # an earlier destroy went only half the way: what it may not have lifted is to be seen again
    protected = _resources(deployment)
    directory = deployment.stack(unprotect=True)
    workspace = deployment.workspace(directory)
    path = deployment.project.plans / f"{deployment.name}-destroy.tfplan"
    plans.discard(deployment)
    try:
        if died:
            _adopt_leftovers(deployment, workspace)
        present = set(workspace.addresses())
        if not present:
            lifecycle.forget(deployment)
            return Summary(())
        unprotected = _resources(deployment)
        lifted = sorted(
            address
            for address in present
            # what is not there without protection is one itself, as a lock that holds on all that is below it
            if (base := address.partition("[")[0]) in protected and unprotected.get(base) != protected[base]
        )
        if lifted:
            deployment.say(f"lifts the protection of {len(lifted)} resources")
            lifecycle.unlocking(
                deployment,
                workspace,
                died,
                unlock,
                lambda: workspace.plan(path, targets=lifted, listener=deployment.listener),
            )
            expect(len(lifted))
            lifecycle.run_plan(deployment, workspace, path, "destroy")
        workspace.forget(_lasting(deployment, workspace))
        lifecycle.unlocking(
            deployment,
            workspace,
            died,
            unlock,
            lambda: workspace.plan(path, destroy=True, listener=deployment.listener),
        )
        summary = summarize(workspace.show(path), workspace.construct_paths(), deployment.lines)
        expect(len(summary.changes))
        lifecycle.run_plan(deployment, workspace, path, "destroy")
        return summary
    finally:
        path.unlink(missing_ok=True)


def _adopt_leftovers(deployment: Deployment, workspace: Workspace) -> None:
    """Bring what the dead run created into the state, and nothing else: only the imports of the recovery plan."""
    saved = lifecycle.plan_for(replace(deployment, gate=None), workspace)  # it is adopted only to be destroyed
    if not saved.adopted:
        return
    recovery.write_imports(workspace.directory, saved.adopted)
    try:
        workspace.plan(saved.path, targets=sorted(saved.adopted), listener=deployment.listener)
    finally:
        recovery.write_imports(workspace.directory, {})
    lifecycle.run_plan(deployment, workspace, saved.path, "destroy")
    plans.discard(deployment)


def _lasting(deployment: Deployment, workspace: Workspace) -> list[str]:
    """Addresses of what the cloud never deletes on its own: it ends with what it is on, and Terraform forgets it."""
    lasting = facts(deployment.cloud).undeletable
    if not lasting:
        return []
    resources = workspace.state().get("values", {}).get("root_module", {}).get("resources", [])
    return [r["address"] for r in resources if r["type"] in lasting and r["values"].get(lasting[r["type"]])]


def _resources(deployment: Deployment) -> dict[str, Any]:
    """Address to configuration, of the stack as it was synthesized last; empty when it never was."""
    try:
        stack = json.loads((deployment.project.stack(deployment.environment) / "cdk.tf.json").read_text())
    except (OSError, ValueError):
        return {}
    return {
        f"{kind}.{name}": block for kind, blocks in stack.get("resource", {}).items() for name, block in blocks.items()
    }
