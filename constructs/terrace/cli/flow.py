"""`terrace flow`: run a data product through real engines on an emulated cloud."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.capabilities.cloud import CLOUDS
from terrace.cli.options import json_option, mirror_option, project_of

if TYPE_CHECKING:
    from terrace.flow.run import Evidence


@click.command("flow")
@click.argument("environment", metavar="[ENV]", default="dev")
@click.option("--rows", type=click.IntRange(100, 10_000_000), default=10_000, show_default=True, help="Events to send.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Seed of the events; the same seed, the same events."
)
@click.option(
    "--product", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR",
    help="Folder of the data product.  [default: examples/data_product]",
)  # fmt: skip
@click.option("--cloud", type=click.Choice(CLOUDS), help="Use this cloud instead of the environment's own.")
@click.option("--without-foundation", is_flag=True, help="Make only a lake and a database server: faster.")
@mirror_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, environment: str, rows: int, seed: int, folder: Path | None, cloud: str | None,
    without_foundation: bool, provider_mirror: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Run a data product through real engines: events, bronze, silver, dbt's marts, gold, and the rights of people.

    The foundation of ENV (dev by default), with the declarations of the product, is applied to its emulated cloud; the
    database is a real PostgreSQL. DuckDB, Iceberg and dbt are real too, and are installed into .tools/flow on first
    use. Names, schemas, rights and dbt's profile are those that the platform renders. At the end one person's data are
    exported and erased, and a page shows the run. Exit code 1 when a check refuses a table or the contract, an event is
    lost, lineage has a gap, something of the person is left, or a group of people may read what no rule allows.
    """
    from terrace.cli.console import info, write, write_json
    from terrace.errors import AnswerIsNo
    from terrace.flow import engines, product, run
    from terrace.flow import plane as planes
    from terrace.flow.page import page

    project = project_of(ctx)
    home = project.working_directory / "flow" / (f"{environment}-{cloud}" if cloud else environment)
    installed = engines.install(project.root, project.tools, info)
    source = (folder or project.root / product.EXAMPLE).resolve()
    read = product.read(project, environment, source, home / "project", cloud or "")
    with planes.running(
        read, installed, home / "plane", info, foundation=not without_foundation, provider_mirror=provider_mirror
    ) as plane:  # fmt: skip
        found = run.flow(plane, rows, seed, on_step=info)
        run.erase(plane, found, on_step=info)
    (home / "index.html").write_text(page(found), encoding="utf-8")
    if as_json:
        write_json(found.as_data())
    else:
        _print(found, read.context.environment.cloud, encrypted=installed.tls)
        write(f"page: {project.display(home / 'index.html')}")
    if found.failures:
        raise AnswerIsNo("the flow failed:\n" + "\n".join(found.failures))


def _erased(found: "Evidence") -> str:
    before, after = found.erasure["before"], found.erasure["after"]
    return f"1 person: {sum(before.values())} rows in {len(before)} places before, {sum(after.values())} after"


def _print(found: "Evidence", cloud: str, *, encrypted: bool) -> None:
    from terrace.cli.console import table, write

    marts = [f"{count} in {name}" for name, count in found.marts.items()]
    rights = len(found.rights), sum(one["given"] == "denied" for one in found.rights)
    rows = [
        ("bronze", f"{found.events} events", "bronze"),
        ("silver", f"{found.silver} orders; {found.late} events late, {found.duplicates} duplicates", "silver"),
        ("quarantine", f"{found.quarantined} events, each with its reasons", ""),
        ("raw", f"{found.raw} rows", "raw"),
        ("checks", f"{len(found.checks)} hold, of {', '.join(sorted({one['module'] for one in found.checks}))}", ""),
        ("marts", f"{', '.join(marts)}; {found.dbt}", "dbt"),
        ("gold", ", ".join(f"{name} {digest}" for name, digest in found.checksums.items()), "gold"),
        ("lineage", f"{len(found.lineage)} edges, from bronze to each column of gold", ""),
        ("erasure", _erased(found), "erase"),
        ("rights", f"{rights[0]} questions of people, {rights[1]} refused, as declared", "rights"),
    ]
    if found.requests:
        tried = f"{found.requests} requests of modules allowed; {len(found.attempts)} attempts refused"
        rows.append(("files", tried, "attempts"))
    write(f"{found.product} in {found.environment} on an emulated {cloud}, {found.rows} events, seed {found.seed}\n")
    write(table(("where", "what", "seconds"), [(*one[:2], found.seconds.get(one[2], "")) for one in rows]))
    write("\n" + table(("reason", "events"), list(found.reasons.items())))
    write(f"\nfoundation: {found.foundation}")
    if not encrypted:
        write("This machine has no PostgreSQL server with TLS; the installed one is on loopback without it.")
