"""`terrace upgrade --from REF`: what the present stack does to a deployment of an earlier release."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from terrace.cli.options import cloud_option, json_option, load, mirror_option, project_of

if TYPE_CHECKING:
    from terrace.deployment.changes import Summary
    from terrace.deployment.upgrade import Difference
    from terrace.environment import Loaded

_PLACES = {"mocks": "on mocks", "rehearsal": "on the emulator"}
_SIGNS = {"create": "+", "delete": "-", "move": "=", "rename": "!"}


@click.command("rehearse")
@click.argument("environments", metavar="[ENV]...", nargs=-1)
@click.option("--from", "ref", required=True, metavar="REF", help="Tag, branch or commit of the deployed release.")
@click.option(
    "--on-mocks",
    is_flag=True,
    help="Apply the old stack to mocks of its providers and plan the new one: it lists every change, without a cloud.",
)
@click.option(
    "--on-emulator",
    is_flag=True,
    help="Apply the old stack to an emulated cloud and plan the new one: it shows what forces a replacement.",
)
@click.option(
    "--old-python",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Python in which the library of the old release is installed, if the repository does not contain it.",
)
@cloud_option
@mirror_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    environments: tuple[str, ...],
    ref: str,
    on_mocks: bool,
    on_emulator: bool,
    old_python: Path | None,
    cloud: str | None,
    provider_mirror: Path | None,
    as_json: bool,
) -> None:
    """Compare the stacks of an earlier release with the present ones, of ENV or of every environment.

    The old stack is synthesized from a worktree of REF with today's environments. Exit code 1 when the upgrade destroys
    or replaces something that holds data, unless the stack has a `moved` block for it or a page in docs/upgrades/ names
    its construct and describes the migration.

    A mock knows the provider's schema, and not what forces a replacement. An emulated apply shows what the provider
    does. It does not prove that the cloud behaves the same.
    """
    from terrace.cli.console import info, write, write_json
    from terrace.deployment import upgrade
    from terrace.environment import names, target
    from terrace.words import counted

    project = project_of(ctx)
    results: list[dict[str, Any]] = []
    refused = False
    with upgrade.checked_out(project, ref) as before:
        for name in environments or names(project.root):
            loaded = load(ctx, name, cloud)
            environment = loaded.environment
            info(f"{environment.name} on {environment.cloud}: synthesizing {ref} and the present stack")
            old = upgrade.synthesized(
                before, environment.name, environment.cloud, state="local", python=str(old_python or "")
            )
            new = upgrade.synthesized(project, environment.name, environment.cloud, state="local")
            found = upgrade.differences(old, new, target(environment).prefix)
            unexplained = upgrade.unexplained(found, project.root)
            data: dict[str, Any] = {
                "environment": environment.name,
                "cloud": environment.cloud,
                "from": ref,
                "resources": {"old": _count(old), "new": _count(new)},
                "differences": [one.as_data() for one in found],
                "unexplained": [one.address for one in unexplained],
            }
            refused |= bool(unexplained)
            results.append(data)
            if not as_json:
                write("\n".join(_lines(data, found, unexplained)))
            for key, asked in (("mocks", on_mocks), ("rehearsal", on_emulator)):
                if not asked:
                    continue
                if key == "mocks":
                    summary = _mocked(ctx, loaded, old, new, provider_mirror)
                else:
                    of = environment.name, environment.cloud
                    first = upgrade.bootstrap_of(before, old, *of, python=str(old_python or ""))
                    second = upgrade.bootstrap_of(project, new, *of)
                    summary = _emulated(ctx, loaded, old, new, provider_mirror, first, second)
                lost = upgrade.losses(summary, project.root)
                data[key] = summary.as_data() | {"unexplained": [one.address for one in lost]}
                refused |= bool(lost)
                if not as_json:
                    write("\n".join(_rehearsed(_PLACES[key], summary, data[key]["unexplained"])))
    if as_json:
        write_json(results)
    elif refused:
        info(
            "\nAdd a `moved` block (move_to, move_from_id), or describe the migration in a page of docs/upgrades/ that "
            f"names the construct; {counted(len(results), 'deployment')} compared"
        )
    if refused:
        ctx.exit(1)


def _count(stack: dict[str, Any]) -> int:
    return sum(len(group) for group in stack.get("resource", {}).values())


def _lines(data: dict[str, Any], found: "list[Difference]", unexplained: "list[Difference]") -> list[str]:
    """Each difference in one line, those that lose data last and marked."""
    counts = data["resources"]
    lines = [f"{data['environment']} on {data['cloud']}: {counts['old']} resources, then {counts['new']}"]
    for one in found:
        more = f" -> {one.after}" if one.after else ""
        names = f" ({', '.join(one.attributes)})" if one.attributes else ""
        lines.append(f"  {_SIGNS[one.kind]} {one.address}{more}{names}")
    for one in unexplained:
        verb = "destroys" if one.kind == "delete" else "replaces"
        lines.append(f"  refused: the upgrade {verb} {one.construct or one.address}, which holds data")
    return lines if found else [*lines, "  no difference in addresses and names"]


def _rehearsed(place: str, summary: "Summary", unexplained: list[str]) -> list[str]:
    """What the plan over the deployment of the old stack changes."""
    lines = [f"  {place}: {len(summary.changes)} changed by the plan"]
    for change in summary.changes:
        why = f", forced by {', '.join(change.reasons)}" if change.reasons else ""
        attributes = f" ({', '.join(change.attributes)})" if change.attributes else ""
        lines.append(f"    {change.verb} {change.address}{attributes}{why}")
    return [*lines, *(f"  refused: the plan loses the data of {address}" for address in unexplained)]


def _mocked(
    ctx: click.Context, loaded: "Loaded", old: dict[str, Any], new: dict[str, Any], provider_mirror: Path | None
) -> "Summary":
    """The plan of the new stack over mocks of the old one."""
    from terrace.cli.console import info
    from terrace.deployment import offline, upgrade_mocks

    environment, project = loaded.environment, project_of(ctx)
    with offline.offline_deployment(
        project,
        environment.name,
        environment.cloud,
        provider_mirror=provider_mirror.resolve() if provider_mirror else None,
        on_message=info,
    ) as deployment:
        directory = deployment.project.working_directory / "upgrade"
        return upgrade_mocks.rehearse(deployment, old, new, directory)


def _emulated(
    ctx: click.Context,
    loaded: "Loaded",
    old: dict[str, Any],
    new: dict[str, Any],
    provider_mirror: Path | None,
    old_bootstrap: dict[str, Any] | None,
    bootstrap: dict[str, Any] | None,
) -> "Summary":
    """The plan of the new stack over an emulated deployment of the old one."""
    import shutil

    from terrace import emulator
    from terrace.cli.console import info
    from terrace.deployment import upgrade
    from terrace.deployment.deployment import Deployment
    from terrace.environment import target
    from terrace.project.discovery import Project

    environment, project = loaded.environment, project_of(ctx)
    account = target(environment)
    scratch = project.working_directory / "upgrade" / f"{environment.name}-{environment.cloud}"
    if (earlier := emulator.status(environment.cloud, scratch / "emulator")) is not None:
        earlier.stop()
    shutil.rmtree(scratch, ignore_errors=True)
    running = emulator.start(
        environment.cloud,
        scratch / "emulator",
        account=emulator.account_of(environment.cloud, account.settings),
        region=account.region,
        parent=os.getpid(),
    )
    try:
        deployment = Deployment(
            project=Project(project.root, scratch=scratch),
            environment=environment.name,
            cloud=environment.cloud,
            variables=running.child_environment(os.environ),
            provider_mirror=provider_mirror.resolve() if provider_mirror else None,
            state="local",
            synthesize=False,
            on_message=info,
        )
        return upgrade.rehearse(deployment, old, new, old_bootstrap=old_bootstrap, bootstrap=bootstrap)
    finally:
        running.stop()
