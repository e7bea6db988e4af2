"""`terrace access diff`: what a change lets anyone reach or do."""

from dataclasses import asdict

import click

from terrace.cli.options import cloud_option, json_option


@click.command("diff")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B", required=False)
@cloud_option
@click.option("--environment", "of", metavar="ENV", help="The environment of stacks given as files.")
@click.option("--live", is_flag=True, help="Compare A with the deployment, in place of B.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    before: str,
    after: str | None,
    cloud: str | None,
    of: str | None,
    live: bool,
    as_json: bool,
) -> None:
    """Compare what two foundations allow.

    A and B are environments, files (a cdk.tf.json, or a plan as `terraform show -json` prints it) or ENV@REF, an
    environment at a git ref. `terrace access diff A --live` shows what the deployment of A's environment allows besides
    A, and what it lacks. Exit code 1 when they differ, and when a listing of the deployment failed.
    """
    from terrace.assurance import access
    from terrace.assurance.access import model
    from terrace.assurance.output import access as pages
    from terrace.cli.access.source import deployed, report_unread, subject
    from terrace.cli.console import write, write_json
    from terrace.errors import UsageError

    if live is (after is not None):
        raise UsageError(
            "compare A with B or with --live", hint="terrace access diff A B, terrace access diff A --live"
        )
    old = access.read(subject(ctx, before, cloud, of))
    deployment = deployed(ctx, before, cloud, of) if live else None
    new = access.read(deployment.subject if deployment else subject(ctx, str(after), cloud, of))
    removed, added = model.changes(old, new)
    if as_json:
        unread = {"unread": [asdict(one) for one in deployment.unread]} if deployment else {}
        edges = {"added": [pages.edge(one) for one in added], "removed": [pages.edge(one) for one in removed]}
        write_json(edges | unread)
    else:
        write("\n".join(model.sentences(removed, added)) or "no difference")
        if deployment:
            report_unread(deployment)
    ctx.exit(1 if added or removed or (deployment and deployment.unread) else 0)
