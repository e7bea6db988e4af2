"""Finds the drift of one deployment or of all of a project, for `terrace drift`."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from terrace.assurance import drift_ignores
from terrace.assurance.drift_severity import DriftSeverity, grader
from terrace.cli.console import error, info, quiet, write, write_json
from terrace.cli.drift_text import object_lines, report_lines
from terrace.cli.options import cluster_of, deployment_of, load, project_of, state_home_of, workloads_of
from terrace.deployment import bootstrapped, drift, fleet, lifecycle
from terrace.deployment.deployment import Deployment
from terrace.deployment.drift import DriftReport
from terrace.environment import Loaded, names, target
from terrace.project.stack_ids import Layer
from terrace.words import counted

if TYPE_CHECKING:
    from terrace.live.cluster import ObjectDrift
    from terrace.live.writes import LastWrites


@dataclass(frozen=True)
class Found:
    """The drift of one deployment. `objects` are those of its releases in the cluster; None for a foundation. `writes`
    are the last writes of each drifted resource in the cloud's audit log, by address."""

    environment: str
    cloud: str
    layer: Layer
    report: DriftReport
    objects: "tuple[ObjectDrift, ...] | None" = None
    writes: "Mapping[str, LastWrites]" = field(default_factory=dict)
    bootstrap_outdated: bool = False

    @property
    def count(self) -> int:
        return len(self.report.effective) + len(self.objects or ())

    @property
    def severity(self) -> DriftSeverity | None:
        """Objects in the cluster are not graded: they count as security."""
        return "security" if self.objects else self.report.severity

    def as_data(self) -> dict[str, Any]:
        data: dict[str, Any] = {"environment": self.environment, "cloud": self.cloud, "layer": self.layer}
        data |= {"bootstrap_outdated": True} if self.bootstrap_outdated else {}
        if self.objects is not None:
            data["objects"] = [one.as_data() for one in self.objects]
        data |= self.report.as_data() | {"severity": self.severity}
        for one in data["drift"]:
            if one["address"] in self.writes:
                one["last_writes"] = self.writes[one["address"]].as_data()
        return data


def find_one(
    ctx: click.Context,
    loaded: Loaded,
    layer: Layer,
    *,
    provider_mirror: Path | None,
    lock_timeout: str,
    unlock: str = "",
    no_lock: bool = False,
) -> Found:
    """The drift of one deployment. Raises what a plan raises, InvalidPolicies, and for workloads CredentialsError."""
    deployment = replace(
        deployment_of(ctx, loaded, layer=layer, provider_mirror=provider_mirror, lock_timeout=lock_timeout),
        locks_state=not no_lock,
    )
    return _found(ctx, loaded, deployment, unlock=unlock)


def find_all(ctx: click.Context, *, provider_mirror: Path | None, at_once: int, as_json: bool) -> int:
    """Find and print the drift of every deployment; returns the exit code."""
    project = project_of(ctx)
    members = fleet.members(project, state=os.environ.get("TERRACE_STATE", ""))
    silent = quiet()

    def find(member: fleet.Member) -> Found | None:
        loaded = load(ctx, member.environment, member.cloud)

        def tell(message: str) -> None:
            if not silent:
                info(f"{member}: {message}")

        deployment = fleet.isolated(
            deployment_of(ctx, loaded, layer=member.layer, provider_mirror=provider_mirror, on_message=tell)
        )
        if not deployment.terraform().addresses():
            return None
        return _found(ctx, loaded, deployment)

    answers = list(fleet.each(members, find, at_once=at_once))
    if as_json:
        write_json({"deployments": [_as_data(answer) for answer in answers], **_counts(answers)})
    else:
        for answer in answers:
            _print(answer)
        if not answers:
            write("no deployment")
    if any(answer.error for answer in answers):
        return 3
    return 1 if any(answer.result and answer.result.count for answer in answers) else 0


def repair_objects(ctx: click.Context, loaded: Loaded, found: Found) -> Found:
    """Apply the manifests of drifted objects again, and compare once more."""
    from terrace.live import cluster

    server = cluster_of(workloads_of(ctx, found.environment, found.cloud))
    write(f"{counted(cluster.repair(server, found.objects or ()), 'object')} applied again")
    return replace(found, objects=_objects(ctx, loaded))


def _found(ctx: click.Context, loaded: Loaded, deployment: Deployment, *, unlock: str = "") -> Found:
    root, environment = project_of(ctx).root, loaded.environment
    accept = acceptance(root, loaded)
    grade = grader(root, loaded) if deployment.layer == "foundation" else None
    report = accept(lifecycle.find_drift(deployment, unlock=unlock, grade=grade))
    objects = _objects(ctx, loaded) if deployment.layer == "workloads" else None
    outdated = deployment.layer == "foundation" and bootstrapped.known_outdated(
        deployment, partial(state_home_of, ctx, loaded)
    )
    writes = _writes(loaded, report)
    return Found(environment.name, environment.cloud, deployment.layer, report, objects, writes, outdated)


def _writes(loaded: Loaded, report: DriftReport) -> "dict[str, LastWrites]":
    """The last writes of each drifted resource in the cloud's audit log, by address."""
    from terrace.live.writes import Identity, last_writes

    resources = {drift.address: Identity(drift.type, drift.names) for drift in report.effective}
    return last_writes(loaded.environment.cloud, target(loaded.environment), resources)


def acceptance(root: Path, loaded: Loaded) -> Callable[[DriftReport], DriftReport]:
    """Marks what policies/drift.yaml accepts of one environment's drift. Raises InvalidPolicies."""
    environment, today = loaded.environment, datetime.now(UTC).date()
    ignores = drift_ignores.load(root, environments=names(root), today=today)
    concerning = [one for one in ignores if one.concerns(environment.name, environment.cloud)]
    return lambda report: drift.without_ignored(report, concerning, today)


def _objects(ctx: click.Context, loaded: Loaded) -> "tuple[ObjectDrift, ...]":
    """The drifted objects in the cluster. Raises AnswerIsNo, CredentialsError, Unreadable."""
    from terrace.live import cluster
    from terrace.workloads.releases import releases

    context = workloads_of(ctx, loaded.environment.name, loaded.environment.cloud)
    return tuple(cluster.drift(cluster_of(context), [release.name for release in releases(context)]))


def _as_data(answer: fleet.Answer[Found | None]) -> dict[str, Any]:
    member = answer.member
    data: dict[str, Any] = {"environment": member.environment, "cloud": member.cloud, "layer": member.layer}
    if answer.error:
        return data | {"status": "failed", "error": str(answer.error), "hint": answer.error.hint}
    if answer.result is None:
        return data | {"status": "not_deployed"}
    return data | {"status": "drifted" if answer.result.count else "clean"} | answer.result.as_data()


def _counts(answers: Sequence[fleet.Answer[Found | None]]) -> dict[str, Any]:
    statuses = [_as_data(answer)["status"] for answer in answers]
    return {"counts": {one: statuses.count(one) for one in ("clean", "drifted", "failed", "not_deployed")}}


def _print(answer: fleet.Answer[Found | None]) -> None:
    if answer.error:
        error(f"{answer.member}: {answer.error.message}", where=answer.error.where, hint=answer.error.hint)
        return
    if answer.result is None:
        write(f"{answer.member}: not deployed")
        return
    found = answer.result
    severity = f", {found.severity}" if found.severity else ""
    write(f"{answer.member}: " + (counted(found.count, "difference") + severity if found.count else "no drift"))
    if found.bootstrap_outdated:
        write(f"  {bootstrapped.sentence(found.environment)}")
    for line in report_lines(found.report, found.writes):
        write(f"  {line}")
    for one in found.objects or ():
        for line in object_lines(one):
            write(f"  {line}")
