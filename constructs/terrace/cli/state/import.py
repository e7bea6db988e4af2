"""`terrace state import`: adopt a resource that exists in the cloud."""

import click

from terrace.cli.options import cloud_option, lock_timeout_option, stack_argument, yes_option


@click.command("import")
@stack_argument
@click.argument("address")
@click.argument("id", metavar="ID")
@cloud_option
@yes_option
@lock_timeout_option
@click.pass_context
def command(
    ctx: click.Context, stack: str, address: str, id: str, cloud: str | None, yes: bool, lock_timeout: str
) -> None:
    """Put the resource with the cloud's ID under ADDRESS into the state of STACK, as `terraform import` does.

    The stack must have the resource. `terrace plan STACK --recover` finds and adopts all resources by itself.
    """
    from terrace.cli.state.changing import change

    change(
        ctx,
        stack,
        cloud,
        f"import {id} as {address}",
        lambda terraform: terraform.import_resource(address, id),
        yes=yes,
        lock_timeout=lock_timeout,
    )
