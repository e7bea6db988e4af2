"""`terrace state backup`: keep a copy of the states of an environment beside them."""

import click

from terrace.cli.options import cloud_option, environment_argument, json_option


@click.command("backup")
@environment_argument
@cloud_option
@json_option
@click.pass_context
def command(ctx: click.Context, environment: str, cloud: str | None, as_json: bool) -> None:
    """Keep a copy of each state of ENV beside it. Unlike an old version, a backup does not expire.

    Refuses while a run holds the lock of a state. Exit code 1 if there is no state.
    """
    import os

    from terrace.cli.console import write, write_json
    from terrace.cli.options import load, project_of
    from terrace.errors import AnswerIsNo
    from terrace.project.stack_ids import LAYERS
    from terrace.state import home, states

    loaded = load(ctx, environment, cloud).environment
    kept = home(loaded, project=project_of(ctx), state=os.environ.get("TERRACE_STATE", ""))
    for layer in LAYERS:
        states.require_unlocked(kept, loaded.name, loaded.cloud, layer)
    made = {layer: id for layer in LAYERS if (id := states.backup(kept, loaded.name, loaded.cloud, layer))}
    if not made:
        raise AnswerIsNo(f"{kept.place} has no state of {loaded.name} on {loaded.cloud}")
    if as_json:
        write_json({"environment": loaded.name, "cloud": loaded.cloud, "backups": made})
        return
    for layer, id in made.items():
        write(f"{layer}: {id}")
