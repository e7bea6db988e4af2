"""`terrace ci matrix`: the environments that a change affects, for the matrix of a pipeline."""

import click

from terrace.cli.options import project_of


@click.command("matrix")
@click.option(
    "--since",
    default="",
    metavar="REF",
    help="Only the environments that the commits since REF affect; all if REF is empty or not in this clone.",
)
@click.option("--names", is_flag=True, help="Print the environments' names only, one a line.")
@click.pass_context
def command(ctx: click.Context, since: str, names: bool) -> None:
    """Print the environments that pipelines deploy, in the order of their promotion, as one line of JSON.

    They are those with remote state. A change of an environment's files affects that environment; a change of another
    file that stacks are made of affects all.
    """
    import json

    from terrace.cli.console import info, write
    from terrace.pipelines import deployments

    root = project_of(ctx).root
    every = deployments.deployed(root)
    changed = deployments.changed_files(root, since)
    if since and changed is None:
        info(f"{since} is not in this clone: all environments count as affected")
    chosen = every if changed is None else deployments.affected(every, changed)
    if names:
        for one in chosen:
            write(one.name)
        return
    write(json.dumps([one.as_data() for one in chosen], separators=(",", ":")))
