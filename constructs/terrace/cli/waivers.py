"""`terrace waivers`: what is accepted, by whom, until when."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from terrace.cli.options import CLOUDS, json_option, project_of

if TYPE_CHECKING:
    from pathlib import Path

    from terrace.assurance.gate_result import Waiver


@click.group("waivers")
def command() -> None:
    """Findings of the gate that somebody accepts for a while: policies/waivers.yaml."""


@command.command("list")
@json_option
@click.pass_context
def _list(ctx: click.Context, as_json: bool) -> None:
    """Show every waiver, the next to end first."""
    from terrace.cli.console import table

    found = sorted(_read(ctx), key=lambda one: (one.expires, one.id))
    today = _today()
    if as_json:
        click.echo(json.dumps([_plain(one) for one in found], indent=2))
    elif not found:
        click.echo("nothing is waived")
    else:
        rows: list[list[object]] = [
            [
                one.id,
                one.resource,
                ",".join(one.environments),
                ",".join(one.clouds),
                one.owner,
                one.approved_by,
                str(one.expires),
                (one.expires - today).days,
            ]
            for one in found
        ]
        click.echo(table(["id", "resource", "environments", "clouds", "owner", "approved by", "expires", "days"], rows))


@command.command("check")
@click.pass_context
def _check(ctx: click.Context) -> None:
    """Judge the file, then every stack that a waiver is about: expired and unused ones fail. Exit code 1."""
    from terrace.assurance import gate

    found = _read(ctx)
    concerned = sorted({(name, cloud) for one in found for name in one.environments for cloud in one.clouds})
    faults = []
    for cloud in dict.fromkeys(cloud for _, cloud in concerned):
        for result in gate.run(project_of(ctx), [name for name, on in concerned if on == cloud], [cloud]):
            faults += [one for one in result.findings if one.id in ("gate.expired-waiver", "gate.unused-waiver")]
    for one in faults:
        click.echo(f"{one.line} {one.environment} on {one.cloud}: {one.sentence}")
    if faults:
        ctx.exit(1)
    click.echo(f"{len(found)} waivers, all needed, none expired")


@command.command("add")
@click.argument("id")
@click.argument("resource")
@click.option("--env", "environments", multiple=True, required=True, metavar="ENV", help="Repeat for more.")
@click.option("--cloud", "clouds", type=click.Choice(CLOUDS), multiple=True, required=True, help="Repeat for more.")
@click.option("--reason", required=True, metavar="TEXT", help="Why the finding is acceptable here.")
@click.option("--owner", required=True, metavar="TEAM", help="Who answers for it.")
@click.option("--approved-by", required=True, metavar="TEAM", help="Who agreed; not the owner.")
@click.option(
    "--expires", required=True, type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="At most 180 days ahead."
)
@click.option("--control", required=True, metavar="TEXT", help="What helps meanwhile.")
@click.pass_context
def _add(
    ctx: click.Context,
    id: str,
    resource: str,
    environments: tuple[str, ...],
    clouds: tuple[str, ...],
    reason: str,
    owner: str,
    approved_by: str,
    expires: datetime,
    control: str,
) -> None:
    """Accept the finding ID on RESOURCE, an address or a construct path, wildcards past its first word."""
    from terrace.assurance import waivers
    from terrace.assurance.gate_result import Waiver
    from terrace.environment import names

    root = project_of(ctx).root
    wanted = Waiver(id, resource, environments, clouds, reason, owner, approved_by, expires.date(), control)
    path = _path(ctx)
    written = waivers.add(path, wanted, environments=names(root), today=_today(), shown=str(path.relative_to(root)))
    click.echo(f"{written.line}: {id} on {resource} is waived until {written.expires}")


def _read(ctx: click.Context) -> "tuple[Waiver, ...]":
    from terrace.assurance import waivers
    from terrace.environment import names

    path, root = _path(ctx), project_of(ctx).root
    return waivers.load(path, environments=names(root), today=_today(), shown=str(path.relative_to(root)))


def _path(ctx: click.Context) -> "Path":
    from terrace.assurance import gate, waivers

    return gate.policy_path(project_of(ctx).root, waivers.FILE)


def _plain(waiver: "Waiver") -> dict[str, Any]:
    return {**asdict(waiver), "expires": waiver.expires.isoformat()}


def _today() -> date:
    return datetime.now(UTC).date()
