"""`terrace bootstrap`: make the home of Terraform's state, and the identities of the pipelines."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from terrace.cli.options import cloud_option, environment_argument, json_option, mirror_option
from terrace.variables import STATE

if TYPE_CHECKING:
    from terrace.bootstrap import Change
    from terrace.cli.progress import Progress
    from terrace.deployment.deployment import Deployment
    from terrace.deployment.plans import SavedPlan
    from terrace.environment import Loaded
    from terrace.project.stack_ids import Layer


@click.command("bootstrap")
@environment_argument
@cloud_option
@mirror_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
@click.option("--state-only", is_flag=True, help="Make or delete only the state home; it needs no Terraform.")
@click.option("--destroy", is_flag=True, help="Destroy what this command made, if no other state is left.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    environment: str,
    cloud: str | None,
    provider_mirror: Path | None,
    yes: bool,
    state_only: bool,
    destroy: bool,
    as_json: bool,
) -> None:
    """Make what the pipelines of ENV need before their first run, in the account of ENV.

    First the home of Terraform's state: versioned, encrypted with its own key, private, logged. Then the stack
    ENV-bootstrap, by Terraform: the identities of the pipelines, and the limit of every identity of ENV. The gate
    evaluates its plan together with the foundation. Identities that exist and have the tags of ENV are adopted,
    and leave the state of a foundation of an earlier version.

    Shows first what would change, then asks. What is as wanted, or stricter, stays; so a second run changes nothing,
    and a run that was interrupted can be repeated. The state home is for all environments of the project in the
    account. Both remain when an environment is destroyed.

    --destroy removes the stack and then the state home. It refuses while ENV has another state with resources, and
    keeps the state home while another environment has one.
    """
    from terrace.cli.options import load
    from terrace.errors import AnswerIsNo

    loaded = load(ctx, environment, cloud)
    remote = (STATE.read() or loaded.environment.state.backend) != "local"
    if state_only and not remote:
        raise AnswerIsNo(
            f"{loaded.environment.name} keeps its state in .terrace/state: it has no state home to make",
            where=loaded.where("state.backend"),
            hint="set state.backend to remote",
        )
    done: dict[str, Any] = {"environment": loaded.environment.name, "cloud": loaded.environment.cloud}
    if destroy:
        done |= _destroy(ctx, loaded, provider_mirror, yes=yes, remote=remote, stack=not state_only, as_json=as_json)
    else:
        done |= _make_home(loaded, yes=yes, as_json=as_json) if remote else {}
        done |= {} if state_only else _make_stack(ctx, loaded, provider_mirror, yes=yes, as_json=as_json)
    if as_json:
        from terrace.cli.console import write_json

        write_json(done)


def _make_home(loaded: "Loaded", *, yes: bool, as_json: bool) -> dict[str, Any]:
    from terrace import bootstrap
    from terrace.cli.console import info, write
    from terrace.environment import target
    from terrace.words import counted

    environment, account = loaded.environment, target(loaded.environment)
    changes = bootstrap.plan(environment, account)
    made = 0
    if changes:
        info(_text(changes))
        question = f"Change {counted(len(changes), 'setting')} in {_account(loaded)}?"
        _confirm(question, "cancelled; nothing was changed", yes=yes)
        made = bootstrap.apply(environment, account, on_change=lambda change: info(_done(change)))
    if not as_json:
        result = f"{counted(made, 'setting')} written" if changes else "no changes"
        write(f"state home of {environment.name} on {environment.cloud}: {result}")
    return {"changed": made, "changes": [vars(change) for change in changes]}


def _make_stack(
    ctx: click.Context, loaded: "Loaded", provider_mirror: Path | None, *, yes: bool, as_json: bool
) -> dict[str, Any]:
    """Plan and apply the bootstrap stack, with what exists already."""
    from terrace.cli.apply import restorer
    from terrace.cli.console import info, warn, write
    from terrace.cli.options import state_home_of
    from terrace.cli.plan_summary import plan_text
    from terrace.cli.progress import Progress
    from terrace.deployment import bootstrapped, lifecycle
    from terrace.deployment.trail import Trail
    from terrace.words import counted

    with Progress() as progress:
        deployment = _deployment(ctx, loaded, provider_mirror, progress)

        def confirm(saved: "SavedPlan") -> bool:
            info(plan_text(saved.summary, saved.gate.access if saved.gate else ()))
            question = f"Apply this plan to {deployment.stack_id} on {deployment.cloud}?"
            _confirm(question, "cancelled; the identities were not changed", yes=yes)
            progress.expect_changes(deployment, saved.summary.verbs)
            run.begins(plan=saved.sha256, summary=saved.summary.as_data()["counts"])
            return True

        with Trail(deployment, partial(state_home_of, ctx, loaded), warn).run("apply") as run:
            restore = restorer(loaded, deployment.stack_id, yes=yes)
            saved = lifecycle.apply(deployment, confirm=confirm, recover=True, restore=restore)
        home = state_home_of(ctx, loaded)
        bootstrapped.record(deployment, home)
        foundation = _deployment(ctx, loaded, provider_mirror, progress, layer="foundation")
        forgotten = bootstrapped.forget(foundation, home)
    if forgotten:
        info(
            f"{counted(forgotten, 'resource')} removed from the state of {foundation.stack_id}: this stack has them now"
        )
    counts = {} if saved is None else saved.summary.as_data()["counts"] | {"import": len(saved.adopted)}
    if not as_json:
        changes = ", ".join(f"{count} to {verb}" for verb, count in counts.items() if count)
        write(f"{deployment.stack_id} on {deployment.cloud}: {f'applied: {changes}' if changes else 'no changes'}")
    run.require_recorded()
    return {"stack": deployment.stack_id, "resources": counts, "forgotten": forgotten}


def _deployment(
    ctx: click.Context,
    loaded: "Loaded",
    provider_mirror: Path | None,
    progress: "Progress",
    layer: "Layer" = "bootstrap",
) -> "Deployment":
    from terrace.cli.options import deployment_of

    return deployment_of(
        ctx,
        loaded,
        layer=layer,
        provider_mirror=provider_mirror,
        on_message=progress.info,
        on_event=progress.listen,
    )


def _destroy(
    ctx: click.Context,
    loaded: "Loaded",
    provider_mirror: Path | None,
    *,
    yes: bool,
    remote: bool,
    stack: bool,
    as_json: bool,
) -> dict[str, Any]:
    from terrace import bootstrap
    from terrace.calls import Absent
    from terrace.cli.console import write
    from terrace.cli.options import state_home_of
    from terrace.environment import target
    from terrace.errors import AnswerIsNo
    from terrace.state import state_name
    from terrace.state.states import left
    from terrace.words import counted

    environment = loaded.environment
    kept = state_home_of(ctx, loaded)
    own = state_name(environment.name, environment.cloud, "bootstrap")
    try:
        states = left(kept)
    except Absent:
        states = []
    others = [name for name in states if name != own or not stack]
    elsewhere = [name for name in others if not name.startswith(f"{environment.name}/{environment.cloud}/")]
    deletes_home = remote and not others
    if others != elsewhere or (others and own not in states):
        raise AnswerIsNo(
            f"nothing was deleted: {kept.place} still has {counted(len(others), 'state')} with resources: "
            f"{', '.join(others)}",
            hint="destroy these environments first",
        )
    what = [f"the identities of the pipelines of {environment.name}"] if own in states else []
    what += [f"{kept.place} with every old version of a state"] if deletes_home else []
    if what:
        _confirm(f"Delete {' and '.join(what)}?", "cancelled; nothing was deleted", yes=yes)
    destroyed = _destroy_stack(ctx, loaded, provider_mirror) if own in states else 0
    retained = bootstrap.destroy(environment, target(environment)) if deletes_home else []
    if not as_json:
        if own in states:
            write(f"{environment.name}-bootstrap on {environment.cloud}: {counted(destroyed, 'resource')} destroyed")
        if deletes_home:
            write(f"{kept.place} deleted")
        elif remote:
            write(f"{kept.place} is kept: it has the state of {', '.join(others)}")
        for one in retained:
            write(f"retained: {one}")
    return {"destroyed": destroyed, "retained": retained}


def _destroy_stack(ctx: click.Context, loaded: "Loaded", provider_mirror: Path | None) -> int:
    from terrace.cli.progress import Progress
    from terrace.deployment import teardown

    with Progress() as progress:
        deployment = _deployment(ctx, loaded, provider_mirror, progress)
        return teardown.destroy(deployment, on_planned=partial(progress.expect_changes, deployment))


def _confirm(question: str, cancelled: str, *, yes: bool) -> None:
    """Ask for confirmation. Raises AnswerIsNo with the message `cancelled`, or UsageError without a terminal."""
    from terrace.cli.console import confirmed
    from terrace.errors import AnswerIsNo

    if not confirmed(question, yes=yes):
        raise AnswerIsNo(cancelled)


def _account(loaded: "Loaded") -> str:
    settings = getattr(loaded.environment, loaded.environment.cloud)
    return f"{settings.NAMED_BY.removesuffix('_id')} {settings.account}"


def _done(change: "Change") -> str:
    what = "created" if change.setting == "exists" else f"{change.setting} is now: {change.wanted}"
    return f"{change.resource}: {what}"


def _text(changes: "list[Change]") -> str:
    from terrace.cli.console import table

    rows = [[change.resource, change.setting, change.found or "-", change.wanted] for change in changes]
    return table(["resource", "setting", "found", "wanted"], rows)
