"""`terrace ci setup`: the settings of the repository that pipelines rely on."""

import json
from typing import TYPE_CHECKING

import click

from terrace.capabilities import ci
from terrace.capabilities.ci import CI_SYSTEMS, CiName
from terrace.cli.options import project_of

if TYPE_CHECKING:
    from terrace.pipelines.settings import Setting


@click.command("setup")
@click.argument("system", type=click.Choice(CI_SYSTEMS))
@click.option("--yes", "-y", is_flag=True, help="Set what is missing.")
@click.option(
    "--reviewer",
    "reviewers",
    multiple=True,
    metavar="team:NAME|user:NAME",
    help="Who approves deployments to staging and prod; repeatable.",
)
@click.option("--variable", "variables", multiple=True, metavar="NAME=VALUE", help="A variable to set; repeatable.")
@click.pass_context
def command(
    ctx: click.Context, system: CiName, yes: bool, reviewers: tuple[str, ...], variables: tuple[str, ...]
) -> None:
    """Compare the repository's settings with what the workflows rely on, and print or, with --yes, set what is missing.

    They are the rules of the main branch and of each environment, the form of tokens, the rights of jobs, and the
    variables of Azure. GITHUB_TOKEN, GITLAB_TOKEN or AZURE_DEVOPS_EXT_PAT must be an administrator's. A setting that is
    stricter stays as it is. Exit code 1 while something is missing.
    """
    from terrace.cli.console import info, write
    from terrace.errors import UsageError
    from terrace.pipelines import deployments, settings

    stages = deployments.environments(project_of(ctx).root)
    own = ci.system("terrace.pipelines", system)
    client = own.client(identity=stages[0].environment.identity)
    rules = ci.system("terrace.pipelines", system, "settings")
    values = dict(text.split("=", 1) for text in variables if "=" in text)
    if len(values) < len(variables):
        raise UsageError("a variable is NAME=VALUE", hint="--variable TERRACE_PROD_PLAN_CLIENT_ID=...")
    approving = [rules.reviewer(client, text) for text in reviewers]
    found = list(rules.settings(client, stages, approving, values))
    if yes:
        settings.apply(client, found)
        found = list(rules.settings(client, stages, approving, values))
    write(text(found))
    for call in (call for one in found if one.missing for call in one.calls):
        write(f"\n{call.method} {client.path(call.path)}\n{json.dumps(call.body)}")
    if any(one.missing for one in found):
        info("\nrun the command again with --yes to send these requests" if not yes else "\nnot all could be set")
        ctx.exit(1)


def text(found: "list[Setting]") -> str:
    """A line for each setting: ok, or what is missing and who can set it."""
    lines = []
    for one in found:
        lines.append(f"{'MISSING' if one.missing else 'ok':8} {one.name}" + (f": {one.missing}" if one.missing else ""))
        if one.missing and one.hint and not one.calls:
            lines.append(f"{'':8} {one.hint}")
    return "\n".join(lines)
