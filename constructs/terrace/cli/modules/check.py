"""`terrace modules check`: check modules before any cluster exists."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.capabilities.cloud import CLOUDS
from terrace.cli.options import json_option, project_of

if TYPE_CHECKING:
    from terrace.workloads.checking import Checker, Part

_checker: "Checker | None" = None
"""Of a worker process: it has rendered and validated most objects of the next environment already."""


@click.command("check")
@click.argument("modules", nargs=-1, metavar="[MODULE]...")
@click.option("--env", "environments", multiple=True, metavar="ENV", help="Only in this environment; repeatable.")
@click.option("--cloud", "clouds", type=click.Choice(CLOUDS), multiple=True, help="Only on this cloud; repeatable.")
@click.option("--write", is_flag=True, help="Write the inventory of each module whose chart is at hand.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    modules: tuple[str, ...],
    environments: tuple[str, ...],
    clouds: tuple[str, ...],
    write: bool,
    as_json: bool,
) -> None:
    """Check modules, or all of them, on every cloud and in one environment of each tier.

    Resolves their needs, renders their values and charts, and checks the objects: the schemas of Kubernetes and of
    custom resources, the declared images and network paths, values that charts do not know, the policies in
    policies/kyverno, and the inventory. Charts are read from TERRACE_CHART_DIR (see `terrace modules vendor`) and
    rendered with helm; releases whose chart is not at hand are listed as skipped. Exit code 1 when there are errors.
    """
    from concurrent.futures import ProcessPoolExecutor

    from terrace.cli.console import info, warn, write_json
    from terrace.cli.console import write as write_text
    from terrace.documents.suggestions import hint
    from terrace.environment import names
    from terrace.errors import UsageError
    from terrace.modules.loading import folders
    from terrace.words import counted
    from terrace.workloads import charts, checking, helm, selection

    started = time.monotonic()
    project = project_of(ctx)
    known = folders(project.root)
    for name in modules:
        if name not in known:
            raise UsageError(f"unknown module {name!r}", hint=hint(name, list(known)))
    chosen = list(environments) or list(selection.environments(project.root, names(project.root)).values())
    # before the processes start: a wrong TERRACE_HELM is reported once
    charts.directory(os.environ), helm.find(project.root)
    jobs = [(environment, cloud) for environment in chosen for cloud in clouds or CLOUDS]
    part = checking.Part()
    workers = min(os.cpu_count() or 1, len(jobs))
    with ProcessPoolExecutor(workers, initializer=_start, initargs=(project.root,)) as pool:
        pending = [
            pool.submit(_check, project.root, project.outputs, environment, cloud, modules)
            for environment, cloud in jobs
        ]
        for future in pending:
            part.add(future.result())
    if not (environments or clouds):  # an inventory is of all of them
        valid, _ = selection.modules(project.root, {name: known[name] for name in modules or known})
        if write:
            for name in checking.write_inventories(part, valid):
                info(f"wrote the inventory of {name}")
        checking.check_inventories(part, valid)
    elif write:
        raise UsageError("--write cannot be combined with --env or --cloud", hint="an inventory is of all of them")
    report = checking.report(part)
    if as_json:
        write_json(report.as_data())
    else:
        for one in report.found:
            (write_text if one.error else warn)(f"{'error' if one.error else 'warning'}: {one}")
            if one.hint:
                info(f"  hint: {one.hint}")
        for release, reason in report.skipped.items():
            info(f"skipped: {release}: {reason}")
        counts = report.counts
        places = len(set(part.checked))
        write_text(
            f"{counted(counts.get('combinations', 0), 'combination')} of module, environment and cloud in {places} "
            f"environments, {counted(counts.get('objects', 0), 'object')}, "
            f"{counted(counts.get('resources', 0), 'resource')}, {counts.get('renders', 0)} charts rendered, "
            f"{len(report.skipped)} skipped: {counted(len(report.errors), 'error')}, "
            f"{counted(len(report.found) - len(report.errors), 'warning')}"
        )
        info(f"{time.monotonic() - started:.1f} s")
    if report.errors:
        ctx.exit(1)


def _start(root: Path) -> None:
    """Start a worker process."""
    global _checker
    from terrace.workloads import charts, helm
    from terrace.workloads.checking import Checker
    from terrace.workloads.rendering import Renderer

    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "terrace" / "charts"
    _checker = Checker(Renderer(helm.find(root), charts.directory(os.environ)), cache)


def _check(root: Path, outputs: Path, environment: str, cloud: str, modules: tuple[str, ...]) -> "Part":
    """Check one environment in a worker process."""
    from terrace.workloads import selection

    assert _checker is not None
    for one in selection.selections(root, environment, cloud, outputs=outputs, only=modules):
        _checker.check(one)
    return _checker.taken()
