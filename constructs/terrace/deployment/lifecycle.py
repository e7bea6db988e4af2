"""Plan, apply and find drift on one deployment. Each is safe to repeat. (`teardown.py` has destroy.)"""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from terrace.assurance import gate_verdict
from terrace.deployment import adoption, drift, outputs, plans, runs
from terrace.deployment.changes import summarize
from terrace.deployment.deployment import Deployment
from terrace.deployment.errors import AlreadyExists, NoCredentials, StalePlan, StateLocked, TerraformFailed
from terrace.deployment.plans import SavedPlan
from terrace.deployment.terraform import Terraform
from terrace.project.process import Interrupted

_COLLISIONS = 5


def plan(deployment: Deployment, *, recover: bool = False, unlock: str = "") -> SavedPlan:
    """Synthesize, plan and save. After a killed run the plan also adopts what that run created but did not record.

    `recover` searches for such resources even without a killed run; `unlock` is the id of a lock to release.
    """
    killed = runs.killed_run(deployment.marker)
    if killed:
        deployment.on_message(f"{killed} was killed; searching for resources that it created but did not record")
    terraform = deployment.terraform(deployment.stack())
    return plan_synthesized(deployment, terraform, recover=recover, unlock=unlock)


def plan_synthesized(
    deployment: Deployment, terraform: Terraform, *, recover: bool = False, unlock: str = ""
) -> SavedPlan:
    """`plan` for a stack that is already synthesized."""
    killed = runs.killed_run(deployment.marker)
    path = deployment.plan_file
    outputs.report_stand_ins(deployment, terraform)
    plans.discard(deployment)
    adoption.write_imports(terraform.directory, {})
    released = with_lock_released(
        deployment, terraform, killed, unlock, lambda: terraform.plan(path, on_event=deployment.on_event)
    )
    content = terraform.show(path)
    adopted: dict[str, str] = {}
    if killed or recover or released:
        # Without a log of what the killed run began, search for everything that the plan would create.
        everything = recover or not killed or not runs.begun_creations(killed.logs)
        adopted, content = adoption.adopt(deployment, terraform, path, content, killed, everything=everything)
    return _save(deployment, terraform, path, content, adopted)


def _save(
    deployment: Deployment, terraform: Terraform, path: Path, content: Mapping[str, Any], adopted: Mapping[str, str]
) -> SavedPlan:
    """Save a new plan, with the gate's verdict if it changes anything."""
    summary = summarize(content, terraform.construct_paths(), deployment.environment_line)
    verdict = None
    if deployment.gate and not summary.empty:
        verdict = deployment.gate(content, terraform.stack_file.read_text(encoding="utf-8"))
        deployment.on_message(str(verdict))
    return plans.save(deployment, terraform, path, summary, adopted, verdict)


def apply(
    deployment: Deployment,
    *,
    confirm: Callable[[SavedPlan], bool],
    recover: bool = False,
    unlock: str = "",
    break_glass: str = "",
) -> SavedPlan | None:
    """Apply exactly the saved plan. None if it changes nothing or `confirm` returns False.

    If the deployment has a gate, the plan must have passed it, unless `break_glass` gives a reason, which is recorded.
    After a killed run, and with `recover` or `unlock`, the state has changed and a new plan replaces the saved one.
    Raises GateRefuses, StandIns, StalePlan, AlreadyExists, StateLocked, Interrupted, and what `plan` raises.
    """
    killed = runs.killed_run(deployment.marker)
    saved = plan(deployment, recover=recover, unlock=unlock) if killed or recover or unlock else plans.load(deployment)
    terraform = deployment.terraform()
    outputs.require_none(deployment, terraform)
    if saved.summary.empty:
        remove_marker(deployment)
        plans.discard(deployment)
        _save_outputs(deployment, terraform)
        return None
    _require_gate(deployment, saved, break_glass)
    if not confirm(saved):
        return None
    _record_break_glass(deployment, saved, break_glass)
    for _ in range(_COLLISIONS):
        try:
            run_plan(deployment, terraform, saved.path, "apply")
            break
        except AlreadyExists as collision:
            new = _plan_after_collision(deployment, terraform, collision)
            if not set(new.adopted) & set(collision.addresses):
                raise
            _require_gate(deployment, new, break_glass)
            if not confirm(new):
                raise
            _record_break_glass(deployment, new, break_glass)
            saved = new
    plans.discard(deployment)
    _save_outputs(deployment, terraform)
    return saved


def _save_outputs(deployment: Deployment, terraform: Terraform) -> None:
    if deployment.layer == "foundation":
        outputs.save(deployment, terraform.output())


def _require_gate(deployment: Deployment, saved: SavedPlan, break_glass: str) -> None:
    """Raise GateRefuses for a plan that did not pass the gate, unless there is a break-glass reason."""
    if deployment.gate and not break_glass:
        gate_verdict.require_pass(saved.gate, deployment.stack_id)


def _record_break_glass(deployment: Deployment, saved: SavedPlan, break_glass: str) -> None:
    """Record, before anything is applied, that a plan is applied which the gate refused."""
    if not break_glass or not deployment.gate or (saved.gate and saved.gate.passes):
        return
    gate_verdict.record_break_glass(
        deployment.break_glass_log,
        break_glass,
        environment=deployment.stack_id,
        cloud=deployment.cloud,
        plan_sha256=saved.sha256,
        changes=len(saved.summary.changes),
        refused_for=list(saved.gate.blocking) if saved.gate else ["the gate has not evaluated this plan"],
    )


def _plan_after_collision(deployment: Deployment, terraform: Terraform, collision: AlreadyExists) -> SavedPlan:
    """A new plan that adopts the existing resources which belong to this deployment."""
    deployment.on_message(collision.message)
    path = deployment.plan_file
    terraform.plan(path, on_event=deployment.on_event)
    run = runs.read_marker(deployment.marker)
    content = terraform.show(path)
    adopted, content = adoption.adopt(deployment, terraform, path, content, run, addresses=set(collision.addresses))
    return _save(deployment, terraform, path, content, adopted)


def run_plan(deployment: Deployment, terraform: Terraform, path: Path, command: str) -> None:
    """Apply a plan file while the run's marker exists, so that the next run notices if this one is killed."""
    killed = runs.read_marker(deployment.marker)
    earlier_logs = killed.logs if killed else ()
    started = datetime.now(UTC).isoformat(timespec="seconds")
    terrace = runs.Process.of(os.getpid())
    label = f"{command} {deployment.stack_id}"

    def write_marker(pid: int, log: Path) -> None:
        run = runs.Run(label, started, terrace, runs.Process.of(pid), (*earlier_logs, str(log)))
        runs.write_marker(deployment.marker, run)

    try:
        terraform.apply(path, on_event=deployment.on_event, on_start=write_marker)
    except Interrupted as interrupted:
        if interrupted.orderly and not earlier_logs:
            remove_marker(deployment)
        raise
    except (TerraformFailed, StalePlan, NoCredentials):
        # Terraform ended by itself and saved its state. Resources of an earlier, killed run are still to be adopted.
        if not earlier_logs:
            remove_marker(deployment)
        raise
    remove_marker(deployment)


def remove_marker(deployment: Deployment) -> None:
    """Nothing of the last run is left to recover."""
    deployment.marker.unlink(missing_ok=True)


def with_lock_released(
    deployment: Deployment,
    terraform: Terraform,
    killed: runs.Run | None,
    unlock: str,
    attempt: Callable[[], None],
) -> bool:
    """Call `attempt`; if a lock is in the way that the killed run left or whose id is `unlock`, release it and retry.

    Returns whether a lock was released. Raises StateLocked for any other lock.
    """
    try:
        attempt()
        return False
    except StateLocked as locked:
        if locked.lock.id != unlock and not (killed and runs.left_lock(killed, locked.lock)):
            raise
        try:
            terraform.force_unlock(locked.lock.id)
        except TerraformFailed:
            # The lock of a local state ends with its process; it cannot be released while the process is alive.
            raise locked from None
        deployment.on_message(f"released the state lock of {locked.lock}")
    attempt()
    return True


def find_drift(deployment: Deployment, *, unlock: str = "") -> drift.DriftReport:
    """Compare the cloud with the state and the stack. Changes nothing and keeps no plan."""
    killed = runs.killed_run(deployment.marker)
    terraform = deployment.terraform(deployment.stack())
    path = deployment.project.plans / f"{deployment.name}-drift-{os.getpid()}.tfplan"
    try:
        with_lock_released(
            deployment, terraform, killed, unlock, lambda: terraform.plan(path, on_event=deployment.on_event)
        )
        return drift.report(terraform.show(path), terraform.construct_paths(), deployment.environment_line)
    finally:
        path.unlink(missing_ok=True)
