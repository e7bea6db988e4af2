"""`terrace modules vendor`: download the charts of modules."""

from pathlib import Path

import click

from terrace.cli.options import cloud_option, load, project_of


@click.command("vendor")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--env", "environment", metavar="ENV", help="Only the charts of the modules that ENV enables.")
@cloud_option
@click.pass_context
def command(ctx: click.Context, directory: Path, environment: str | None, cloud: str | None) -> None:
    """Download the charts of modules to DIR and verify their digests; then set TERRACE_CHART_DIR to DIR.

    Archives that are there already are verified and not downloaded again. A chart of an OCI registry needs helm.
    Exit code 1 when a chart is not available.
    """
    from terrace.cli.console import error, info, warn, write
    from terrace.errors import TerraceError
    from terrace.modules.loading import folders
    from terrace.words import counted
    from terrace.workloads import helm, selection, vendoring

    project = project_of(ctx)
    if environment:
        enabled = load(ctx, environment, cloud).environment.enabled_modules
        contracts = [module.contract for module in enabled.values()]
    else:
        contracts = [module.contract for module in selection.modules(project.root, folders(project.root))[0].values()]
    wanted = list(dict.fromkeys(one.chart for one in contracts if one.chart and one.chart.repository))
    binary, failed = helm.find(project.root), 0
    for chart in wanted:
        try:
            one = vendoring.vendor(chart, directory, binary)
            info(f"{one.path.name}: {'downloaded' if one.downloaded else 'present'}, {one.digest}")
            if not one.verified:
                warn(f"{one.path.name}: no module pins its digest; add `digest: {one.digest}`")
        except TerraceError as failure:
            failed += 1
            error(failure.message, where=failure.where, hint=failure.hint)
    write(f"{counted(len(wanted) - failed, 'chart')} in {directory}")
    if failed:
        ctx.exit(1)
