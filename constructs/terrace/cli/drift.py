"""`terrace drift`: show changes that were made outside Terraform."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from terrace.cli.options import cloud_option, json_option, mirror_option, stack_argument, unlock_option

if TYPE_CHECKING:
    from terrace.deployment.drift import Drift, DriftReport
    from terrace.environment import Loaded

_MOST_NAMED = 5
_CHANGES = {"changed": "was changed", "deleted": "is missing", "unreadable": "cannot be compared"}


@click.command("drift")
@stack_argument
@cloud_option
@mirror_option
@unlock_option
@click.option("--repair", is_flag=True, help="Of workloads: apply the releases' manifests to drifted objects again.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    stack: str,
    cloud: str | None,
    provider_mirror: Path | None,
    unlock: str,
    repair: bool,
    as_json: bool,
) -> None:
    """Compare the live resources of STACK with the state. Exit code 1 when there is drift.

    A difference is drift when the next apply would revert it. Other differences, as in an attribute that the stack
    ignores, are listed for information.

    Of ENV-workloads, the objects of all releases are compared as well: Terraform does not see what happens to them in
    the cluster, and an apply does not revert it. --repair does.
    """
    from terrace.cli.console import write, write_json
    from terrace.cli.options import deployment_of, load_stack
    from terrace.deployment import lifecycle
    from terrace.errors import UsageError
    from terrace.words import counted

    loaded, layer = load_stack(ctx, stack, cloud)
    deployment = deployment_of(ctx, loaded, layer=layer, provider_mirror=provider_mirror)
    report = lifecycle.find_drift(deployment, unlock=unlock)
    if layer == "workloads":
        _in_cluster(ctx, loaded, report, as_json=as_json, repair=repair)
        return
    if repair:
        raise UsageError("--repair applies to workloads only", hint=f"run `terrace plan {stack}` to see the repair")
    if as_json:
        write_json({"environment": deployment.stack_id, "cloud": deployment.cloud} | report.as_data())
    else:
        for drift in report.effective:
            write("\n".join(_lines(drift)))
        for drift in report.drifts:
            if not drift.repaired:
                write("\n".join(["not reverted by an apply:", *(f"  {line}" for line in _lines(drift))]))
        if report.pending:
            shown = ", ".join([*report.pending[:_MOST_NAMED], *["..."] * (len(report.pending) > _MOST_NAMED)])
            write(f"not drift: an apply would also change {counted(len(report.pending), 'resource')}: {shown}")
        if count := len(report.effective):
            write(f"{counted(count, 'drifted resource')}; run `terrace plan {stack}` to see the repair")
        else:
            write("no drift")
    if report.effective:
        ctx.exit(1)


def _in_cluster(ctx: click.Context, loaded: "Loaded", report: "DriftReport", *, as_json: bool, repair: bool) -> None:
    """Compare the objects in the cluster too; print and exit as the command does."""
    from terrace.cli.console import write, write_json
    from terrace.cli.options import cluster_of, workloads_of
    from terrace.live import cluster
    from terrace.words import counted
    from terrace.workloads.releases import releases

    name, cloud = loaded.environment.name, loaded.environment.cloud
    context = workloads_of(ctx, name, cloud)
    server = cluster_of(context)
    drifted = cluster.drift(server, [release.name for release in releases(context)])
    if as_json:
        objects = [one.as_data() for one in drifted]
        write_json({"environment": name, "cloud": cloud, "objects": objects} | report.as_data())
    else:
        for drift in report.effective:
            write("\n".join(_lines(drift)))
        for one in drifted:
            write(f"{one} of release {one.release} {_CHANGES[one.change]}{f': {one.reason}' if one.reason else ''}")
            for path, expected, actual in one.attributes:
                write(f"  {path}: {_short(expected)} → {_short(actual)}")
    if repair and drifted:
        write(f"{counted(cluster.repair(server, drifted), 'object')} applied again")
        drifted = cluster.drift(server, [release.name for release in releases(context)])
    count = len(report.effective) + len(drifted)
    if not as_json:
        write(f"{counted(count, 'difference')}" if count else "no drift")
    if count:
        ctx.exit(1)


def _lines(drift: "Drift") -> list[str]:
    """A resource, its changed attributes, and the construct and environment line behind it."""
    lines = [f"{drift.address} was {'deleted' if drift.kind == 'deleted' else 'changed'}"]
    lines += [f"  {a.path}: {_short(a.before)} → {_short(a.after)}" for a in drift.attributes]
    if drift.construct:
        line = f", environment {drift.environment_line}" if drift.environment_line else ""
        lines.append(f"  construct {drift.construct}{line}")
    return lines


def _short(value: Any) -> str:
    from terrace.cli.console import shortened, width

    return shortened(json.dumps(value, ensure_ascii=False), width() // 2)
