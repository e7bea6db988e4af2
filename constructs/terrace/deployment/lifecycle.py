"""Plan, apply and find drift on one deployment. Each is safe to repeat. (`teardown.py` has destroy.)"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from terrace.assurance import gate_verdict
from terrace.assurance.drift_severity import Grader
from terrace.assurance.report.provenance import run_address
from terrace.capabilities.blockers import Blocker
from terrace.capabilities.cloud import facts
from terrace.deployment import (
    adoption,
    autoscaling,
    blockers,
    computed,
    drift,
    kept,
    marks,
    outputs,
    plans,
    replacement,
    runs,
    taints,
)
from terrace.deployment.changes import summarize
from terrace.deployment.deployment import Deployment
from terrace.deployment.errors import AlreadyExists, NoCredentials, StalePlan, StateLocked, TerraformFailed
from terrace.deployment.plans import SavedPlan
from terrace.deployment.terraform import Terraform, construct_paths
from terrace.project.process import Interrupted

_COLLISIONS = 5


def plan(deployment: Deployment, *, recover: bool = False, unlock: str = "") -> SavedPlan:
    """Synthesize, plan and save. After a killed run the plan also adopts what that run created but did not record.

    `recover` searches for such resources even without a killed run; `unlock` is the id of a lock to release.
    """
    runs.killed_run(deployment.marker)  # raises StillRunning before anything is written
    terraform = deployment.terraform(deployment.stack())
    return plan_synthesized(deployment, terraform, recover=recover, unlock=unlock)


def plan_synthesized(
    deployment: Deployment, terraform: Terraform, *, recover: bool = False, unlock: str = ""
) -> SavedPlan:
    """`plan` for a stack that is already synthesized."""
    killed = marks.unfinished(deployment)
    if killed:
        deployment.on_message(f"{killed} {killed.end}; searching for resources that it created but did not record")
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
        if deployment.locks_state and taints.lift(deployment, terraform, content):
            terraform.plan(path, on_event=deployment.on_event)
            content = terraform.show(path)
        # Without a record of what the killed run began, search for everything that the plan would create.
        everything = recover or not killed or not runs.to_search(killed)
        adopted, content = adoption.adopt(deployment, terraform, path, content, killed, everything=everything)
    elif lasting := _lasting(deployment, content):
        adopted, content = adoption.adopt(
            deployment, terraform, path, content, None, addresses=lasting, untaggable=True
        )
    return _save(deployment, terraform, path, content, adopted)


def _lasting(deployment: Deployment, content: Mapping[str, Any]) -> set[str]:
    """What a plan would create that may exist after a destroy: the cloud never deletes it, or it was restored."""
    if deployment.blockers is None:
        return set()
    types = deployment.blockers.lasting
    return {candidate.address for candidate in adoption.candidates(content) if candidate.type in types}


def _save(
    deployment: Deployment, terraform: Terraform, path: Path, content: Mapping[str, Any], adopted: Mapping[str, str]
) -> SavedPlan:
    """Save a new plan with the sizes that it has to set, and the gate's verdict if it changes anything."""
    with replacement.ordered(deployment, terraform, path, content, adopted) as planned:
        content = autoscaling.plan_sizes(deployment, terraform, path, planned, adopted)
    stack = terraform.stack_file.read_text(encoding="utf-8")
    for sentence in kept.sentences(content, json.loads(stack), facts(deployment.cloud)):
        deployment.on_message(sentence)
    summary = summarize(content, terraform.construct_paths(), deployment.environment_line)
    verdict = None
    if deployment.gate and not summary.empty:
        verdict = deployment.gate(content, stack)
        deployment.on_message(str(verdict))
    return plans.save(deployment, terraform, path, summary, adopted, verdict, blockers.blockers(deployment, content))


def apply(
    deployment: Deployment,
    *,
    confirm: Callable[[SavedPlan], bool],
    recover: bool = False,
    unlock: str = "",
    break_glass: str = "",
    review: Callable[[SavedPlan, Terraform], None] | None = None,
    restore: Callable[[Sequence[Blocker]], None] | None = None,
) -> SavedPlan | None:
    """Apply exactly the saved plan. None if it changes nothing or `confirm` returns False.

    If the deployment has a gate, the plan must pass it, unless `break_glass` gives a reason, which is recorded. What
    changes and whether it passes is read from the plan file, not from the record beside it.
    After a killed run, and with `recover` or `unlock`, the state has changed and a new plan replaces the saved one. So
    it does with `review`, which raises an error if that plan must not be applied. Ends by storing what the cloud
    computed for what was changed. With `recover`, `restore` receives the deleted resources whose names the plan needs,
    and raises an error unless it has restored them; another plan then adopts them.
    Raises GateRefuses, Blocked, StandIns, StalePlan, AlreadyExists, StateLocked, Interrupted, and what `plan` raises.
    """
    killed = marks.unfinished(deployment)
    new = bool(killed or recover or unlock or review)
    saved = plan(deployment, recover=recover, unlock=unlock) if new else plans.load(deployment)
    if recover and restore and (deleted := [one for one in saved.blockers if one.restore]):
        restore(deleted)
        saved = plan(deployment, recover=True)
    terraform = deployment.terraform()
    outputs.require_none(deployment, terraform)
    if not new:
        saved = _evaluated(deployment, terraform, saved, break_glass)
    if review:
        review(saved, terraform)
    if saved.summary.empty:
        remove_marker(deployment)
        plans.discard(deployment)
        save_outputs(deployment, terraform)
        return None
    require_gate(deployment, saved, break_glass)
    blockers.require_none(deployment, terraform, saved)
    if not confirm(saved):
        return None
    record_break_glass(deployment, saved, break_glass)
    for _ in range(_COLLISIONS):
        try:
            creates = [change.address for change in saved.summary.changes if change.verb in ("add", "replace")]
            run_plan(deployment, terraform, saved.path, "apply", creates)
            break
        except AlreadyExists as collision:
            adopting = _plan_after_collision(deployment, terraform, collision)
            if not set(adopting.adopted) & set(collision.addresses):
                raise
            if review:
                review(adopting, terraform)
            require_gate(deployment, adopting, break_glass)
            if not confirm(adopting):
                raise
            record_break_glass(deployment, adopting, break_glass)
            saved = adopting
    plans.discard(deployment)
    save_outputs(deployment, terraform)
    computed.store(deployment, terraform, saved)
    return saved


def _evaluated(deployment: Deployment, terraform: Terraform, saved: SavedPlan, break_glass: str) -> SavedPlan:
    """The saved plan with the gate's verdict of the plan file and of the stack in it.

    Raises StalePlan if the record beside the plan is not that of the plan, GateRefuses if the gate did not evaluate it.
    """
    content, stack = terraform.show(saved.path), plans.stack_of(saved)
    hint = f"plan again with `terrace plan {deployment.stack_id}`"
    summary = summarize(content, construct_paths(json.loads(stack)), deployment.environment_line)
    if summary != saved.summary:
        raise StalePlan("the changes in this record are not those of the plan", where=str(saved.sidecar), hint=hint)
    if not deployment.gate or summary.empty:
        return saved
    if saved.gate is None and not break_glass:
        gate_verdict.require_pass(None, deployment.stack_id)
    verdict = deployment.gate(content, stack)
    if verdict.passes and saved.gate not in (None, verdict):
        raise StalePlan("the verdict in this record is not the gate's", where=str(saved.sidecar), hint=hint)
    if saved.gate and saved.gate.passes and not verdict.passes:
        deployment.on_message(f"the record of the plan says that it passed the gate; {verdict}")
    return replace(saved, gate=verdict)


def save_outputs(deployment: Deployment, terraform: Terraform) -> None:
    if deployment.layer == "foundation":
        outputs.save(deployment, terraform.output())


def require_gate(deployment: Deployment, saved: SavedPlan, break_glass: str) -> None:
    """Raise GateRefuses for a plan that did not pass the gate, unless there is a break-glass reason."""
    if deployment.gate and not break_glass:
        gate_verdict.require_pass(saved.gate, deployment.stack_id)


def record_break_glass(deployment: Deployment, saved: SavedPlan, break_glass: str) -> None:
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


def run_plan(
    deployment: Deployment, terraform: Terraform, path: Path, command: str, creates: Sequence[str] = ()
) -> None:
    """Apply a plan file while the run's marker exists, so that the next run notices if this one is killed.

    `creates` are the resources that the plan creates.
    """
    earlier = marks.unfinished(deployment)
    run = runs.Run(
        f"{command} {deployment.stack_id}",
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        terrace=runs.Process.of(os.getpid()),
        logs=earlier.logs if earlier else (),
        who=runs.this_user(),
        address=run_address(deployment.variables),
        creates=(*(earlier.creates if earlier else ()), *creates),
        begun=tuple(sorted(runs.begun(earlier))) if earlier else (),
    )
    with marks.Mark(deployment, run) as mark:
        try:
            terraform.apply(path, on_event=mark.listen, on_start=mark.start)
        except Interrupted as interrupted:
            mark.interrupt()
            if interrupted.orderly and not earlier and not mark.unfinished:
                mark.remove()
            raise
        except (TerraformFailed, StalePlan, NoCredentials):
            # Terraform ended by itself and saved its state. Resources of an earlier run are still to be adopted.
            if not earlier:
                mark.remove()
            raise
        mark.remove()


def remove_marker(deployment: Deployment) -> None:
    """Nothing of the last run is left to recover."""
    marks.remove(deployment)


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
            if killed:
                locked.message += f"; {killed} {marks.silence(deployment, killed)}"
            raise
        try:
            terraform.force_unlock(locked.lock.id)
        except TerraformFailed:
            # The lock of a local state ends with its process; it cannot be released while the process is alive.
            raise locked from None
        deployment.on_message(f"released the state lock of {locked.lock}")
    attempt()
    return True


def compared(
    deployment: Deployment, *, unlock: str = "", grade: Grader | None = None
) -> tuple[Terraform, dict[str, Any], drift.DriftReport]:
    """Compare the cloud with the state and the stack: the plan (JSON plan format) and its drift. Keeps no plan.

    `grade` grades the drift that an apply would undo.
    """
    runs.killed_run(deployment.marker)
    terraform = deployment.terraform(deployment.stack())
    killed = marks.unfinished(deployment)
    path = deployment.project.plans / f"{deployment.name}-drift-{os.getpid()}.tfplan"
    try:
        with_lock_released(
            deployment, terraform, killed, unlock, lambda: terraform.plan(path, on_event=deployment.on_event)
        )
        content = terraform.show(path)
    finally:
        path.unlink(missing_ok=True)
    found = drift.report(content, terraform.construct_paths(), deployment.environment_line)
    if grade and found.effective:
        stack = terraform.stack_file.read_text(encoding="utf-8")
        found = drift.graded(found, grade(content, stack, [one.address for one in found.effective]))
    return terraform, content, found


def find_drift(deployment: Deployment, *, unlock: str = "", grade: Grader | None = None) -> drift.DriftReport:
    """The drift of a deployment. Changes nothing."""
    return compared(deployment, unlock=unlock, grade=grade)[2]
