"""`terrace modules render`: print the objects of a module, or the resources of a connector, in one environment."""

import os
from typing import Any

import click

from terrace.cli.options import cloud_option, json_option


@click.command("render")
@click.argument("module")
@click.argument("environment", metavar="ENV")
@cloud_option
@click.option("--values", "only_values", is_flag=True, help="Print the values of the releases instead.")
@json_option
@click.pass_context
def command(
    ctx: click.Context, module: str, environment: str, cloud: str | None, only_values: bool, as_json: bool
) -> None:
    """Print the Kubernetes objects of MODULE in ENV, of all its releases.

    The objects of Terrace's own releases are always printed. An upstream chart is read from TERRACE_CHART_DIR and
    rendered with helm; without them, a comment says what is missing. Values that only the foundation knows are
    stand-ins until it is applied. Of a connector, its part of the stack is printed.
    """
    from terrace.cli.console import info, write, write_json, yaml_text
    from terrace.cli.options import project_of, workloads_of
    from terrace.documents.suggestions import hint
    from terrace.errors import UsageError
    from terrace.workloads import charts, connectors, helm
    from terrace.workloads.releases import releases
    from terrace.workloads.rendering import Renderer

    project = project_of(ctx)
    context = workloads_of(ctx, environment, cloud)
    enabled = context.environment.enabled_modules
    if module not in enabled:
        raise UsageError(f"module {module!r} is not enabled in {environment}", hint=hint(module, list(enabled)))
    chosen = [release for release in releases(context) if release.module == module]
    if module in context.connectors:
        one = connectors.connector(enabled[module], context)
        part: dict[str, Any] = {"provider": one.provider, "resource": one.resources, "output": one.outputs}
        documents = [part]
    elif only_values:
        documents = [{"release": one.name, "values": one.values} for one in chosen]
    else:
        renderer = Renderer(helm.find(project.root), charts.directory(os.environ))
        rendered = [renderer.render(release, context) for release in chosen]
        for each in rendered:
            if each.skipped:
                info(f"{each.release.name}: not rendered, {each.skipped}")
        documents = [dict(document) for each in rendered for document in each.objects]
    if as_json:
        write_json(documents)
        return
    write(yaml_text(documents), newline=False)
