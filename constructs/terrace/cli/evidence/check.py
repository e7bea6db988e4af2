"""`terrace evidence check`: that no record was changed, removed or inserted."""

from pathlib import Path

import click

from terrace.cli.options import cloud_option, environment_argument, load, state_home_of


@click.command("check")
@environment_argument
@cloud_option
@click.option("--head", default="", metavar="HASH", help="A hash that was copied earlier: some record must have it.")
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Check this copy of the chain, with its head in the file of the same name that ends in .head.",
)
@click.pass_context
def command(ctx: click.Context, environment: str, cloud: str | None, head: str, file: Path | None) -> None:
    """Check the evidence of ENV, which is beside its state.

    Exit code 1 if a record was changed, removed or inserted.
    """
    from terrace.assurance.evidence import Chain, parsed
    from terrace.cli.console import warn, write
    from terrace.words import counted

    loaded = load(ctx, environment, cloud)
    if file:
        name, beside = str(file), file.with_suffix(".head")
        last = beside.read_text(encoding="utf-8") if beside.is_file() else ""
        contents = parsed(name, file.read_text(encoding="utf-8", errors="replace"), last)
    else:
        chain = Chain(state_home_of(ctx, loaded), loaded.environment.name, loaded.environment.cloud)
        name, contents = f"{chain.home.place}/{chain.name}", chain.read()
    problems = list(contents.problems)
    if head and head not in {record.hash for record in contents.records}:
        problems.append(f"no record has the hash {head}")
    for problem in problems:
        warn(problem)
    write(f"{name}: {counted(len(contents.records), 'record')}, {'broken' if problems else 'unbroken'}")
    ctx.exit(1 if problems else 0)
