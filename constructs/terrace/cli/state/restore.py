"""`terrace state restore`: go back to a version or a backup of a state."""

import click

from terrace.cli.options import cloud_option, lock_timeout_option, stack_argument, yes_option


@click.command("restore")
@stack_argument
@cloud_option
@click.option(
    "--version", "id", default="", metavar="ID", help="A version or backup.  [default: the one before the current]"
)
@yes_option
@lock_timeout_option
@click.pass_context
def command(ctx: click.Context, stack: str, cloud: str | None, id: str, yes: bool, lock_timeout: str) -> None:
    """Make a version or a backup the state of STACK again.

    The replaced state is kept as a backup. Terraform writes the state, under its lock, with a new serial. The resources
    in the cloud do not change: plan afterwards, and read what differs. Refuses while a run holds the lock.
    """
    import os

    from terrace.cli.console import confirmed, info, write
    from terrace.cli.options import deployment_of, load_stack, project_of
    from terrace.errors import AnswerIsNo
    from terrace.state import home, state_name, states

    loaded, layer = load_stack(ctx, stack, cloud)
    name, where = loaded.environment.name, loaded.environment.cloud
    kept = home(loaded.environment, project=project_of(ctx), state=os.environ.get("TERRACE_STATE", ""))
    states.require_unlocked(kept, name, where, layer)
    stored = kept.read(state_name(name, where, layer))
    current = states.summary(stored.content, where=kept.place) if stored else None
    if not id:
        older = [
            version
            for version in states.versions(kept, name, where, layer)
            if not current or version.summary.serial < current.serial
        ]
        if not older:
            raise AnswerIsNo(f"{kept.place} has no older version of the {layer} state of {name} on {where}")
        id = older[0].id
    content = states.read(kept, name, where, layer, id)
    wanted = states.summary(content, where=id)
    assert wanted
    if current and current.lineage != wanted.lineage:
        raise AnswerIsNo(
            f"version {id} is of another state: its lineage is {wanted.lineage}, the current one's {current.lineage}",
            where=kept.place,
            hint=f"`terrace state list {name}` lists the versions",
        )
    now = f"serial {current.serial}, {current.resources} resources" if current else "none"
    info(f"the state now: {now}; version {id}: serial {wanted.serial}, {wanted.resources} resources")
    if not confirmed(f"Restore version {id} of the {layer} state of {name} on {where}?", yes=yes):
        raise AnswerIsNo("cancelled; the state is as before")
    replaced = states.backup(kept, name, where, layer)
    deployment = deployment_of(ctx, loaded, layer=layer, lock_timeout=lock_timeout)
    deployment.terraform().push_state(states.next_serial(content, current))
    write(f"{deployment.stack_id} on {where}: version {id} restored, {wanted.resources} resources")
    if replaced:
        write(f"the replaced state is backup {replaced}")
