"""`terrace plan`: what an apply would do, by capability; the plan is saved."""

import json
from pathlib import Path

import click

from scripts.options import cloud_option, environment_argument, json_option, mirror_option, unlock_option


@click.command("plan")
@environment_argument
@cloud_option
@mirror_option
@click.option("--recover", is_flag=True, help="Look for resources that exist but are in no state, and adopt them.")
@unlock_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    environment: str,
    cloud: str | None,
    provider_mirror: Path | None,
    recover: bool,
    unlock: str,
    as_json: bool,
) -> None:
    """Show what an apply of ENV would do, and save the plan for it."""
    from scripts.console import plan_text, say
    from scripts.options import deployment_of, load, settings_of
    from terrace.deployment import lifecycle

    loaded = load(ctx, environment, cloud)
    deployment = deployment_of(ctx, loaded, provider_mirror=provider_mirror)
    saved = lifecycle.plan(deployment, recover=recover, unlock=unlock)
    if as_json:
        data = {"environment": deployment.environment, "cloud": deployment.cloud, "adopted": dict(saved.adopted)}
        click.echo(json.dumps(data | saved.summary.as_data(), indent=2))
        return
    click.echo(plan_text(saved.summary))
    if not saved.summary.empty and not settings_of(ctx).quiet:
        say(f"\nSaved as {deployment.project.shown(saved.path)}; `terrace apply {environment}` applies exactly this.")
