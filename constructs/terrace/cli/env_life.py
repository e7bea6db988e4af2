"""`terrace env new|reap`: environments with a short life."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from terrace.cli.options import json_option, load, mirror_option, project_of

if TYPE_CHECKING:
    from terrace.deployment.fleet import Member


@click.command("new")
@click.argument("name")
@click.option("--from", "base", required=True, metavar="ENV", help="The environment to extend.")
@click.option("--expires", required=True, metavar="TIME", help="Its last day: 3d, 2w, or a date. At most 90 days.")
@click.pass_context
def new_command(ctx: click.Context, name: str, base: str, expires: str) -> None:
    """Write environments/NAME.yaml: a short-lived environment that extends ENV.

    It is of the dev tier, with names and a domain of its own, the smallest sizes, no copies in another region and no
    protection against deletion, in ENV's account, which ENV continues to own. `terrace env reap` destroys it after its
    last day. Exit code 1 when ENV has settings with which the file would not be valid.
    """
    from terrace.cli.console import info, write
    from terrace.environment import short_lived

    project = project_of(ctx)
    day = short_lived.expiry(expires, datetime.now(UTC).date())
    text = short_lived.text(name, load(ctx, base, None), day, project.root)
    path = project.root / "environments" / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    write(text, newline=False)
    info(f"written: {project.display(path)}; run `terrace plan {name}` and `terrace apply {name}`")


@click.command("reap")
@click.argument("environments", nargs=-1, metavar="[ENV]...")
@click.option("--yes", "-y", is_flag=True, help="Destroy them, with the objects in their buckets; otherwise only list.")
@mirror_option
@json_option
@click.pass_context
def reap_command(
    ctx: click.Context, environments: tuple[str, ...], yes: bool, provider_mirror: Path | None, as_json: bool
) -> None:
    """List the deployed environments whose last day (`expires`) has passed; with --yes, destroy them.

    Of all environments, or of those named, which must have an `expires`. Workloads are destroyed before their
    foundation, under the locks of their states; the bootstrap is kept. An environment that cannot be read, or not be
    destroyed, is reported, and the others continue. Exit code 1 when one that has expired is still deployed, 3 when one
    could not be read.
    """
    from terrace.cli.console import error, table, write, write_json
    from terrace.deployment import fleet
    from terrace.environment import names, short_lived
    from terrace.errors import TerraceError, UsageError

    project, today = project_of(ctx), datetime.now(UTC).date()
    for name in environments:
        if load(ctx, name, None).environment.expires is None:
            raise UsageError(f"{name} has no expires, and is never reaped", hint=f"use `terrace destroy {name}`")
    wanted = environments or tuple(names(project.root))
    members = [
        one
        for one in fleet.members(project, state=os.environ.get("TERRACE_STATE", ""))
        if one.environment in wanted and one.layer != "bootstrap"
    ]
    rows: list[dict[str, Any]] = []
    for member in sorted(members, key=lambda one: (one.environment, one.cloud, one.layer == "foundation")):
        row: dict[str, Any] = {"environment": member.environment, "cloud": member.cloud, "layer": member.layer}
        failure: TerraceError | None = None
        try:
            found = load(ctx, member.environment, member.cloud).environment
            if not short_lived.expired(found, today):
                continue
            row["expires"] = str(found.expires)
            if not _deployed(ctx, member, provider_mirror):
                continue
            row["status"] = "deployed"
            if yes:
                _destroy(ctx, member, provider_mirror)
                row["status"] = "destroyed"
        except TerraceError as raised:
            failure = raised
            row |= {"status": row.get("status", "unreadable"), "error": raised.message}
        rows.append(row)
        if failure and not as_json:
            error(f"{member}: {failure.message}", where=failure.where, hint=failure.hint)
    if as_json:
        write_json({"environments": rows})
    elif rows:
        shown = [[r["environment"], r["cloud"], r["layer"], r.get("expires", ""), r["status"]] for r in rows]
        write(table(["environment", "cloud", "layer", "expires", "status"], shown))
    else:
        write("no deployed environment has expired")
    statuses = {row["status"] for row in rows}
    if "unreadable" in statuses:
        ctx.exit(3)
    if "deployed" in statuses:
        ctx.exit(1)


def _deployed(ctx: click.Context, member: "Member", provider_mirror: Path | None) -> bool:
    """Whether the state of a stack has resources."""
    from terrace.cli.options import deployment_of
    from terrace.deployment import fleet

    loaded = load(ctx, member.environment, member.cloud)
    deployment = deployment_of(ctx, loaded, layer=member.layer, provider_mirror=provider_mirror)
    return bool(fleet.isolated(deployment).terraform().addresses())


def _destroy(ctx: click.Context, member: "Member", provider_mirror: Path | None) -> None:
    """What `terrace destroy STACK --yes STACK --empty-buckets` does."""
    from terrace.cli.destroy import command
    from terrace.project.stack_ids import stack_id

    id = stack_id(member.environment, member.layer)
    foundation = member.layer == "foundation"
    ctx.invoke(command, stack=id, yes=id, cloud=member.cloud, provider_mirror=provider_mirror, empty_buckets=foundation)
