"""`terrace drift`: what was changed outside of Terraform, and who owns it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from terrace.cli.options import cloud_option, environment_argument, json_option, mirror_option, unlock_option

if TYPE_CHECKING:
    from terrace.deployment.drift import Drift

_WIDEST = 100


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
    """Compare the live resources of ENV with what was applied. Exit code 1 when they differ.

    What the next apply would undo is drift. A difference that no apply would undo, as in an attribute that the stack
    ignores, is listed for information only.
    """
    from terrace.cli.options import deployment_of, load
    from terrace.deployment import lifecycle

    loaded = load(ctx, environment, cloud)
    deployment = deployment_of(ctx, loaded, provider_mirror=provider_mirror)
    report = lifecycle.find_drift(deployment, unlock=unlock)
    if as_json:
        click.echo(
            json.dumps({"environment": deployment.environment, "cloud": deployment.cloud} | report.as_data(), indent=2)
        )
    else:
        for drift in report.effective:
            click.echo("\n".join(_told(drift)))
        for drift in report.drifts:
            if not drift.repaired:
                click.echo("\n".join(["for information:", *(f"  {line}" for line in _told(drift))]))
        if report.pending:
            click.echo(
                f"not drift, but an apply would touch {len(report.pending)} more: {', '.join(report.pending[:5])}"
            )
        count = len(report.effective)
        click.echo(f"{count} drifted resources; `terrace plan {environment}` shows the repair" if count else "no drift")
    if report.effective:
        ctx.exit(1)


def _told(drift: "Drift") -> list[str]:
    """A resource with its attributes, and where it comes from."""
    lines = [f"{drift.address} was {'deleted' if drift.kind == 'deleted' else 'changed'}"]
    lines += [f"  {a.path}: {_short(a.before)} → {_short(a.after)}" for a in drift.attributes]
    if drift.construct:
        lines.append(f"  construct {drift.construct}" + (f", environment {drift.owner}" if drift.owner else ""))
    return lines


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
