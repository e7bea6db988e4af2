"""`terrace parity`: guarantees x clouds x environments, computed from proof."""

import json
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
@click.option("--cloud", "clouds", type=click.Choice(CLOUDS), multiple=True, help="This cloud only; repeat for more.")
@click.option(
    "--html", type=_FILE, metavar="FILE", help="Write the matrix as a page, with what was found in each cell."
)
@click.option("--markdown", type=_FILE, metavar="FILE", help="Write the matrix as Markdown, as docs/parity.md is.")
@click.option("--json", "as_json", type=_FILE, metavar="FILE", help="Write it for machines; - prints it.")
@click.pass_context
def command(
    ctx: click.Context,
    environments: tuple[str, ...],
    clouds: tuple[str, ...],
    html: Path | None,
    markdown: Path | None,
    as_json: Path | None,
) -> None:
    """Prove every guarantee on the stacks of the environments named, or of all, on every cloud.

    The stacks are synthesized apart; no credentials, no network, no Terraform. Exit code 1 when a guarantee is broken
    or unproven anywhere: what nobody looked at is not proven.
    """
    from terrace.assurance import parity
    from terrace.assurance.output import parity_pages
    from terrace.cli.options import project_of
    from terrace.environment import names

    project = project_of(ctx)
    chosen = environments or parity.ordered(project.root, names(project.root))
    matrix = parity.compute(project, chosen, clouds or CLOUDS)
    pages: list[tuple[Path | None, Callable[[Matrix], str]]] = [
        (html, parity_pages.html),
        (markdown, parity_pages.markdown),
        (as_json, lambda matrix: json.dumps(parity_pages.data(matrix), indent=2) + "\n"),
    ]
    for path, page in pages:
        if path is not None and str(path) != "-":
            path.write_text(page(matrix), encoding="utf-8")
    if as_json is not None and str(as_json) == "-":
        click.echo(json.dumps(parity_pages.data(matrix), indent=2))
    else:
        click.echo(parity_pages.text(matrix))
    if not matrix.passes:
        ctx.exit(1)
