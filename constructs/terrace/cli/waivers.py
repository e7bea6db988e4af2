"""`terrace waivers`: list, check and add accepted findings."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from terrace.capabilities.cloud import CLOUDS
from terrace.cli.options import json_option, project_of

if TYPE_CHECKING:
    from pathlib import Path

    from terrace.assurance.gate_result import Waiver


@click.group("waivers")
def command() -> None:
    """List, check and add waivers: findings of the gate that are accepted until a date, in policies/waivers.yaml."""


@command.command("list")
@json_option
@click.pass_context
def _list(ctx: click.Context, as_json: bool) -> None:
    """List all waivers: the project's, the next to expire first, and those that come with the kit."""
    from terrace.assurance import gate
    from terrace.cli.console import table, write, write_json

    own = sorted(_read(ctx), key=lambda waiver: (waiver.until, waiver.id))
    waivers = [*own, *gate.kit_waivers()]
    today = _today()
    if as_json:
        write_json([_plain(waiver) for waiver in waivers])
    elif not waivers:
        write("no waivers")
    else:
        rows: list[list[object]] = [
            [
                waiver.id,
                waiver.resource,
                ",".join(waiver.environments or (f"all of tier {tier}" for tier in waiver.tiers)),
                ",".join(waiver.clouds),
                waiver.owner,
                waiver.approved_by,
                str(waiver.expires or "with the kit"),
                (waiver.expires - today).days if waiver.expires else "-",
            ]
            for waiver in waivers
        ]
        headers = ["id", "resource", "environments", "clouds", "owner", "approved by", "expires", "days left"]
        write(table(headers, rows))


@command.command("check")
@click.pass_context
def _check(ctx: click.Context) -> None:
    """Validate policies/waivers.yaml, then run the gate on every stack that a waiver names.

    Exit code 1 when a waiver has expired or is not used.
    """
    from terrace.assurance import gate
    from terrace.cli.console import write
    from terrace.words import counted

    waivers = _read(ctx)
    stacks = sorted({(name, cloud) for waiver in waivers for name in waiver.environments for cloud in waiver.clouds})
    findings = []
    for cloud in dict.fromkeys(cloud for _, cloud in stacks):
        for result in gate.run(project_of(ctx), [name for name, on in stacks if on == cloud], [cloud]):
            findings += [
                finding for finding in result.findings if finding.id in ("gate.expired-waiver", "gate.unused-waiver")
            ]
    for finding in findings:
        write(f"{finding.line} {finding.environment} on {finding.cloud}: {finding.sentence}")
    if findings:
        ctx.exit(1)
    write(f"{counted(len(waivers), 'waiver')}: all used, none expired")


@command.command("add")
@click.argument("id")
@click.argument("resource")
@click.option("--env", "environments", multiple=True, required=True, metavar="ENV", help="Environment; repeatable.")
@click.option("--cloud", "clouds", type=click.Choice(CLOUDS), multiple=True, required=True, help="Cloud; repeatable.")
@click.option("--reason", required=True, metavar="TEXT", help="Why the finding is acceptable here.")
@click.option("--owner", required=True, metavar="TEAM", help="Team that owns the waiver.")
@click.option("--approved-by", required=True, metavar="TEAM", help="Team that approved it; not the owner.")
@click.option(
    "--expires",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Last day; at most 180 days ahead.",
)
@click.option("--control", required=True, metavar="TEXT", help="Compensating control.")
@click.option(
    "--relies-on",
    "relies_on",
    multiple=True,
    required=True,
    metavar="ID",
    help="Guarantee or check that the control is: the waiver counts while it holds; repeatable.",
)
@click.option("--approved-on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Day of the approval.")
@click.option("--ticket", default="", metavar="TEXT", help="Where the approval is recorded.")
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
    relies_on: tuple[str, ...],
    approved_on: datetime | None,
    ticket: str,
) -> None:
    """Accept the finding ID on RESOURCE.

    RESOURCE is an address or a construct path. It may contain wildcards after the first word: lake/*/bucket.
    """
    from terrace.assurance import waivers
    from terrace.assurance.gate_result import Waiver
    from terrace.cli.console import write
    from terrace.environment import names

    root = project_of(ctx).root
    approved = approved_on.date() if approved_on else None
    waiver = Waiver(
        id,
        resource,
        environments,
        clouds,
        reason,
        owner,
        approved_by,
        expires.date(),
        control,
        relies_on,
        approved,
        ticket,
    )
    path = _path(ctx)
    written = waivers.add(
        path,
        waiver,
        environments=names(root),
        known=_controls(ctx),
        today=_today(),
        shown=str(path.relative_to(root)),
    )
    write(f"{written.line}: waived {id} on {resource} until {written.until}")


def _read(ctx: click.Context) -> "tuple[Waiver, ...]":
    from terrace.assurance import waivers
    from terrace.environment import names

    path, root = _path(ctx), project_of(ctx).root
    return waivers.load(
        path,
        environments=names(root),
        known=_controls(ctx),
        today=_today(),
        shown=str(path.relative_to(root)),
    )


def _controls(ctx: click.Context) -> set[str]:
    """The ids that a waiver may rely on."""
    from terrace.assurance import gate, waivers

    return waivers.controls(gate.rated_by(project_of(ctx).root))


def _path(ctx: click.Context) -> "Path":
    from terrace.assurance import waivers

    return project_of(ctx).root / "policies" / waivers.FILE


def _plain(waiver: "Waiver") -> dict[str, Any]:
    return {**asdict(waiver), "expires": waiver.expires and waiver.expires.isoformat()}


def _today() -> date:
    return datetime.now(UTC).date()
