"""`terrace plan`: show what an apply would change, by capability, and save the plan."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.cli.options import cloud_option, json_option, mirror_option, stack_argument, unlock_option

if TYPE_CHECKING:
    from terrace.assurance.gate_verdict import GateVerdict
    from terrace.deployment.changes import Summary
    from terrace.environment import Loaded
    from terrace.project.stack_ids import Layer


@click.command("plan")
@stack_argument
@cloud_option
@mirror_option
@click.option("--recover", is_flag=True, help="Adopt resources that exist but are in no state.")
@click.option("--offline", is_flag=True, help="Plan as if nothing existed, without an account. The plan is not saved.")
@unlock_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    stack: str,
    cloud: str | None,
    provider_mirror: Path | None,
    recover: bool,
    offline: bool,
    unlock: str,
    as_json: bool,
) -> None:
    """Show what an apply of STACK would change, and save the plan.

    Exit code 1 when the gate refuses the plan.
    """
    from terrace.assurance.gate_verdict import blocking_text
    from terrace.cli.console import info, warn, write, write_json
    from terrace.cli.options import deployment_of, load_stack
    from terrace.cli.plan_summary import plan_text
    from terrace.deployment import lifecycle
    from terrace.errors import UsageError

    if offline and (recover or unlock):
        raise UsageError(
            "--offline cannot be combined with --recover or --unlock: it uses no state", hint="omit --offline"
        )
    loaded, layer = load_stack(ctx, stack, cloud)
    adopted: dict[str, str] = {}
    gated: GateVerdict | None
    if offline:
        summary, gated = _offline(ctx, loaded, layer, provider_mirror)
    else:
        deployment = deployment_of(ctx, loaded, layer=layer, provider_mirror=provider_mirror)
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
        write_json({**data, "gate": gated.as_data() if gated else None, **summary.as_data()})
        ctx.exit(1 if refused else 0)
    write(plan_text(summary))
    if gated and refused:
        warn(f"\n{blocking_text(gated)}")
    if offline:
        info("\nThis plan assumes that nothing exists yet. No account was used, and the plan is not saved.")
    elif not summary.empty:
        then = "Terrace will not apply it" if refused else f"run `terrace apply {stack}` to apply it"
        info(f"\nSaved to {deployment.project.display(saved.path)}; {then}.")
    if refused:
        ctx.exit(1)


def _offline(
    ctx: click.Context, loaded: "Loaded", layer: "Layer", provider_mirror: Path | None
) -> "tuple[Summary, GateVerdict]":
    """The real provider's plan of all resources, without an account, and the gate's verdict on it."""
    from terrace.assurance import gate, workloads_gate
    from terrace.cli.console import info
    from terrace.cli.options import project_of
    from terrace.deployment import offline
    from terrace.project.source_map import environment_line

    with offline.offline_deployment(
        project_of(ctx),
        loaded.environment.name,
        loaded.environment.cloud,
        layer=layer,
        provider_mirror=provider_mirror.resolve() if provider_mirror else None,
        on_message=info,
        environment_line=lambda construct: environment_line(loaded, construct),
    ) as deployment:
        planned = offline.plan(deployment, deployment.terraform(deployment.stack()))
    project = project_of(ctx)
    if layer == "workloads":
        verdict = workloads_gate.of_plans(project.root, project.outputs, loaded)(planned.plan, "")
        info(str(verdict))
        return planned.summary, verdict
    rules, stack = gate.policies(project.root), json.dumps(planned.stack)
    gated = gate.gated(gate.evaluate(loaded, stack, rules, plan=planned.plan, offline=True))
    info(str(gated))
    return planned.summary, gated
