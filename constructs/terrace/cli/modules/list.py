"""`terrace modules list`: the modules that environments may enable."""

from typing import Any

import click

from terrace.capabilities.cloud import CLOUDS
from terrace.cli.options import json_option, load, project_of


@click.command("list")
@click.argument("environment", metavar="[ENV]", required=False)
@json_option
@click.pass_context
def command(ctx: click.Context, environment: str | None, as_json: bool) -> None:
    """List the modules of the project and of Terrace; with ENV, also those of its `modules_from`, and what it enables.

    A module for other clouds than the environment's is left out of it. Exit code 1 when a module is invalid.
    """
    from terrace.cli.console import table, warn, write, write_json
    from terrace.errors import InvalidModules
    from terrace.modules.loading import folders, shown
    from terrace.modules.loading import load as load_module

    project = project_of(ctx).root
    chosen = load(ctx, environment, None).environment if environment else None
    rows: list[dict[str, Any]] = []
    problems = []
    for name, folder in folders(project, chosen.modules_from if chosen else ()).items():
        row: dict[str, Any] = {"name": name, "folder": shown(folder, project)}
        try:
            module = load_module(folder, row["folder"]).contract
            row |= {"category": module.category, "version": module.version, "summary": module.summary}
            row["clouds"] = list(module.clouds)
        except InvalidModules as error:
            problems += error.problems
            row |= {"problems": len(error.problems)}
        if chosen is not None:
            enabled = chosen.enabled_modules.get(name)
            row |= {"enabled": enabled is not None, "size": enabled.size if enabled else None}
            wanted = name in chosen.modules and chosen.modules[name].enabled
            if wanted and chosen.cloud not in row.get("clouds", CLOUDS):
                row["left_out"] = chosen.cloud
        rows.append(row)
    if as_json:
        write_json(rows)
    elif rows:
        headers = ["name", "category", "version", "summary", *(["enabled", "size"] if chosen else [])]
        write(table(headers, [_cells(row, headers) for row in rows]))
    else:
        write("no modules in modules/")
    for problem in problems:
        warn(str(problem))
    ctx.exit(1 if problems else 0)


def _cells(row: dict[str, Any], headers: list[str]) -> list[object]:
    if "problems" in row:
        row = {**row, "summary": "invalid"}
    words = {True: "yes", False: "-", None: "-"}
    if row.get("left_out"):
        row = {**row, "enabled": f"not on {row['left_out']}"}
    return [
        words[cell] if (cell := row.get(header, "")) is None or isinstance(cell, bool) else cell for header in headers
    ]
