"""The verbs of the command on one deployment: plan, apply, drift. Each is safe to repeat. (`teardown.py` has
destroy.)
"""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from terrace.assurance import gate_verdict as gating
from terrace.deployment import adoption, drift, plans, recovery
from terrace.deployment import errors as faults
from terrace.deployment.changes import summarize
from terrace.deployment.deployment import Deployment
from terrace.deployment.plans import SavedPlan
from terrace.deployment.terraform import Workspace
from terrace.project.process import Interrupted

_COLLISIONS = 5


def plan(deployment: Deployment, *, recover: bool = False, unlock: str = "") -> SavedPlan:
    """Synthesize, plan and save. After a killed run the plan also adopts what that run created and did not record.

    `recover` looks for such resources even when no run is known to have died; `unlock` is the id of a lock to release.
    """
    died = recovery.died(deployment.marker)
    if died:
        deployment.say(f"{died} did not end in good order; looking for what it left behind")
    workspace = deployment.workspace(deployment.stack())
    return plan_for(deployment, workspace, recover=recover, unlock=unlock)


def plan_for(deployment: Deployment, workspace: Workspace, *, recover: bool = False, unlock: str = "") -> SavedPlan:
    """`plan`, for a stack that is synthesized already."""
    died = recovery.died(deployment.marker)
    path = deployment.plan_file
    plans.discard(deployment)
    recovery.write_imports(workspace.directory, {})
    released = unlocking(
        deployment, workspace, died, unlock, lambda: workspace.plan(path, listener=deployment.listener)
    )
    shown = workspace.show(path)
    adopted: dict[str, str] = {}
    if died or recover or released:
        # Without a log of what the dead run began, everything that the plan would create is looked for.
        everything = recover or not died or not recovery.begun(died.logs)
        adopted, shown = adoption.adopt(deployment, workspace, path, shown, died, everything=everything)
    return _saved(deployment, workspace, path, shown, adopted)


def _saved(
    deployment: Deployment, workspace: Workspace, path: Path, shown: Mapping[str, Any], adopted: Mapping[str, str]
) -> SavedPlan:
    """Note a fresh plan, and what the gate says of it if there is anything to apply."""
    summary = summarize(shown, workspace.construct_paths(), deployment.lines)
    gated = None
    if deployment.gate and not summary.empty:
        gated = deployment.gate(shown, workspace.stack_file.read_text(encoding="utf-8"))
        deployment.say(str(gated))
    return plans.save(deployment, workspace, path, summary, adopted, gated)


def apply(
    deployment: Deployment,
    *,
    confirm: Callable[[SavedPlan], bool],
    recover: bool = False,
    unlock: str = "",
    break_glass: str = "",
) -> SavedPlan | None:
    """Apply the saved plan, exactly. None when there was nothing to do or `confirm` said no.

    A deployment with a gate applies nothing that did not pass it, but for the reason `break_glass`, which is recorded.

    After a killed run, and with `recover` or `unlock`, a new plan takes the saved one's place, because the state has
    moved on. Raises gating.GateRefuses, faults.StalePlan, AlreadyExists, StateLocked, process.Interrupted, and what
    planning raises.
    """
    died = recovery.died(deployment.marker)
    saved = plan(deployment, recover=recover, unlock=unlock) if died or recover or unlock else plans.load(deployment)
    workspace = deployment.opened()
    if saved.summary.empty:
        forget(deployment)
        plans.discard(deployment)
        return None
    _admit(deployment, saved, break_glass)
    if not confirm(saved):
        return None
    _record(deployment, saved, break_glass)
    for _ in range(_COLLISIONS):
        try:
            run_plan(deployment, workspace, saved.path, "apply")
            break
        except faults.AlreadyExists as exists:
            again = _plan_after_collision(deployment, workspace, exists)
            if not set(again.adopted) & set(exists.addresses):
                raise
            _admit(deployment, again, break_glass)
            if not confirm(again):
                raise
            _record(deployment, again, break_glass)
            saved = again
    plans.discard(deployment)
    return saved


def _admit(deployment: Deployment, saved: SavedPlan, break_glass: str) -> None:
    """Refuse what the gate did not pass, unless the glass is broken."""
    if deployment.gate and not break_glass:
        gating.refuse(saved.gate, deployment.environment)


def _record(deployment: Deployment, saved: SavedPlan, break_glass: str) -> None:
    """Write down that the glass was broken, if it had to be: before anything is applied."""
    if not break_glass or not deployment.gate or (saved.gate and saved.gate.passes):
        return
    gating.break_glass(
        deployment.broken_glass,
        break_glass,
        environment=deployment.environment,
        cloud=deployment.cloud,
        plan_sha256=saved.sha256,
        changes=len(saved.summary.changes),
        refused_for=list(saved.gate.blocking) if saved.gate else ["the gate had not judged it"],
    )


def _plan_after_collision(deployment: Deployment, workspace: Workspace, exists: faults.AlreadyExists) -> SavedPlan:
    """A plan that adopts what was in the way, as far as it is provably this deployment's."""
    deployment.say(exists.message)
    path = deployment.plan_file
    workspace.plan(path, listener=deployment.listener)
    died = recovery.read_marker(deployment.marker)
    adopted, shown = adoption.adopt(
        deployment, workspace, path, workspace.show(path), died, addresses=set(exists.addresses)
    )
    return _saved(deployment, workspace, path, shown, adopted)


def run_plan(deployment: Deployment, workspace: Workspace, path: Path, command: str) -> None:
    """Apply a plan file with the marker set, so that the next run notices if this one is killed."""
    before = recovery.read_marker(deployment.marker)
    earlier = before.logs if before else ()
    started = datetime.now(UTC).isoformat(timespec="seconds")
    terrace = recovery.Process.of(os.getpid())
    label = f"{command} {deployment.environment}"

    def note(pid: int, log: Path) -> None:
        run = recovery.Run(label, started, terrace, recovery.Process.of(pid), (*earlier, str(log)))
        recovery.write_marker(deployment.marker, run)

    try:
        workspace.apply(path, listener=deployment.listener, on_start=note)
    except Interrupted as interrupted:
        if interrupted.orderly and not earlier:
            forget(deployment)
        raise
    except (faults.TerraformFailed, faults.StalePlan, faults.NoCredentials):
        # Terraform ended by itself and saved its state. What an earlier, killed run left is still to be found.
        if not earlier:
            forget(deployment)
        raise
    forget(deployment)


def forget(deployment: Deployment) -> None:
    """What the last run left is dealt with."""
    deployment.marker.unlink(missing_ok=True)


def unlocking(
    deployment: Deployment,
    workspace: Workspace,
    died: recovery.Run | None,
    unlock: str,
    attempt: Callable[[], None],
) -> bool:
    """Do `attempt`, releasing a lock in its way if the dead run provably left it or its id is `unlock`.

    Returns whether a lock was released. Raises faults.StateLocked for any other lock.
    """
    try:
        attempt()
        return False
    except faults.StateLocked as locked:
        if locked.lock.id != unlock and not (died and recovery.is_ours(locked.lock, died)):
            raise
        try:
            workspace.force_unlock(locked.lock.id)
        except faults.TerraformFailed:
            # A local state's lock goes with its process. This one cannot be released because its process lives.
            raise locked from None
        deployment.say(f"released the state's lock, left by {locked.lock}")
    attempt()
    return True


def find_drift(deployment: Deployment, *, unlock: str = "") -> drift.DriftReport:
    """Compare the cloud with the state and the stack. Changes nothing, and leaves no plan behind."""
    died = recovery.died(deployment.marker)
    workspace = deployment.workspace(deployment.stack())
    path = deployment.project.plans / f"{deployment.name}-drift-{os.getpid()}.tfplan"
    try:
        unlocking(deployment, workspace, died, unlock, lambda: workspace.plan(path, listener=deployment.listener))
        return drift.report(workspace.show(path), workspace.construct_paths(), deployment.lines)
    finally:
        path.unlink(missing_ok=True)
