"""Revert drift, and nothing else: a plan of the drifted resources only, evaluated and applied like any other."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from terrace.assurance.drift_severity import Grader
from terrace.deployment import lifecycle, marks, plans
from terrace.deployment.changes import Change, summarize, verb_of
from terrace.deployment.deployment import Deployment
from terrace.deployment.drift import Drift, DriftReport
from terrace.deployment.errors import StalePlan
from terrace.deployment.plan_comparison import compare
from terrace.deployment.plans import SavedPlan
from terrace.deployment.values import changed_paths, dotted, is_marked, value_at
from terrace.errors import AnswerIsNo

_NOTHING: tuple[Any, ...] = (None, "", [], {})  # providers treat them alike


@dataclass(frozen=True)
class Repair:
    """A plan that reverts drift.

    `required` are the changes of other resources, which Terraform makes because the drifted ones depend on them.
    `left` are drifted resources that the stack changes too, with the settings: a repair would make that change.
    """

    report: DriftReport
    saved: SavedPlan | None = None
    required: tuple[Change, ...] = ()
    left: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """For `--json`: what was repaired, required and left."""
        changes = self.saved.summary.changes if self.saved else ()
        return {
            "repaired": [change.address for change in changes if change not in self.required],
            "required": [change.address for change in self.required],
            "left": {address: list(settings) for address, settings in self.left.items()},
        }


def repair(
    deployment: Deployment,
    *,
    accept: Callable[[DriftReport], DriftReport],
    confirm: Callable[[Repair], bool],
    grade: Grader | None = None,
    unlock: str = "",
    break_glass: str = "",
) -> Repair:
    """Plan and apply the drifted resources only. Its `saved` is None if there is nothing to repair.

    `accept` marks the drift that the ignore list accepts. The gate evaluates the complete plan of the stack, of which
    the repair is a part: a plan of some resources does not show whether a guarantee holds. Other changes of the stack
    are not applied, unless a drifted resource depends on them.
    Raises AnswerIsNo if a run was killed, data would be lost or `confirm` returns False; GateRefuses, StalePlan, and
    what `lifecycle.plan` raises.
    """
    if killed := marks.unfinished(deployment):
        raise AnswerIsNo(
            f"{killed} {killed.end}", hint=f"run `terrace apply {deployment.stack_id}`, which recovers it, and repeat"
        )
    terraform, content, found = lifecycle.compared(deployment, unlock=unlock, grade=grade)
    report = accept(found)
    left = {drift.address: settings for drift in report.effective if (settings := _pending_settings(content, drift))}
    targets = [drift.address for drift in report.effective if drift.address not in left]
    if not targets:
        return Repair(report, left=left)
    verdict = deployment.gate(content, terraform.stack_file.read_text(encoding="utf-8")) if deployment.gate else None
    if verdict:
        deployment.on_message(str(verdict))
    path = deployment.project.plans / f"{deployment.name}-repair-{os.getpid()}.tfplan"
    try:
        terraform.plan(path, targets=targets, on_event=deployment.on_event)
        part = terraform.show(path)
        _require_part(deployment, content, part)
        summary = summarize(part, terraform.construct_paths(), deployment.environment_line)
        saved = SavedPlan(
            path,
            datetime.now(UTC).isoformat(timespec="seconds"),
            plans.sha256_of(terraform.stack_file),
            plans.inputs_digest(deployment),
            summary,
            gate=verdict,
            sha256=plans.sha256_of(path),
        )
        required = tuple(change for change in summary.changes if change.address not in targets)
        planned = Repair(report, saved, required, left)
        if summary.losses:
            lost = ", ".join(change.address for change in summary.losses)
            raise AnswerIsNo(
                f"the repair would replace or destroy resources with data: {lost}",
                hint=f"review it with `terrace plan {deployment.stack_id}`, and apply that plan if it is intended",
            )
        lifecycle.require_gate(deployment, saved, break_glass)
        if not confirm(planned):
            raise AnswerIsNo("cancelled; nothing was changed")
        lifecycle.record_break_glass(deployment, saved, break_glass)
        plans.discard(deployment)  # a saved plan is out of date once the state changes
        lifecycle.run_plan(
            deployment, terraform, path, "drift --repair", [c.address for c in summary.changes if c.verb == "add"]
        )
    finally:
        path.unlink(missing_ok=True)
    lifecycle.save_outputs(deployment, terraform)
    return planned


def _pending_settings(content: Mapping[str, Any], drift: Drift) -> tuple[str, ...]:
    """The settings of a drifted resource that the plan changes to something else than they were before the drift."""
    drifted = _change(content, "resource_drift", drift.address)
    planned = _change(content, "resource_changes", drift.address)
    if drift.kind == "deleted" or verb_of(planned["actions"]) not in ("change", "replace"):
        return ()
    changed = changed_paths({"before": drifted.get("before"), "after": drifted.get("after")})
    written = {change.address: change.settings for change in summarize(content, {}).changes}[drift.address]
    return tuple(
        dotted(path)
        for path in changed_paths(planned)
        if dotted(path) in written
        and not is_marked(planned.get("after_unknown"), path)
        and not (
            any(path[: len(other)] == other[: len(path)] for other in changed)
            and _same(value_at(planned.get("after"), path), value_at(drifted.get("before"), path))
        )
    )


def _require_part(deployment: Deployment, whole: Mapping[str, Any], part: Mapping[str, Any]) -> None:
    """Raise StalePlan unless the partial plan makes the changes that the evaluated plan makes on the same resources."""
    acting = {
        record["address"] for record in part["resource_changes"] if verb_of(record["change"]["actions"]) != "none"
    }
    same = [record for record in whole["resource_changes"] if record["address"] in acting]
    outputs = part.get("output_changes", {})
    found = compare({"resource_changes": same, "output_changes": outputs}, part)
    if found.differences or found.made:
        lines = "".join(f"\n  {one}" for one in (*found.differences, *found.made))
        raise StalePlan(
            f"the deployment changed while the repair was planned:{lines}",
            hint=f"run `terrace drift {deployment.stack_id} --repair` again",
        )


def _change(content: Mapping[str, Any], records: str, address: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(one["change"] for one in content[records] if one["address"] == address)
    return found


def _same(one: Any, other: Any) -> bool:
    return one == other or (one in _NOTHING and other in _NOTHING)
