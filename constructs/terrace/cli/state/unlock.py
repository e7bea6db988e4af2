"""`terrace state unlock`: release the lock of a run that has died."""

import click

from terrace.cli.options import cloud_option, stack_argument, yes_option


@click.command("unlock")
@stack_argument
@click.argument("id", metavar="ID")
@cloud_option
@yes_option
@click.pass_context
def command(ctx: click.Context, stack: str, id: str, cloud: str | None, yes: bool) -> None:
    """Release the lock ID of the state of STACK, as `terraform force-unlock` does; only if its run has died.

    `terrace state list ENV` shows locks with their holders.
    """
    from terrace.cli.state.changing import change

    change(
        ctx,
        stack,
        cloud,
        f"release lock {id}",
        lambda terraform: terraform.force_unlock(id),
        yes=yes,
        lock_timeout="0s",
    )
