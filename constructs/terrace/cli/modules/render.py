"""`terrace modules render`: print the objects of a module as one environment installs them."""

import os

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
    stand-ins until it is applied.
    """
    from terrace.cli.console import info, write, write_json, yaml_text
    from terrace.cli.options import project_of, workloads_of
    from terrace.documents.suggestions import hint
    from terrace.errors import UsageError
    from terrace.workloads import charts, helm
    from terrace.workloads.releases import releases
    from terrace.workloads.rendering import Renderer

    project = project_of(ctx)
    context = workloads_of(ctx, environment, cloud)
    if module not in context.modules:
        raise UsageError(f"module {module!r} is not enabled in {environment}", hint=hint(module, list(context.modules)))
    chosen = [release for release in releases(context) if release.module == module]
    if only_values:
        documents = [{"release": one.name, "values": one.values} for one in chosen]
    else:
        renderer = Renderer(helm.find(project.root), charts.directory(os.environ))
        rendered = [renderer.render(release, context) for release in chosen]
        for one in rendered:
            if one.skipped:
                info(f"{one.release.name}: not rendered, {one.skipped}")
        documents = [dict(document) for one in rendered for document in one.objects]
    if as_json:
        write_json(documents)
        return
    write(yaml_text(documents), newline=False)
