"""`terrace destroy`: take a deployment down, and show what is left."""

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
@click.option("--yes", metavar="NAME", default="", help="The environment's name once more: do not ask.")
@click.option("--empty-buckets", is_flag=True, help="Delete what the buckets hold, every version of it.")
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
    """Destroy everything that ENV has deployed.

    Shows first what would stop it and what it will keep, and wants the environment's name typed in staging and prod.
    Then lifts the protections that the stack itself set, destroys, and lists what is left by tag and by service.
    """
    from terrace import live, purge
    from terrace.cli.console import say
    from terrace.cli.options import deployment_of, load, settings_of
    from terrace.cli.progress import Progress
    from terrace.deployment import teardown
    from terrace.environment import target
    from terrace.errors import AnswerIsNo

    loaded = load(ctx, environment, cloud)
    name, place = loaded.environment.name, target(loaded.environment)
    obstacles = live.preflight(loaded.environment, place)
    for obstacle in obstacles:
        say(
            f"{obstacle.kind}: {obstacle.resource} {obstacle.message}"
            + (f" ({obstacle.remedy})" * bool(obstacle.remedy))
        )
    blocks = [
        met for met in obstacles if met.kind == "blocks" and not (empty_buckets and "--empty-buckets" in met.remedy)
    ]
    if blocks:
        raise AnswerIsNo(
            f"{len(blocks)} things stand in the way; nothing was destroyed",
            hint="; ".join(dict.fromkeys(met.remedy for met in blocks if met.remedy)),
        )
    _ask(loaded, yes)
    with Progress(quiet=settings_of(ctx).quiet) as progress:
        deployment = deployment_of(
            ctx, loaded, provider_mirror=provider_mirror, say=progress.say, listener=progress.hear
        )

        def empty() -> None:
            for emptied in purge.empty_buckets(loaded.environment, place):
                if emptied.versions:
                    progress.say(f"removed {emptied.versions} object versions from {emptied.bucket}")

        destroyed = teardown.destroy(
            deployment, unlock=unlock, empty=empty if empty_buckets else None, expect=progress.expect
        )
    click.echo(f"{name} on {deployment.cloud}: {destroyed} destroyed")
    _list_what_is_left(live.leftovers(loaded.environment, place), name)


def _list_what_is_left(inventory: "Inventory", name: str) -> None:
    """Print it. Raises AnswerIsNo when there is something that nobody wanted to keep."""
    from terrace.cli.console import table
    from terrace.errors import AnswerIsNo

    for heading, found in (("kept on purpose:", inventory.kept), ("left behind:", inventory.remaining)):
        if found:
            rows = [
                [left.service, left.type, left.id, left.region, left.kept or f"by {left.found_by}"] for left in found
            ]
            click.echo(f"\n{heading}\n" + table(["service", "type", "id", "region", "why"], rows))
    for unlisted in inventory.unlisted:
        click.echo(f"could not be listed: {unlisted.service} in {unlisted.region}: {unlisted.reason}")
    if inventory.remaining:
        raise AnswerIsNo(
            f"{len(inventory.remaining)} resources of {name} are left",
            hint="run the same command again, or delete them by hand",
        )
    complete = not inventory.kept and not inventory.unlisted
    click.echo("nothing is left" if complete else "nothing else is left")


def _ask(loaded: "Loaded", yes: str) -> None:
    """The environment's name typed, or a simple yes where only developers are hurt. Raises UsageError, AnswerIsNo."""
    from terrace.cli.console import confirmed
    from terrace.errors import AnswerIsNo, UsageError

    name = loaded.environment.name
    if yes:
        if yes != name:
            raise UsageError(f"--yes says {yes!r}, but the environment is {name!r}")
        return
    if not sys.stdin.isatty():
        raise UsageError("this asks first, and there is no terminal to ask on", hint=f"answer beforehand: --yes {name}")
    if loaded.environment.tier == "dev":
        if not confirmed(f"Destroy everything in {name}?", yes=False):
            raise AnswerIsNo("nothing was destroyed")
    elif click.prompt(f"Type {name} to destroy everything in it", default="", show_default=False, err=True) != name:
        raise AnswerIsNo("that is not its name; nothing was destroyed")
