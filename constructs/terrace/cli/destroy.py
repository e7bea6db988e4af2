"""`terrace destroy`: destroy a deployment and list what is left."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.cli.options import cloud_option, lock_timeout_option, mirror_option, stack_argument, unlock_option

if TYPE_CHECKING:
    from terrace.cli.progress import Progress
    from terrace.deployment.deployment import Deployment
    from terrace.environment import Loaded
    from terrace.live import Inventory, Obstacle


@click.command("destroy")
@stack_argument
@cloud_option
@mirror_option
@click.option(
    "--yes", metavar="STACK", default="", help="Do not ask for confirmation; STACK must be the name of the stack."
)
@click.option("--empty-buckets", is_flag=True, help="Delete all objects in the buckets, with all their versions.")
@lock_timeout_option
@unlock_option
@click.pass_context
def command(
    ctx: click.Context,
    stack: str,
    cloud: str | None,
    provider_mirror: Path | None,
    yes: str,
    empty_buckets: bool,
    lock_timeout: str,
    unlock: str,
) -> None:
    """Destroy all resources of STACK: of the foundation ENV, or of ENV-workloads, which has to be first.

    Lists what blocks the destroy and what it retains, then asks for confirmation: in staging and prod, the
    environment's name must be typed. Removes the protections that the stack itself set, destroys the resources, and
    lists leftovers by tag and by service. Exit code 1 when there are leftovers. A copy of the state before the destroy
    stays beside it (`terrace state list`), and the destroy is recorded in the evidence there (`terrace evidence list`).
    """
    from terrace import live, purge
    from terrace.cli.console import warn, write
    from terrace.cli.options import deployment_of, load_stack, state_home_of
    from terrace.cli.progress import Progress
    from terrace.deployment import teardown
    from terrace.deployment.trail import Trail
    from terrace.environment import target
    from terrace.errors import UsageError
    from terrace.words import counted

    loaded, layer = load_stack(ctx, stack, cloud)
    if layer == "workloads":
        _workloads(ctx, loaded, provider_mirror=provider_mirror, yes=yes, unlock=unlock, lock_timeout=lock_timeout)
        return
    name, account = loaded.environment.name, target(loaded.environment)
    if layer == "bootstrap":
        raise UsageError(
            f"{stack} outlives the environment",
            hint=f"when {name} is gone, `terrace bootstrap {name} --destroy` removes it",
        )
    _require_no_workloads(ctx, loaded)
    obstacles = live.preflight(loaded.environment, account)
    _require_none_blocks(
        [each for each in obstacles if not (empty_buckets and "--empty-buckets" in each.remedy)], obstacles
    )
    _confirm(loaded, yes, name)
    with Progress() as progress:
        deployment = deployment_of(
            ctx,
            loaded,
            lock_timeout=lock_timeout,
            provider_mirror=provider_mirror,
            on_message=progress.info,
            on_event=progress.listen,
        )

        def empty() -> None:
            def report(bucket: str, removed: int) -> None:
                progress.info(f"{counted(removed, 'object version')} deleted from {bucket} so far")

            for emptied in purge.empty_buckets(loaded.environment, account, report):
                if emptied.versions:
                    progress.info(f"deleted {counted(emptied.versions, 'object version')} from {emptied.bucket}")

        with Trail(deployment, partial(state_home_of, ctx, loaded), warn).run("destroy") as run:
            _archive(ctx, loaded, deployment, progress)
            run.begins()
            destroyed = teardown.destroy(
                deployment,
                unlock=unlock,
                empty=empty if empty_buckets else None,
                on_planned=partial(progress.expect_changes, deployment),
            )
            run.begins(summary={"destroy": destroyed})
    write(f"{name} on {deployment.cloud}: {counted(destroyed, 'resource')} destroyed")
    try:
        _list_leftovers(live.leftovers(loaded.environment, account), name)
    finally:
        run.require_recorded()


def _workloads(
    ctx: click.Context, loaded: "Loaded", *, provider_mirror: Path | None, yes: str, unlock: str, lock_timeout: str
) -> None:
    """Destroy the releases in the cluster."""
    from terrace.cli.console import warn, write
    from terrace.cli.options import deployment_of, state_home_of
    from terrace.cli.progress import Progress
    from terrace.deployment import teardown
    from terrace.deployment.trail import Trail
    from terrace.errors import TerraceError
    from terrace.words import counted

    try:
        obstacles = _in_cluster(ctx, loaded)
    except TerraceError as error:
        warn(f"the cluster was not searched for obstacles: {error}")
        obstacles = []
    _require_none_blocks(obstacles, obstacles)
    with Progress() as progress:
        deployment = deployment_of(
            ctx,
            loaded,
            layer="workloads",
            lock_timeout=lock_timeout,
            provider_mirror=provider_mirror,
            on_message=progress.info,
            on_event=progress.listen,
        )
        _confirm(loaded, yes, deployment.stack_id)
        with Trail(deployment, partial(state_home_of, ctx, loaded), warn).run("destroy") as run:
            _archive(ctx, loaded, deployment, progress)
            run.begins()
            destroyed = teardown.destroy(
                deployment,
                unlock=unlock,
                on_planned=partial(progress.expect_changes, deployment),
            )
            run.begins(summary={"destroy": destroyed})
    write(f"{deployment.stack_id} on {deployment.cloud}: {counted(destroyed, 'release')} destroyed")
    write("custom resource definitions are retained, with the objects of their kinds")
    run.require_recorded()


def _archive(ctx: click.Context, loaded: "Loaded", deployment: "Deployment", progress: "Progress") -> None:
    """Keep a copy of the state beside it: what the deployment was can be read after it is gone."""
    from terrace.cli.options import state_home_of
    from terrace.state import state_name, states

    home, name = state_home_of(ctx, loaded), (loaded.environment.name, deployment.cloud, deployment.layer)
    stored = home.read(state_name(*name))
    known = states.summary(stored.content, where=home.place) if stored else None
    if known and known.resources:
        progress.info(f"a copy of the state is kept as {states.backup(home, *name)}")


def _in_cluster(ctx: click.Context, loaded: "Loaded") -> "list[Obstacle]":
    from terrace.cli.options import cluster_of, workloads_of
    from terrace.live import cluster

    context = workloads_of(ctx, loaded.environment.name, loaded.environment.cloud)
    return cluster.preflight(cluster_of(context), {module.namespace for module in context.modules.values()})


def _require_no_workloads(ctx: click.Context, loaded: "Loaded") -> None:
    """Raise AnswerIsNo if the workloads have a state with releases: their load balancers and volumes would outlive the
    cluster."""
    from terrace.cli.options import state_homes_of
    from terrace.errors import AnswerIsNo
    from terrace.project.stack_ids import stack_id
    from terrace.state import state_name
    from terrace.words import counted

    environment = loaded.environment
    workloads = stack_id(environment.name, "workloads")
    left = state_homes_of(ctx, loaded).resources(state_name(environment.name, environment.cloud, "workloads"))
    if left:
        raise AnswerIsNo(
            f"nothing was destroyed: {workloads} still has {counted(left, 'release')} in the cluster",
            hint=f"run `terrace destroy {workloads}` first",
        )


def _require_none_blocks(considered: "Sequence[Obstacle]", all_of_them: "Sequence[Obstacle]") -> None:
    """Print the obstacles. Raises AnswerIsNo if one of those `considered` blocks."""
    from terrace.cli.console import warn
    from terrace.errors import AnswerIsNo
    from terrace.words import counted

    for obstacle in all_of_them:
        remedy = f" ({obstacle.remedy})" if obstacle.remedy else ""
        warn(f"{obstacle.kind}: {obstacle.resource} {obstacle.message}{remedy}")
    if blocking := [obstacle for obstacle in considered if obstacle.kind == "blocks"]:
        raise AnswerIsNo(
            f"nothing was destroyed: {counted(len(blocking), 'blocking obstacle')}",
            hint="; ".join(dict.fromkeys(obstacle.remedy for obstacle in blocking if obstacle.remedy)),
        )


def _list_leftovers(inventory: "Inventory", name: str) -> None:
    """Print what remains. Raises AnswerIsNo when some of it is not retained on purpose."""
    from terrace.cli.console import table, write
    from terrace.errors import AnswerIsNo
    from terrace.words import counted

    for heading, resources in (("retained on purpose:", inventory.kept), ("leftovers:", inventory.remaining)):
        if resources:
            rows = [
                [left.service, left.type, left.id, left.region, left.kept or f"found by {left.found_by}"]
                for left in resources
            ]
            write(f"\n{heading}\n" + table(["service", "type", "id", "region", "reason"], rows))
    for unlisted in inventory.unlisted:
        write(f"could not be listed: {unlisted.service} in {unlisted.region}: {unlisted.reason}")
    if inventory.remaining:
        raise AnswerIsNo(
            f"{counted(len(inventory.remaining), 'leftover')} of {name}",
            hint="run the same command again, or delete them by hand",
        )
    complete = not inventory.kept and not inventory.unlisted
    write("nothing is left" if complete else "nothing else is left")


def _confirm(loaded: "Loaded", yes: str, name: str) -> None:
    """Ask for a yes in dev, for the stack's name elsewhere. Raises UsageError, AnswerIsNo."""
    from terrace.cli.console import confirmed
    from terrace.errors import AnswerIsNo, UsageError

    if yes:
        if yes != name:
            raise UsageError(f"--yes is {yes!r}, but the environment is {name!r}")
        return
    if not sys.stdin.isatty():
        raise UsageError("cannot ask for confirmation: standard input is not a terminal", hint=f"pass --yes {name}")
    if loaded.environment.tier == "dev":
        if not confirmed(f"Destroy all resources of {name}?", yes=False):
            raise AnswerIsNo("cancelled; nothing was destroyed")
    elif click.prompt(f"Type {name} to destroy all its resources", default="", show_default=False, err=True) != name:
        raise AnswerIsNo("the name does not match; nothing was destroyed")
