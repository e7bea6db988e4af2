"""`terrace access explain`: the resources behind a path or a right."""

import click

from terrace.cli.access.source import live_option
from terrace.cli.options import cloud_option


@click.command("explain")
@click.argument("environment", metavar="ENV|FILE")
@click.argument("question", metavar='"FROM -> TO"')
@cloud_option
@click.option("--environment", "of", metavar="ENV", help="The environment of FILE.")
@live_option
@click.pass_context
def command(ctx: click.Context, environment: str, question: str, cloud: str | None, of: str | None, live: bool) -> None:
    """Show every way from one end to another: "internet -> database", "module airflow -> lake/gold".

    An end may have wildcards: "* -> secrets/*". Each step names its ports or verbs and the resources that allow it.
    With --live, in the deployment, as the cloud's API shows it. Exit code 1 when there is no way, and when a listing of
    the deployment failed.
    """
    from terrace.assurance import access
    from terrace.assurance.access.explanation import ways
    from terrace.cli.access.source import deployed, report_unread, subject
    from terrace.cli.console import write
    from terrace.errors import UsageError

    source, arrow, destination = (part.strip() for part in question.partition("->"))
    if not (source and arrow and destination):
        raise UsageError(f"invalid question {question!r}", hint='expected e.g. "internet -> database"')
    deployment = deployed(ctx, environment, cloud) if live else None
    stack = deployment.subject if deployment else subject(ctx, environment, cloud, of)
    found = ways(access.read(stack), source, destination)
    for way in found:
        write(way)
    if not found:
        write(f"no way from {source} to {destination}")
    if deployment:
        report_unread(deployment)
    ctx.exit(0 if found and not (deployment and deployment.unread) else 1)
