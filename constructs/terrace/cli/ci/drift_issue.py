"""`terrace ci drift-issue`: the one issue about the drift of an environment."""

import json
from pathlib import Path

import click


@click.command("drift-issue")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def command(file: Path) -> None:
    """Open, update or close the issue about the drift in FILE, the output of `terrace drift ENV --json`.

    On GitHub, GITHUB_TOKEN needs `issues: write`; on GitLab, GITLAB_TOKEN the role Reporter; on Azure DevOps, where it
    is a work item, SYSTEM_ACCESSTOKEN the right to edit work items. An incomplete FILE is an error, so that a check
    that broke is not taken for one that found nothing.
    """
    from terrace.cli.console import write
    from terrace.errors import TerraceError
    from terrace.pipelines import running
    from terrace.pipelines.messages import report_drift

    try:
        report = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise TerraceError(
            "the file is not a complete report: `terrace drift` broke", where=str(file), hint="see that step's log"
        ) from error
    if not isinstance(report, dict) or not {"environment", "cloud", "drift"} <= set(report):
        raise TerraceError("not a report of `terrace drift ENV --json`", where=str(file))
    system = running()
    posted = report_drift(system.client(), report, system.run_url())
    write(f"issue {posted.done}" + (f": {posted.url}" if posted.url else ""))
