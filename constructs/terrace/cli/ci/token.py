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
@click.option("--for", "pipeline", type=click.Choice(("plan", "apply")), required=True, help="The identity to act as.")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write files here.  [default: the runner's temporary directory, else .terrace]",
)
@click.pass_context
def command(ctx: click.Context, environment: str, pipeline: str, directory: Path | None) -> None:
    """Get the job's OpenID Connect token, and print the variables with which later steps sign in to the cloud of ENV.

    The token goes to a file that only this user can read, never to the output. On GitHub, append the output to
    $GITHUB_ENV.
    """
    import json

    from terrace.cli.console import write
    from terrace.cli.options import load
    from terrace.errors import UsageError
    from terrace.pipelines.sign_in import variables
    from terrace.pipelines.token import Issuer

    temporary = os.environ.get("RUNNER_TEMP") or os.environ.get("AGENT_TEMPDIRECTORY")
    chosen = directory or (Path(temporary) / "terrace" if temporary else project_of(ctx).working_directory / "sign-in")
    try:
        settings = json.loads(os.environ.get("TERRACE_CI_VARIABLES") or "{}")
    except ValueError as error:
        raise UsageError("TERRACE_CI_VARIABLES is not JSON", hint="set it to ${{ toJSON(vars) }}") from error
    loaded = load(ctx, environment, None)
    signed_in = variables(loaded.environment, cast("Pipeline", pipeline), Issuer.of(), chosen.resolve(), dict(settings))
    for name, value in signed_in.items():
        if "\n" in value:
            raise UsageError(f"{name} has a line break, which an environment file cannot hold")
        write(f"{name}={value}")
