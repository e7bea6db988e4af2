"""`terrace state rm`: forget resources, which stay in the cloud."""

import click

from terrace.cli.options import cloud_option, lock_timeout_option, stack_argument, yes_option


@click.command("rm")
@stack_argument
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@cloud_option
@yes_option
@lock_timeout_option
@click.pass_context
def command(
    ctx: click.Context, stack: str, addresses: tuple[str, ...], cloud: str | None, yes: bool, lock_timeout: str
) -> None:
    """Remove resources from the state of STACK, as `terraform state rm` does. They stay in the cloud."""
    from terrace.cli.state.changing import change

    change(
        ctx,
        stack,
        cloud,
        f"remove {', '.join(addresses)}",
        lambda terraform: terraform.remove_from_state(addresses),
        yes=yes,
        lock_timeout=lock_timeout,
    )
