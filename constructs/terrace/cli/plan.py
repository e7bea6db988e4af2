"""`terrace plan`: what an apply would do, by capability; the plan is saved."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.cli.options import cloud_option, environment_argument, json_option, mirror_option, unlock_option

if TYPE_CHECKING:
    from terrace.assurance.gate_verdict import GateVerdict
    from terrace.deployment.changes import Summary
    from terrace.environment import Loaded


@click.command("plan")
@environment_argument
@cloud_option
@mirror_option
@click.option("--recover", is_flag=True, help="Look for resources that exist but are in no state, and adopt them.")
@click.option("--offline", is_flag=True, help="As if nothing existed yet, without any account. Nothing is saved.")
@unlock_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    environment: str,
    cloud: str | None,
    provider_mirror: Path | None,
    recover: bool,
    offline: bool,
    unlock: str,
    as_json: bool,
) -> None:
    """Show what an apply of ENV would do, and save the plan for it."""
    from terrace.assurance import gate_verdict as gating
    from terrace.cli.console import plan_text, say
    from terrace.cli.options import deployment_of, load, settings_of
    from terrace.deployment import lifecycle
    from terrace.errors import UsageError

    if offline and (recover or unlock):
        raise UsageError("--offline knows no state to recover or to unlock", hint="leave one of the options away")
    loaded = load(ctx, environment, cloud)
    adopted: dict[str, str] = {}
    gated: GateVerdict | None
    if offline:
        summary, gated = _offline(ctx, loaded, provider_mirror)
    else:
        deployment = deployment_of(ctx, loaded, provider_mirror=provider_mirror)
        saved = lifecycle.plan(deployment, recover=recover, unlock=unlock)
        summary, gated, adopted = saved.summary, saved.gate, dict(saved.adopted)
    refused = gated is not None and not gated.passes
    if as_json:
        data: dict[str, object] = {
            "environment": loaded.environment.name,
            "cloud": loaded.environment.cloud,
            "adopted": adopted,
        }
        data |= {"offline": True} if offline else {}
        click.echo(json.dumps({**data, "gate": gated.as_data() if gated else None, **summary.as_data()}, indent=2))
        ctx.exit(1 if refused else 0)
    click.echo(plan_text(summary))
    if gated and refused:
        say(f"\n{gating.refusal(gated)}")
    if offline:
        if not settings_of(ctx).quiet:
            say("\nNo cloud was asked for anything: this is a plan as if nothing existed yet, and it is not saved.")
    elif not summary.empty and not settings_of(ctx).quiet:
        then = "refuses" if refused else "applies exactly"
        say(f"\nSaved as {deployment.project.shown(saved.path)}; `terrace apply {environment}` {then} this.")
    if refused:
        ctx.exit(1)


def _offline(ctx: click.Context, loaded: "Loaded", provider_mirror: Path | None) -> "tuple[Summary, GateVerdict]":
    """The real provider's plan of everything, without an account, and what the gate says of it."""
    from terrace.assurance import gate
    from terrace.cli.console import say
    from terrace.cli.options import project_of, settings_of
    from terrace.deployment import offline
    from terrace.project.source_map import environment_line

    with offline.opened(
        project_of(ctx),
        loaded.environment.name,
        loaded.environment.cloud,
        provider_mirror=provider_mirror.resolve() if provider_mirror else None,
        say=(lambda sentence: None) if settings_of(ctx).quiet else say,
        lines=lambda construct: environment_line(loaded, construct),
    ) as deployment:
        made = offline.plan(deployment, deployment.workspace(deployment.stack()))
    rules, stack = gate.policies(project_of(ctx).root), json.dumps(made.stack)
    gated = gate.gated(gate.evaluate(loaded, stack, rules, plan=made.plan, offline=True))
    if not settings_of(ctx).quiet:
        say(str(gated))
    return made.summary, gated
