"""`terrace drift`: show changes that were made outside Terraform."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from terrace.cli.options import cloud_option, environment_argument, json_option, mirror_option, unlock_option

if TYPE_CHECKING:
    from terrace.deployment.drift import Drift

_MOST_NAMED = 5


@click.command("drift")
@environment_argument
@cloud_option
@mirror_option
@unlock_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    environment: str,
    cloud: str | None,
    provider_mirror: Path | None,
    unlock: str,
    as_json: bool,
) -> None:
    """Compare the live resources of ENV with the state. Exit code 1 when there is drift.

    A difference is drift when the next apply would revert it. Other differences, as in an attribute that the stack
    ignores, are listed for information.
    """
    from terrace.cli.console import write, write_json
    from terrace.cli.options import deployment_of, load
    from terrace.deployment import lifecycle
    from terrace.words import counted

    loaded = load(ctx, environment, cloud)
    deployment = deployment_of(ctx, loaded, provider_mirror=provider_mirror)
    report = lifecycle.find_drift(deployment, unlock=unlock)
    if as_json:
        write_json({"environment": deployment.environment, "cloud": deployment.cloud} | report.as_data())
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
            write(f"{counted(count, 'drifted resource')}; run `terrace plan {environment}` to see the repair")
        else:
            write("no drift")
    if report.effective:
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
