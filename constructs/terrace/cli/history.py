"""`terrace history`: what changed a deployment, newest first."""

import click

from terrace.cli.options import cloud_option, environment_argument, json_option, load, state_home_of


@click.command("history")
@environment_argument
@cloud_option
@click.option("--last", type=click.IntRange(min=1), default=20, show_default=True, help="How many to show.")
@json_option
@click.pass_context
def command(ctx: click.Context, environment: str, cloud: str | None, last: int, as_json: bool) -> None:
    """Show the last applies, destroys and changes of states of ENV: when, by whom, of which commit, and the result.

    They are in the evidence beside the state, with all other kinds of runs (`terrace evidence list`). A commit with a +
    had changes that were not committed.
    """
    from terrace.assurance import evidence
    from terrace.cli.console import table, write, write_json

    loaded = load(ctx, environment, cloud)
    chain = evidence.Chain(state_home_of(ctx, loaded), loaded.environment.name, loaded.environment.cloud)
    changes = [one for one in chain.read().records if one.kind in evidence.AUTOMATIC]
    newest = sorted(changes, key=lambda one: (one.at, one.number), reverse=True)[:last]
    if as_json:
        write_json({"changes": [one.model_dump(mode="json") for one in newest]})
        return
    if not newest:
        write(f"{chain.home.place} has no record of a change of {chain.environment} on {chain.cloud}")
        return
    rows = [
        [
            one.at.isoformat(timespec="seconds"),
            one.kind,
            one.stack,
            ", ".join(f"{count} {name}" for name, count in one.summary.items()) or one.detail,
            "done" if one.passed else f"failed{f': {one.detail}' if one.detail and one.summary else ''}",
            one.operator,
            one.commit[:12] + ("+" if one.modified else ""),
            one.run,
        ]
        for one in newest
    ]
    write(table(["at", "kind", "stack", "what", "result", "operator", "commit", "run"], rows))
