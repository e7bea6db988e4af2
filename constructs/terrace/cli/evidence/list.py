"""`terrace evidence list`: the records of an environment."""

import click

from terrace.cli.options import cloud_option, environment_argument, json_option, load, state_home_of


@click.command("list")
@environment_argument
@cloud_option
@json_option
@click.pass_context
def command(ctx: click.Context, environment: str, cloud: str | None, as_json: bool) -> None:
    """List the records of ENV and, by kind, how many there are, which failed, and the longest time without one.

    A commit with a + had changes that were not committed.
    """
    from terrace.assurance import evidence
    from terrace.assurance.report.provenance import created
    from terrace.cli.console import table, write, write_json

    loaded = load(ctx, environment, cloud)
    chain = evidence.Chain(state_home_of(ctx, loaded), loaded.environment.name, loaded.environment.cloud)
    records = chain.read().records
    periods = evidence.periods(records, created())
    if as_json:
        write_json(
            {
                "records": [record.model_dump(mode="json") for record in records],
                "periods": [period.model_dump(mode="json") for period in periods],
            }
        )
        return
    if not records:
        write(f"no evidence of {chain.environment} on {chain.cloud} in {chain.home.place}")
        return
    rows = [
        [
            one.number,
            one.at.isoformat(timespec="seconds"),
            one.kind,
            one.stack,
            "passed" if one.passed else f"failed{f': {one.detail}' if one.detail else ''}",
            ", ".join(f"{count} {name}" for name, count in one.summary.items()),
            one.operator,
            one.commit[:12] + ("+" if one.modified else ""),
            (one.bundle or one.plan)[:12],
            one.run,
        ]
        for one in records
    ]
    headers = ["record", "at", "kind", "stack", "result", "figures", "operator", "commit", "plan", "run"]
    write(table(headers, rows))
    totals = [
        [one.kind, one.runs, len(one.exceptions), one.first.date(), one.last.date(), one.longest_gap_hours]
        for one in periods
    ]
    write("\n" + table(["kind", "runs", "failed", "first", "last", "longest gap (h)"], totals))
