"""`terrace modules outdated`: modules with newer versions, or without support."""

from datetime import UTC, datetime
from typing import Any

import click

from terrace.cli.options import cloud_option, json_option, load, project_of


@click.command("outdated")
@click.argument("environment", metavar="[ENV]", required=False)
@cloud_option
@json_option
@click.pass_context
def command(ctx: click.Context, environment: str | None, cloud: str | None, as_json: bool) -> None:
    """Compare the versions of the modules of ENV, or of all modules, with policies/versions.yaml.

    The file names the newest version that was found, and until when a release is supported where its project says so,
    with dates and sources; nothing is downloaded. Exit code 1 when a module has a newer version, when its support has
    ended, or when the file does not list it.
    """
    from terrace.assurance import versions
    from terrace.cli.console import table, warn, write, write_json
    from terrace.modules.loading import folders
    from terrace.words import counted
    from terrace.workloads import selection

    project = project_of(ctx)
    if environment:
        enabled = load(ctx, environment, cloud).environment.enabled_modules
        modules = {name: module.contract for name, module in enabled.items()}
    else:
        valid, problems = selection.modules(project.root, folders(project.root))
        modules = {name: module.contract for name, module in valid.items()}
        for problem in problems:
            warn(str(problem))
    known, today = versions.load(project.root), datetime.now(UTC).date()
    rows: list[dict[str, Any]] = []
    for name, contract in modules.items():
        found = known.modules.get(name)
        support = found.support(contract.version) if found else None
        reasons = [] if found else ["not listed"]
        if found and found.behind(contract.version):
            reasons.append("newer version")
        if support and support.until < today:
            reasons.append("support ended")
        rows.append(
            {
                "module": name,
                "version": contract.version,
                "newest": found.newest.version if found else None,
                "seen": found.newest.seen.isoformat() if found else None,
                "until": support.until.isoformat() if support else None,
                "problem": ", ".join(reasons),
                "source": found.newest.source if found else None,
            }
        )
    outdated = [row for row in rows if row["problem"]]
    if as_json:
        write_json(rows)
    else:
        headers = ["module", "version", "newest", "seen", "until", "problem"]
        write(table(headers, [[row[header] or "-" for header in headers] for row in rows]))
        write(f"{counted(len(outdated), 'module')} of {len(rows)} outdated")
    if outdated:
        ctx.exit(1)
