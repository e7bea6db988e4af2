"""`terrace access show`: the network paths and rights of a stack."""

from dataclasses import asdict

import click

from terrace.cli.access.source import live_option
from terrace.cli.options import cloud_option, json_option

OUTPUTS = ("table", "json", "mermaid")


@click.command("show")
@click.argument("environment", metavar="ENV|FILE")
@cloud_option
@click.option("--environment", "of", metavar="ENV", help="The environment of FILE.")
@live_option
@click.option("--undeclared", is_flag=True, help="List differences from the environment only.")
@click.option("--output", type=click.Choice(OUTPUTS), default="table", show_default=True, help="Output format.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    environment: str,
    cloud: str | None,
    of: str | None,
    live: bool,
    undeclared: bool,
    output: str,
    as_json: bool,
) -> None:
    """List who reaches what, and who may do what, by the foundation of ENV, or by a stack or plan in FILE.

    FILE is a cdk.tf.json, or the output of `terraform show -json PLAN`. With --live, the resources of the deployment
    are read through the cloud's API, including those that Terraform did not create; the state is not read.

    Exit code 1 when the stack allows what the environment does not declare, lacks what it declares, or has what the
    access model does not know, and when a listing of the deployment failed.
    """
    from terrace.assurance import access
    from terrace.assurance.output import access as pages
    from terrace.cli.access.source import deployed, report_unread, subject
    from terrace.cli.console import table, warn, write, write_json

    deployment = deployed(ctx, environment, cloud) if live else None
    stack = deployment.subject if deployment else subject(ctx, environment, cloud, of)
    found = access.differences(stack)
    every: list[pages.Edge] = [*access.read(stack).paths, *access.read(stack).grants]
    edges = found.undeclared if undeclared else every
    if as_json or output == "json":
        unread = [asdict(one) for one in deployment.unread] if deployment else []
        read = {"unread": unread, "not_read": list(deployment.not_read)} if deployment else {}
        write_json(pages.data(stack, edges, found) | read)
    elif output == "mermaid":
        write(pages.mermaid(edges, found), newline=False)
    else:
        write(table(pages.HEADERS, pages.rows(edges, found)))
        for line in pages.problems(found):
            warn(line)
        if deployment:
            report_unread(deployment)
    unproven = deployment is not None and deployment.unread
    ctx.exit(1 if found.undeclared or found.missing or found.unknown or unproven else 0)
