"""`terrace state migrate`: move the states of an environment to the home that its files name."""

from pathlib import Path

import click

from terrace.cli.options import cloud_option, environment_argument, lock_timeout_option, mirror_option, yes_option


@click.command("migrate")
@environment_argument
@cloud_option
@mirror_option
@click.option(
    "--from",
    "source",
    default="",
    metavar="HOME",
    help="Where the states are: `local`, `computed` (the bucket of the computed name), or a bucket.  "
    "[default: the home of this machine's last run]",
)
@yes_option
@lock_timeout_option
@click.pass_context
def command(
    ctx: click.Context,
    environment: str,
    cloud: str | None,
    provider_mirror: Path | None,
    source: str,
    yes: bool,
    lock_timeout: str,
) -> None:
    """Move the states of ENV to the home that its files name, after a change of `state`.

    Terraform copies each state while it holds the locks of both. Serial and lineage are compared, evidence and backups
    are copied too, and the old state stays with a note that later plans read. Nothing in the cloud changes. Make the
    new home first, with `terrace bootstrap`.
    """
    from terrace.cli.console import confirmed, info, write
    from terrace.cli.options import deployment_of, load, state_homes_of
    from terrace.deployment import state_migration
    from terrace.errors import AnswerIsNo
    from terrace.project.stack_ids import LAYERS
    from terrace.state import state_name
    from terrace.state.homes import last_home
    from terrace.words import counted

    loaded = load(ctx, environment, cloud)
    homes, name = state_homes_of(ctx, loaded), loaded.environment.name
    moves = []
    for layer in LAYERS:
        deployment = deployment_of(ctx, loaded, layer=layer, lock_timeout=lock_timeout, provider_mirror=provider_mirror)
        last = source or last_home(deployment.data_directory)
        found = homes.elsewhere(state_name(name, loaded.environment.cloud, layer), last)
        if found:
            moves.append((deployment, *found))
    if not moves:
        raise AnswerIsNo(
            f"no other home with a state of {name} is known; the environment names {homes.named.place}",
            hint="name it with --from: `local`, `computed` or a bucket",
        )
    for deployment, _, old, summary in moves:
        held = f"serial {summary.serial}, {counted(summary.resources, 'resource')}"
        info(f"{deployment.stack_id}: {old.place} ({held}) -> {homes.named.place}")
    if not confirmed(f"Move {counted(len(moves), 'state')} of {name}?", yes=yes):
        raise AnswerIsNo("cancelled; the states are as before")
    for deployment, home, old, _ in moves:
        moved = state_migration.migrate(deployment, homes, home)
        write(f"{deployment.stack_id}: {counted(moved.resources, 'resource')} moved, serial {moved.serial}")
        write(f"the old state stays in {old.place}, with a note")
