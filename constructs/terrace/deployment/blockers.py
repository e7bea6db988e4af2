"""What an apply of a plan would fail at halfway: searched at the plan, and again before anything is changed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from terrace.capabilities.blockers import Blocker, Planned
from terrace.capabilities.cloud import facts
from terrace.deployment import locks, version_steps
from terrace.deployment.deployment import Deployment
from terrace.deployment.plans import SavedPlan
from terrace.deployment.terraform import Terraform
from terrace.errors import AnswerIsNo
from terrace.project.stack_ids import stack_id
from terrace.state import state_name
from terrace.words import counted


class Blocked(AnswerIsNo):
    """Something blocks a change; nothing was changed."""


def blockers(deployment: Deployment, plan: Mapping[str, Any]) -> tuple[Blocker, ...]:
    """What blocks a plan in Terraform's JSON format: skipped versions, locks, a removed cluster with releases, removed
    resources with contents that Terraform did not create, and names of deleted resources."""
    known = facts(deployment.cloud)
    planned = (*version_steps.blockers(plan, known), *locks.blockers(plan, known))
    removed = _planned(plan, "delete", "before")
    created = _planned(plan, "create", "after")
    planned = (*planned, *_with_releases(deployment, removed))
    if deployment.blockers is None or not (removed or created):
        return planned
    return (*planned, *deployment.blockers(removed, created))


def _with_releases(deployment: Deployment, removed: Sequence[Planned]) -> Iterator[Blocker]:
    """A cluster with releases: their load balancers and volumes would outlive it."""
    clusters = [one for one in removed if one.type == facts(deployment.cloud).existing.cluster.type]
    if not clusters or deployment.homes is None:
        return
    workloads = stack_id(deployment.environment, "workloads")
    if count := deployment.homes.resources(state_name(deployment.environment, deployment.cloud, "workloads")):
        for one in clusters:
            remedy = f"run `terrace destroy {workloads}` first, with the cluster in the environment's file"
            yield Blocker(one.address, f"has {counted(count, 'release')} of {workloads} in it", remedy)


def _planned(plan: Mapping[str, Any], action: str, values: str) -> list[Planned]:
    return [
        Planned(record["address"], record["type"], record["change"].get(values) or {})
        for record in plan.get("resource_changes", [])
        if record.get("mode") == "managed"
        and (action in record["change"]["actions"] or (action == "create" and record["change"].get("importing")))
    ]


def require_none(deployment: Deployment, terraform: Terraform, saved: SavedPlan) -> None:
    """Search again. Raises Blocked."""
    if not any(one.verb in ("add", "change", "replace", "destroy") for one in saved.summary.changes):
        return
    if found := blockers(deployment, terraform.show(saved.path)):
        listed = "".join(f"\n  {one.address} {one.message}" for one in found)
        raise Blocked(
            f"nothing was changed: {counted(len(found), 'resource')} cannot be changed so:{listed}",
            hint="; ".join(dict.fromkeys(one.remedy for one in found)),
        )
