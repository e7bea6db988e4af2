"""`terrace destroy`: destroy a deployment and list what is left."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.cli.options import cloud_option, environment_argument, mirror_option, unlock_option

if TYPE_CHECKING:
    from terrace.environment import Loaded
    from terrace.live import Inventory


@click.command("destroy")
@environment_argument
@cloud_option
@mirror_option
@click.option(
    "--yes", metavar="ENV", default="", help="Do not ask for confirmation; ENV must be the name of the environment."
)
@click.option("--empty-buckets", is_flag=True, help="Delete all objects in the buckets, with all their versions.")
@unlock_option
@click.pass_context
def command(
    ctx: click.Context,
    environment: str,
    cloud: str | None,
    provider_mirror: Path | None,
    yes: str,
    empty_buckets: bool,
    unlock: str,
) -> None:
    """Destroy all resources of ENV.

    Lists what blocks the destroy and what it retains, then asks for confirmation: in staging and prod, the
    environment's name must be typed. Removes the protections that the stack itself set, destroys the resources, and
    lists leftovers by tag and by service. Exit code 1 when there are leftovers.
    """
    from terrace import live, purge
    from terrace.cli.console import warn, write
    from terrace.cli.options import deployment_of, load
    from terrace.cli.progress import Progress
    from terrace.deployment import teardown
    from terrace.environment import target
    from terrace.errors import AnswerIsNo
    from terrace.words import counted

    loaded = load(ctx, environment, cloud)
    name, account = loaded.environment.name, target(loaded.environment)
    obstacles = live.preflight(loaded.environment, account)
    for obstacle in obstacles:
        remedy = f" ({obstacle.remedy})" if obstacle.remedy else ""
        warn(f"{obstacle.kind}: {obstacle.resource} {obstacle.message}{remedy}")
    blocking = [
        obstacle
        for obstacle in obstacles
        if obstacle.kind == "blocks" and not (empty_buckets and "--empty-buckets" in obstacle.remedy)
    ]
    if blocking:
        raise AnswerIsNo(
            f"nothing was destroyed: {counted(len(blocking), 'blocking obstacle')}",
            hint="; ".join(dict.fromkeys(obstacle.remedy for obstacle in blocking if obstacle.remedy)),
        )
    _confirm(loaded, yes)
    with Progress() as progress:
        deployment = deployment_of(
            ctx, loaded, provider_mirror=provider_mirror, on_message=progress.info, on_event=progress.listen
        )

        def empty() -> None:
            for emptied in purge.empty_buckets(loaded.environment, account):
                if emptied.versions:
                    progress.info(f"deleted {counted(emptied.versions, 'object version')} from {emptied.bucket}")

        destroyed = teardown.destroy(
            deployment, unlock=unlock, empty=empty if empty_buckets else None, on_total=progress.expect
        )
    write(f"{name} on {deployment.cloud}: {counted(destroyed, 'resource')} destroyed")
    _list_leftovers(live.leftovers(loaded.environment, account), name)


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


def _confirm(loaded: "Loaded", yes: str) -> None:
    """Ask for a yes in dev, for the environment's name elsewhere. Raises UsageError, AnswerIsNo."""
    from terrace.cli.console import confirmed
    from terrace.errors import AnswerIsNo, UsageError

    name = loaded.environment.name
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
