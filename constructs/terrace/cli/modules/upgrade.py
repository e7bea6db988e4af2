"""`terrace modules upgrade`: what another version of a module's chart changes, before it is pinned."""

import os

import click

from terrace.cli.options import cloud_option, json_option


@click.command("upgrade")
@click.argument("module")
@click.argument("environment", metavar="ENV")
@click.argument("version")
@click.option("--chart", "name", metavar="NAME", help="The chart, for a module with more than one; default: its first.")
@cloud_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    module: str,
    environment: str,
    version: str,
    name: str | None,
    cloud: str | None,
    as_json: bool,
) -> None:
    """Show what VERSION of the chart of MODULE changes in ENV: values, images, definitions and objects.

    Both versions are read from TERRACE_CHART_DIR, or downloaded, and rendered with helm and the values that the module
    has now. Nothing is written: to upgrade, set the chart's version and digest in module.yaml, then run
    `terrace modules check MODULE --write`. Exit code 1 when the new chart does not know a value that is set.
    """
    import tempfile
    from pathlib import Path

    from terrace.cli.console import info, table, write, write_json
    from terrace.cli.options import project_of, workloads_of
    from terrace.documents.suggestions import hint
    from terrace.errors import UsageError
    from terrace.workloads import chart_changes, charts, helm, vendoring
    from terrace.workloads.releases import releases

    project = project_of(ctx)
    context = workloads_of(ctx, environment, cloud)
    if module not in context.modules:
        raise UsageError(f"module {module!r} is not enabled in {environment}", hint=hint(module, list(context.modules)))
    upstream = {one.name: one for one in context.modules[module].contract.all_charts if one.repository}
    if not upstream:
        raise UsageError(f"module {module!r} has no chart of a repository", hint="its chart is in its own folder")
    chosen = name or next(iter(upstream))
    if chosen not in upstream:
        raise UsageError(f"module {module!r} has no chart {chosen!r}", hint=hint(chosen, list(upstream)))
    binary = helm.find(project.root)
    if binary is None:
        raise UsageError("helm is not installed", hint="install helm, or name it with TERRACE_HELM")
    current, directory = upstream[chosen], charts.directory(os.environ)
    wanted = current.model_copy(update={"version": version, "digest": None})
    release = next(one for one in releases(context) if one.module == module and one.chart == current)
    with tempfile.TemporaryDirectory(prefix="terrace-charts-") as scratch:
        old, new = (
            charts.find(one, directory) or charts.local(vendoring.vendor(one, directory or Path(scratch), binary).path)
            for one in (current, wanted)
        )
        changes = chart_changes.compare(release, context, binary, old=old, new=new)
    if as_json:
        write_json([change.as_data() for change in changes])
    elif changes:
        rows = [[change.what, change.name, change.before or "-", change.after or "-"] for change in changes]
        write(table(["what", "name", current.version, version], rows))
        info(f"digest of the new chart: sha256:{new.sha256}")
    else:
        write(f"{chosen} {version} changes nothing that {module} uses in {environment}")
    if any(change.what == "unknown value" for change in changes):
        ctx.exit(1)
