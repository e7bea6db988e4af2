"""`terrace bootstrap`: make the home of Terraform's state in the environment's account."""

import sys
from typing import TYPE_CHECKING

import click

from terrace.cli.options import cloud_option, environment_argument, json_option

if TYPE_CHECKING:
    from terrace.bootstrap import Change
    from terrace.environment import Loaded


@click.command("bootstrap")
@environment_argument
@cloud_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
@click.option("--destroy", is_flag=True, help="Delete the state home, if no state is left in it.")
@json_option
@click.pass_context
def command(ctx: click.Context, environment: str, cloud: str | None, yes: bool, destroy: bool, as_json: bool) -> None:
    """Make the home of Terraform's state in the account of ENV: versioned, encrypted with its own key, private, logged.

    Shows first what would change, then asks. What is as wanted, or stricter, stays; so a second run changes nothing,
    and a run that was interrupted can be repeated. The state home is for all environments of the project in the
    account, and remains when an environment is destroyed.
    """
    from terrace.cli.options import load
    from terrace.errors import AnswerIsNo

    loaded = load(ctx, environment, cloud)
    if loaded.environment.state.backend == "local":
        raise AnswerIsNo(
            f"{loaded.environment.name} keeps its state in .terrace/state: there is nothing to bootstrap",
            where=loaded.where("state.backend"),
            hint="set state.backend to remote",
        )
    if destroy:
        _destroy(ctx, loaded, yes=yes, as_json=as_json)
    else:
        _make(loaded, yes=yes, as_json=as_json)


def _make(loaded: "Loaded", *, yes: bool, as_json: bool) -> None:
    from terrace import bootstrap
    from terrace.cli.console import confirmed, info, write, write_json
    from terrace.environment import target
    from terrace.errors import AnswerIsNo
    from terrace.words import counted

    environment, account = loaded.environment, target(loaded.environment)
    changes = bootstrap.plan(environment, account)
    made = 0
    if changes:
        info(_text(changes))
        _require_answer(yes)
        if not confirmed(f"Change {counted(len(changes), 'setting')} in {_account(loaded)}?", yes=yes):
            raise AnswerIsNo("cancelled; nothing was changed")
        made = bootstrap.apply(environment, account, on_change=lambda change: info(_done(change)))
    if as_json:
        write_json(
            {
                "environment": environment.name,
                "cloud": environment.cloud,
                "changed": made,
                "changes": [vars(change) for change in changes],
            }
        )
    elif changes:
        write(f"state home of {environment.name} on {environment.cloud}: {counted(made, 'setting')} written")
    else:
        write(f"state home of {environment.name} on {environment.cloud}: no changes")


def _destroy(ctx: click.Context, loaded: "Loaded", *, yes: bool, as_json: bool) -> None:
    from terrace import bootstrap
    from terrace.calls import Absent
    from terrace.cli.console import confirmed, write, write_json
    from terrace.cli.options import project_of
    from terrace.environment import target
    from terrace.errors import AnswerIsNo
    from terrace.state import home
    from terrace.state.states import left
    from terrace.words import counted

    environment = loaded.environment
    kept = home(environment, project=project_of(ctx))
    try:
        states = left(kept)
    except Absent:
        states = []
    if states:
        raise AnswerIsNo(
            f"nothing was deleted: {kept.place} still has {counted(len(states), 'state')} with resources: "
            f"{', '.join(states)}",
            hint="destroy these environments first",
        )
    _require_answer(yes)
    if not confirmed(f"Delete {kept.place} with every old version of a state?", yes=yes):
        raise AnswerIsNo("cancelled; nothing was deleted")
    retained = bootstrap.destroy(environment, target(environment))
    if as_json:
        write_json({"environment": environment.name, "cloud": environment.cloud, "retained": retained})
        return
    write(f"{kept.place} deleted")
    for one in retained:
        write(f"retained: {one}")


def _require_answer(yes: bool) -> None:
    from terrace.errors import UsageError

    if not yes and not sys.stdin.isatty():
        raise UsageError("cannot ask for confirmation: standard input is not a terminal", hint="pass --yes")


def _account(loaded: "Loaded") -> str:
    settings = getattr(loaded.environment, loaded.environment.cloud)
    return f"{settings.NAMED_BY.removesuffix('_id')} {settings.account}"


def _done(change: "Change") -> str:
    what = "created" if change.setting == "exists" else f"{change.setting} is now: {change.wanted}"
    return f"{change.resource}: {what}"


def _text(changes: "list[Change]") -> str:
    from terrace.cli.console import table

    rows = [[change.resource, change.setting, change.found or "-", change.wanted] for change in changes]
    return table(["resource", "setting", "found", "wanted"], rows)
