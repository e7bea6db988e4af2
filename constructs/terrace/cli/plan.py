"""`terrace plan`: show what an apply would change, by capability, and save the plan."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from terrace.capabilities.effects import RISKS
from terrace.cli.options import (
    cloud_option,
    json_option,
    lock_timeout_option,
    mirror_option,
    stack_argument,
    unlock_option,
)

if TYPE_CHECKING:
    from terrace.assurance.gate_verdict import GateVerdict
    from terrace.capabilities.blockers import Blocker
    from terrace.capabilities.effects import Risk
    from terrace.deployment.changes import Summary
    from terrace.environment import Loaded
    from terrace.project.stack_ids import Layer


@click.command("plan")
@stack_argument
@cloud_option
@mirror_option
@click.option("--recover", is_flag=True, help="Adopt resources that exist but are in no state.")
@click.option("--bundle", is_flag=True, help="Also store the plan beside the state, sealed, for `apply --bundle`.")
@click.option("--offline", is_flag=True, help="Plan as if nothing existed, without an account. The plan is not saved.")
@lock_timeout_option
@click.option(
    "--risk",
    is_flag=False,
    flag_value="environment",
    type=click.Choice((*RISKS, "environment")),
    help="Exit with 1 when the plan's worst effect is above this; without a value, above the environment's max_risk.",
)
@unlock_option
@click.option(
    "--no-lock", is_flag=True, help="Take no lock: only read the state, such as in the pipeline of a pull request."
)
@click.option("--details", is_flag=True, help="List every resource and value, shortened nowhere.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the result as for a comment on a pull request.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    stack: str,
    cloud: str | None,
    provider_mirror: Path | None,
    recover: bool,
    bundle: bool,
    offline: bool,
    lock_timeout: str,
    risk: "Risk | Literal['environment'] | None",
    unlock: str,
    no_lock: bool,
    details: bool,
    as_markdown: bool,
    as_json: bool,
) -> None:
    """Show what an apply of STACK would change, and save the plan.

    Exit code 1 when the gate refuses the plan, when something blocks the removal of a resource (objects in a bucket,
    images in a registry, foreign records in a zone), or when the plan's risk is above that of --risk. Effects are from
    worst to harmless: data-loss, downtime, restart, none. A change whose effect is not documented counts as a downtime.

    A bundle is the plan of HEAD: its hash is printed, and files that differ from the commit are refused.
    """
    from terrace.assurance.gate_verdict import blocking_text
    from terrace.capabilities.effects import exceeds
    from terrace.cli.ci.comment import subject_of
    from terrace.cli.console import info, warn, wrapped, write, write_json
    from terrace.cli.options import data_keys_of, deployment_of, load_stack, state_home_of
    from terrace.cli.plan_summary import blockers_text, ineffective_text, plan_text, risk_text
    from terrace.cli.progress import working
    from terrace.deployment import bootstrapped, comment, lifecycle, provider_lock
    from terrace.deployment import bundle as bundles
    from terrace.deployment.comment import records
    from terrace.errors import UsageError
    from terrace.project.revision import head
    from terrace.project.stack_ids import stack_id

    if offline and (recover or unlock or bundle):
        raise UsageError(
            "--offline cannot be combined with --recover, --unlock or --bundle: it uses no state",
            hint="omit --offline",
        )
    if as_json and as_markdown:
        raise UsageError("--json cannot be combined with --markdown", hint="omit one of them")
    if no_lock and (recover or unlock):
        raise UsageError("--no-lock cannot be combined with --recover or --unlock: they change the state")
    loaded, layer = load_stack(ctx, stack, cloud)
    adopted: dict[str, str] = {}
    sha256 = untried = ""
    blockers: tuple[Blocker, ...] = ()
    gated: GateVerdict | None
    if offline:
        with working(f"planning {stack}"):
            summary, gated = _offline(ctx, loaded, layer, provider_mirror)
    else:
        deployment = deployment_of(ctx, loaded, layer=layer, provider_mirror=provider_mirror, lock_timeout=lock_timeout)
        deployment = replace(deployment, locks_state=not no_lock)
        if bundle:
            bundles.require_committed(revision := head(deployment.project.root))
        with working(f"planning {stack}") as show:
            saved = lifecycle.plan(replace(deployment, on_event=show), recover=recover, unlock=unlock)
        if bundle:
            home, keys = state_home_of(ctx, loaded), data_keys_of(ctx, loaded)
            sha256 = bundles.store(deployment, deployment.terraform(), saved, revision, home, keys)
        untried = provider_lock.untried(
            provider_lock.read(deployment.project.stack(deployment.stack_id)), deployment.cloud
        )
        summary, gated, adopted, blockers = saved.summary, saved.gate, dict(saved.adopted), saved.blockers
    outdated = (
        layer == "foundation"
        and not offline
        and bootstrapped.known_outdated(deployment, partial(state_home_of, ctx, loaded))
    )
    stored = {"bundle": sha256} if sha256 else {}
    refused = gated is not None and not gated.passes
    accepted = loaded.environment.max_risk if risk == "environment" else risk
    risky = accepted is not None and exceeds(summary.risk, accepted)
    if as_json or as_markdown:
        data: dict[str, object] = {
            "environment": loaded.environment.name,
            "stack": stack_id(loaded.environment.name, layer),
            "cloud": loaded.environment.cloud,
            "adopted": adopted,
        }
        data |= {"offline": True} if offline else {}
        data |= {"untried_provider": untried} if untried else {}
        data |= {"bootstrap_outdated": True} if outdated else {}
        data["without_effect"] = loaded.without_effect()
        data |= {"blockers": [vars(one) for one in blockers]}
        data |= {**stored, "gate": gated.as_data() if gated else None, **summary.as_data()}
        if as_json:
            write_json(data)
        else:
            write(comment.write([subject_of(ctx, records.plan(data))]).text, newline=False)
        ctx.exit(1 if refused or risky or blockers else 0)
    write(wrapped(plan_text(summary, gated.access if gated else (), details=details)))
    if ineffective := loaded.without_effect():
        info(f"\n{ineffective_text(ineffective, loaded.environment)}")
    if untried:
        warn(f"\n{untried}")
    if outdated:
        warn(f"\n{bootstrapped.sentence(loaded.environment.name)}")
    if gated and refused:
        warn(f"\n{blocking_text(gated)}")
    if blockers:
        warn(f"\n{blockers_text(blockers)}")
    if accepted is not None and risky:
        warn(f"\n{risk_text(summary, accepted)}")
    if offline:
        info("\nThis plan assumes that nothing exists yet. No account was used, and the plan is not saved.")
    elif not summary.empty:
        then = "Terrace will not apply it" if refused or blockers else f"run `terrace apply {stack}` to apply it"
        info(f"\nSaved to {deployment.project.display(saved.path)}; {then}.")
    if sha256:
        write(f"bundle {sha256}")
    if refused or risky or blockers:
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
    if layer == "bootstrap":
        verdict = gate.of_bootstrap_plans(project, loaded)(planned.plan, json.dumps(planned.stack))
        info(str(verdict))
        return planned.summary, verdict
    rules, stack = gate.policies(project.root), json.dumps(planned.stack)
    gated = gate.gated(gate.evaluate(loaded, stack, rules, plan=planned.plan, offline=True))
    info(str(gated))
    return planned.summary, gated
