"""`terrace state mv`: give a resource another address in the state."""

import click

from terrace.cli.options import cloud_option, lock_timeout_option, stack_argument, yes_option


@click.command("mv")
@stack_argument
@click.argument("source", metavar="FROM")
@click.argument("destination", metavar="TO")
@cloud_option
@yes_option
@lock_timeout_option
@click.pass_context
def command(
    ctx: click.Context, stack: str, source: str, destination: str, cloud: str | None, yes: bool, lock_timeout: str
) -> None:
    """Give the resource at the address FROM in the state of STACK the address TO, as `terraform state mv` does.

    Prefer `moved` in the stack, which every deployment follows.
    """
    from terrace.cli.state.changing import change

    change(
        ctx,
        stack,
        cloud,
        f"move {source} to {destination}",
        lambda terraform: terraform.move_in_state(source, destination),
        yes=yes,
        lock_timeout=lock_timeout,
    )
