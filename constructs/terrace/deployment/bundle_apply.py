"""Apply a bundle: plan again, compare with what was reviewed, evaluate the gate again, and stop at any difference."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from terrace.assurance.gate_verdict import GateVerdict
from terrace.deployment import bundle as bundles
from terrace.deployment import lifecycle, plans
from terrace.deployment.bundle import Bundle, BundleRefused
from terrace.deployment.changes import Summary, summarize
from terrace.deployment.deployment import Deployment
from terrace.deployment.errors import StalePlan, TerraformFailed
from terrace.deployment.plan_comparison import Comparison, compare
from terrace.deployment.plans import SavedPlan
from terrace.deployment.terraform import Terraform, construct_paths
from terrace.errors import TerraceError
from terrace.state import StateHome
from terrace.words import counted

_LISTED = 20


def apply(
    deployment: Deployment,
    bundle: Bundle,
    home: StateHome,
    *,
    confirm: Callable[[SavedPlan], bool],
    unlock: str = "",
    break_glass: str = "",
) -> SavedPlan | None:
    """Make the changes of a bundle. None if there are none to make, or `confirm` returns False.

    The plan that is applied is a new one, made with the bundle's provider lock, which makes the same changes. Changes
    that are made already, by an apply that failed halfway, are left out of the comparison. A `break_glass` reason also
    covers a verdict of the gate that has changed. Raises BundleRefused, and what `lifecycle.apply` raises.
    """
    deployment = replace(deployment, lock=bundle.lock)
    if plans.inputs_digest(deployment) != bundle.inputs_sha256:
        raise _refused(
            deployment,
            bundle,
            "an input has changed: an environment file, a module, the stack's code, a policy, the provider lock"
            + (" or an output of the foundation" if deployment.layer == "workloads" else ""),
        )
    stack = (deployment.stack() / "cdk.tf.json").read_text(encoding="utf-8")
    if changed := list(_stack_differences(json.loads(bundle.stack), json.loads(stack))):
        raise _refused(deployment, bundle, f"the stack has changed:{_lines(changed)}")

    def review(saved: SavedPlan, terraform: Terraform) -> None:
        with _shown(deployment, bundle, terraform) as reviewed:
            _require_own_record(deployment, bundle, reviewed)
            comparison = compare(reviewed, terraform.show(saved.path))
        if comparison.differences:
            differing = [str(difference) for difference in comparison.differences]
            raise _refused(deployment, bundle, f"the plan is not the reviewed one any more:{_lines(differing)}")
        if comparison.made:
            deployment.on_message(f"{counted(len(comparison.made), 'change')} of the bundle made already")
        if deployment.gate and not break_glass and not saved.summary.empty:
            _require_same_verdict(deployment, bundle, saved.gate, comparison)

    applied = lifecycle.apply(
        replace(deployment, synthesize=False),
        confirm=confirm,
        unlock=unlock,
        break_glass=break_glass,
        review=review,
    )
    try:
        if removed := bundles.remove_old(deployment, home, keep=bundle.sha256):
            deployment.on_message(f"removed {counted(removed, 'bundle')} older than {bundles.RETENTION.days} days")
    except TerraceError as error:  # the apply has succeeded
        deployment.on_message(f"could not remove old bundles: {error.message}")
    return applied


@contextmanager
def _shown(deployment: Deployment, bundle: Bundle, terraform: Terraform) -> Iterator[dict[str, Any]]:
    """The bundle's plan in the JSON plan format, while its file exists."""
    path = deployment.project.plans / f"{deployment.name}-reviewed.tfplan"
    try:
        path.touch(mode=0o600)
        path.write_bytes(bundle.plan)
        if plans.stack_of(SavedPlan(path, "", "", "", Summary(()))) != bundle.stack:
            raise _refused(deployment, bundle, "the stack in its plan is not the one beside it")
        yield terraform.show(path)
    except (TerraformFailed, StalePlan) as error:
        raise _refused(deployment, bundle, f"its plan cannot be read: {error.message}") from error
    finally:
        path.unlink(missing_ok=True)


def _require_own_record(deployment: Deployment, bundle: Bundle, reviewed: Mapping[str, Any]) -> None:
    """Raise BundleRefused if the record, which reviewers read, does not describe the plan."""
    summary = summarize(reviewed, construct_paths(json.loads(bundle.stack)), deployment.environment_line)
    if any(bundle.record.get(name) != value for name, value in summary.as_data().items()):
        raise _refused(deployment, bundle, "the changes in its record are not those of its plan")


def _require_same_verdict(
    deployment: Deployment, bundle: Bundle, verdict: GateVerdict | None, comparison: Comparison
) -> None:
    """Raise BundleRefused if the gate's verdict is not the recorded one."""
    reviewed, now = bundle.gate or GateVerdict(False), verdict or GateVerdict(False)
    facts = [(one.passes, one.blocking, one.warnings, one.waived) for one in (reviewed, now)]
    # part of the access may be opened already
    if facts[0] == facts[1] and (comparison.made or reviewed.access == now.access):
        return
    lines = [f"reviewed: {bundle.gate or 'not evaluated'}", f"now: {verdict or 'not evaluated'}"]
    before, after = (dict.fromkeys([*one.blocking, *map(str, one.access)]) for one in (reviewed, now))
    lines += [f"new: {sentence}" for sentence in after if sentence not in before]
    lines += [f"gone: {sentence}" for sentence in before if sentence not in after]
    raise _refused(deployment, bundle, f"the gate's verdict has changed:{_lines(lines)}")


def _stack_differences(reviewed: Any, now: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The places where two synthesized stacks differ, as dotted paths; lists are compared as a whole."""
    if reviewed == now:
        return
    if isinstance(reviewed, dict) and isinstance(now, dict):
        for name in sorted(reviewed.keys() | now.keys()):
            yield from _stack_differences(reviewed.get(name), now.get(name), (*path, str(name)))
    else:
        yield ".".join(path)


def _refused(deployment: Deployment, bundle: Bundle, reason: str) -> BundleRefused:
    return BundleRefused(
        f"bundle {bundle.sha256[:12]} is not applied: {reason}",
        hint=f"plan again with `terrace plan {deployment.stack_id} --bundle`, and review that",
    )


def _lines(lines: list[str]) -> str:
    rest = len(lines) - _LISTED
    return "".join(f"\n  {line}" for line in lines[:_LISTED]) + (f"\n  and {rest} more" if rest > 0 else "")
