"""`terrace state show`: the resources of a state, and the values of one."""

import click

from terrace.cli.options import cloud_option, json_option, stack_argument


@click.command("show")
@stack_argument
@click.argument("address", required=False)
@cloud_option
@json_option
@click.pass_context
def command(ctx: click.Context, stack: str, address: str | None, cloud: str | None, as_json: bool) -> None:
    """List the resources in the state of STACK with the constructs that they come from, or show the values of one.

    Sensitive values are never printed. Exit code 1 if the state does not have ADDRESS.
    """
    from terrace.cli.console import table, write, write_json
    from terrace.cli.options import deployment_of, load_stack
    from terrace.deployment.changes import construct_at
    from terrace.deployment.values import rows, without_sensitive
    from terrace.errors import AnswerIsNo

    loaded, layer = load_stack(ctx, stack, cloud)
    deployment = deployment_of(ctx, loaded, layer=layer)
    terraform = deployment.terraform()
    if address is None:
        paths = terraform.construct_paths()
        found = [{"address": one, "construct": construct_at(paths, one)} for one in terraform.addresses()]
        if as_json:
            write_json({"stack": deployment.stack_id, "cloud": deployment.cloud, "resources": found})
        elif found:
            write(table(["address", "construct"], [list(one.values()) for one in found]))
        else:
            write(f"the state of {deployment.stack_id} on {deployment.cloud} has no resources")
        return
    resources = terraform.state().get("values", {}).get("root_module", {}).get("resources", [])
    matching = [one for one in resources if one["address"] == address]
    if not matching:
        raise AnswerIsNo(
            f"the state of {deployment.stack_id} on {deployment.cloud} has no {address}",
            hint=f"`terrace state show {deployment.stack_id}` lists the addresses",
        )
    values = without_sensitive(matching[0]["values"], matching[0].get("sensitive_values"))
    if as_json:
        write_json({"address": address, "type": matching[0]["type"], "values": values})
    else:
        write(table(["attribute", "value"], rows(values)))
