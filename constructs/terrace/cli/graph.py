"""`terrace graph`: the modules of an environment and what they use, as a picture or data."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.cli.options import cloud_option, json_option

if TYPE_CHECKING:
    from terrace.workloads.context import Context
    from terrace.workloads.graph import Graph

FORMATS = ("table", "svg", "mermaid", "json")


@click.command("graph")
@click.argument("environment", metavar="[ENV]", required=False)
@cloud_option
@click.option(
    "--module", "modules", multiple=True, metavar="NAME", help="Only this module and what it is related to; repeatable."
)
@click.option("--output", type=click.Choice(FORMATS), default="table", show_default=True, help="Format of the output.")
@json_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write to a file.")
@click.pass_context
def command(
    ctx: click.Context,
    environment: str | None,
    cloud: str | None,
    modules: tuple[str, ...],
    output: str,
    as_json: bool,
    out: Path | None,
) -> None:
    """Show the modules of ENV, what they need and provide, and their network paths.

    Without ENV: all modules that can be enabled together, in the first environment. --json is --output json;
    docs/reference/graph.md describes its keys. A file's suffix (.svg, .mmd, .json) decides its format unless --output
    does. A picture of many modules is readable as SVG; as Mermaid, --module keeps it small.
    """
    from click.core import ParameterSource

    from terrace.cli.console import info, write
    from terrace.cli.options import workloads_of
    from terrace.documents.suggestions import hint
    from terrace.errors import UsageError
    from terrace.workloads.graph import around, graph

    given = ctx.get_parameter_source("output") == ParameterSource.COMMANDLINE
    if as_json and given and output != "json":
        raise UsageError(f"--json cannot be combined with --output {output}", hint="use one of them")
    if as_json:
        output = "json"
    elif out is not None and not given:
        output = {".svg": "svg", ".mmd": "mermaid", ".json": "json"}.get(out.suffix, "table")
    context = workloads_of(ctx, environment, cloud) if environment else _all(ctx, cloud)
    for name in modules:
        if name not in context.modules:
            message = f"module {name!r} is not enabled in {context.environment.name}"
            raise UsageError(message, hint=hint(name, list(context.modules)))
    found = graph(context)
    text = rendered(around(found, modules) if modules else found, output)
    if out is None:
        write(text, newline=False)
    else:
        out.write_text(text, encoding="utf-8")
        info(f"wrote {out}")


def rendered(found: "Graph", output: str) -> str:
    """The graph in one of FORMATS."""
    from terrace.workloads.graph_mermaid import mermaid
    from terrace.workloads.graph_svg import svg

    if output == "json":
        return found.model_dump_json(indent=2, exclude_defaults=True) + "\n"
    if output == "svg":
        return svg(found)
    return mermaid(found) if output == "mermaid" else _table(found)


def _table(found: "Graph") -> str:
    from terrace.cli.console import table

    rows = [
        [_shown(edge.source), edge.kind, _shown(edge.target), edge.port or "", edge.access or "", edge.label]
        for edge in found.edges
    ]
    return table(["from", "relation", "to", "port", "access", "purpose"], rows) + "\n"


def _shown(id: str) -> str:
    return id.removeprefix("module/")


def _all(ctx: click.Context, cloud: str | None) -> "Context":
    """The first environment with all modules enabled that fit together."""
    from terrace.cli.options import load, project_of
    from terrace.environment import names
    from terrace.errors import InvalidModules, UsageError
    from terrace.workloads import selection

    project = project_of(ctx)
    found = names(project.root)
    if not found:
        raise UsageError("the project has no environments", hint="add one to environments/")
    first = load(ctx, found[0], cloud).environment
    chosen = next(selection.selections(project.root, first.name, first.cloud, outputs=project.outputs), None)
    if chosen is None:
        raise UsageError("the project has no modules", hint="add one to modules/")
    if chosen.problems:
        raise InvalidModules(list(chosen.problems))
    return chosen.context
