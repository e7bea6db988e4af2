"""`terrace ci token`: sign in to an environment's cloud with the token of the running job."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from terrace.cli.options import environment_argument, project_of

if TYPE_CHECKING:
    from terrace.capabilities.ci import Pipeline


@click.command("token")
@environment_argument
@click.argument("command_line", nargs=-1, metavar="[-- COMMAND...]", type=click.UNPROCESSED)
@click.option("--for", "pipeline", type=click.Choice(("plan", "apply")), required=True, help="The identity to act as.")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write files here.  [default: the runner's temporary directory, else .terrace]",
)
@click.pass_context
def command(
    ctx: click.Context, environment: str, command_line: tuple[str, ...], pipeline: str, directory: Path | None
) -> None:
    """Get the job's OpenID Connect token, and print the variables with which later steps sign in to the cloud of ENV.

    The token goes to a file that only this user can read, never to the output. On GitHub, append the output to
    $GITHUB_ENV. With COMMAND, run it with the variables instead: it replaces this process, so that a cancelled job
    interrupts it.
    """
    import json

    from terrace.capabilities.ci import system
    from terrace.cli.console import write
    from terrace.cli.options import load
    from terrace.errors import UsageError
    from terrace.pipelines.sign_in import variables
    from terrace.variables import CI_VARIABLES

    temporary = os.environ.get("RUNNER_TEMP") or os.environ.get("AGENT_TEMPDIRECTORY")
    chosen = directory or (Path(temporary) / "terrace" if temporary else project_of(ctx).working_directory / "sign-in")
    try:
        settings = {**os.environ, **json.loads(CI_VARIABLES.read() or "{}")}
    except (TypeError, ValueError) as error:
        raise UsageError(f"{CI_VARIABLES.name} is not JSON", hint="set it to ${{ toJSON(vars) }}") from error
    loaded = load(ctx, environment, None)
    environment_of = loaded.environment
    issuer = system("terrace.pipelines", environment_of.identity.ci).issuer()
    signed_in = variables(environment_of, cast("Pipeline", pipeline), issuer, chosen.resolve(), settings)
    if command_line:
        os.execvpe(command_line[0], command_line, {**os.environ, **signed_in})
    for name, value in signed_in.items():
        if "\n" in value:
            raise UsageError(f"{name} has a line break, which an environment file cannot hold")
        write(f"{name}={value}")
