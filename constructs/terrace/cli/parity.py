"""`terrace parity`: check every guarantee on every cloud, from the stacks alone."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.capabilities.cloud import CLOUDS

if TYPE_CHECKING:
    from terrace.assurance.parity import Matrix

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("parity")
@click.argument("environments", nargs=-1, metavar="[ENV]...")
@click.option("--cloud", "clouds", type=click.Choice(CLOUDS), multiple=True, help="Check this cloud only; repeatable.")
@click.option(
    "--html", type=_FILE, metavar="FILE", help="Write the matrix as an HTML page, with the reason of each status."
)
@click.option("--markdown", type=_FILE, metavar="FILE", help="Write the matrix as Markdown, like docs/parity.md.")
@click.option("--json", "as_json", type=_FILE, metavar="FILE", help="Write the matrix as JSON; - for standard output.")
@click.pass_context
def command(
    ctx: click.Context,
    environments: tuple[str, ...],
    clouds: tuple[str, ...],
    html: Path | None,
    markdown: Path | None,
    as_json: Path | None,
) -> None:
    """Check every guarantee on the stacks of the given environments, or of all, on every cloud.

    The stacks are synthesized without credentials, network or Terraform. Exit code 1 when a guarantee is broken or
    unproven on any of them.
    """
    from terrace.assurance import parity
    from terrace.assurance.output import html as html_pages
    from terrace.assurance.output import json_data, terminal
    from terrace.assurance.output import markdown as markdown_pages
    from terrace.assurance.report.provenance import provenance
    from terrace.cli.console import wrapped, write
    from terrace.cli.options import project_of
    from terrace.cli.progress import working
    from terrace.environment import names

    project = project_of(ctx)
    chosen = environments or parity.ordered(project.root, names(project.root))
    with working(f"evaluating {', '.join(chosen)}"):
        matrix = parity.compute(project, chosen, clouds or project.clouds)
    pages: list[tuple[Path | None, Callable[[Matrix], str]]] = [
        (html, lambda found: html_pages.parity(found, provenance(project.root, []))),
        (markdown, markdown_pages.parity),
        (as_json, json_data.parity),
    ]
    for path, page in pages:
        if path is not None and str(path) != "-":
            path.write_text(page(matrix), encoding="utf-8")
    if as_json is not None and str(as_json) == "-":
        write(json_data.parity(matrix), newline=False)
    else:
        write(wrapped(terminal.parity(matrix)))
    if not matrix.passes:
        ctx.exit(1)
