"""`terrace ci drift-issue`: the one issue about the drift of an environment."""

import json
import os
from pathlib import Path

import click


@click.command("drift-issue")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def command(file: Path) -> None:
    """Open, update or close the issue on GitHub about the drift in FILE, the output of `terrace drift ENV --json`.

    GITHUB_TOKEN needs `issues: write`. An incomplete FILE is an error, so that a check that broke is not taken for one
    that found nothing.
    """
    from terrace.cli.console import write
    from terrace.errors import TerraceError
    from terrace.pipelines.github import GitHub
    from terrace.pipelines.messages import report_drift

    try:
        report = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise TerraceError(
            "the file is not a complete report: `terrace drift` broke", where=str(file), hint="see that step's log"
        ) from error
    if not isinstance(report, dict) or not {"environment", "cloud", "drift"} <= set(report):
        raise TerraceError("not a report of `terrace drift ENV --json`", where=str(file))
    posted = report_drift(GitHub.of(), report, _run())
    write(f"issue {posted.done}" + (f": {posted.url}" if posted.url else ""))


def _run() -> str:
    """The address of the running job's run; "" outside one."""
    server, repository, run = (
        os.environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""
