"""`terrace access data`: what groups of people may read."""

from dataclasses import asdict

import click

from terrace.cli.options import cloud_option, environment_argument, json_option, load

HEADERS = ("group", "place", "table", "columns", "masked", "rows")


@click.command("data")
@environment_argument
@cloud_option
@click.option("--group", metavar="GROUP", help="List what this group may read.")
@json_option
@click.pass_context
def command(ctx: click.Context, environment: str, cloud: str | None, group: str | None, as_json: bool) -> None:
    """List the tables that groups of people may read in ENV, the columns that are masked for them, and their rows.

    People can read nothing else. The rights come from the environment's `access` and from the contracts of its data
    products.
    """
    from terrace.cli.console import table, write, write_json
    from terrace.documents.suggestions import hint
    from terrace.environment.data_access import Readable, readable
    from terrace.errors import UsageError

    described = load(ctx, environment, cloud).environment
    known = sorted({name for rule in described.access for name in rule.groups})
    if group is not None and group not in known:
        raise UsageError(f"no rule of access names the group {group!r}", hint=hint(group, known))
    found = [one for one in readable(described) if group in (None, one.group)]

    def row(one: Readable) -> tuple[str, ...]:
        clear = [name for name, mask in one.columns.items() if mask is None]
        masked = [f"{name} ({mask})" for name, mask in one.columns.items() if mask]
        rows = [f"{column}: {', '.join(values)}" for column, values in one.rows.items()]
        columns = ", ".join(clear) if one.table else "all"
        return one.group, one.place, one.table or "all", columns, ", ".join(masked), "; ".join(rows) or "all"

    if as_json:
        write_json([asdict(one) for one in found])
    elif found:
        write(table(HEADERS, [row(one) for one in found]))
    else:
        write(f"people can read no data of {described.name}")
