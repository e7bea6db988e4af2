"""`terrace drift`: show changes that were made outside Terraform."""

from pathlib import Path

import click

from terrace.cli.options import (
    cloud_option,
    json_option,
    lock_timeout_option,
    mirror_option,
    stack_completion,
    unlock_option,
)

AT_ONCE = 4


@click.command("drift")
@click.argument("stack", metavar="[STACK]", required=False, shell_complete=stack_completion)
@click.option("--all", "every", is_flag=True, help="Every deployment of the project, in parallel.")
@click.option(
    "--at-once",
    type=click.IntRange(1, 32),
    default=AT_ONCE,
    show_default=True,
    metavar="NUMBER",
    help="With --all: how many deployments are compared at a time.",
)
@cloud_option
@mirror_option
@lock_timeout_option
@unlock_option
@click.option("--no-lock", is_flag=True, help="Take no lock: only read the state, such as in a pipeline.")
@click.option("--repair", is_flag=True, help="Of workloads: apply the releases' manifests to drifted objects again.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    stack: str | None,
    every: bool,
    at_once: int,
    cloud: str | None,
    provider_mirror: Path | None,
    lock_timeout: str,
    unlock: str,
    no_lock: bool,
    repair: bool,
    as_json: bool,
) -> None:
    """Compare the live resources of STACK, or of all stacks, with the state. Exit code 1 when there is drift.

    A difference is drift when the next apply would revert it. Other differences, as in an attribute that the stack
    ignores, are listed for information.

    Drift is `security` if it breaks a guarantee or gives access, `availability` if it breaks a guarantee about
    recovery, scaling or alarms, takes access away or deletes a resource, and `cosmetic` if no check depends on it.
    policies/drift.yaml accepts drift until a date.

    With --all, the failure of one deployment is reported, the others continue, and the exit code is 3.

    Of ENV-workloads, the objects of all releases are compared as well: Terraform does not see what happens to them in
    the cluster, and an apply does not revert it. --repair does.
    """
    from terrace.cli.console import write, write_json
    from terrace.cli.drift_find import find_all, find_one, repair_objects
    from terrace.cli.drift_text import object_lines, report_lines
    from terrace.cli.options import load_stack
    from terrace.errors import UsageError
    from terrace.words import counted

    if every:
        if stack or cloud or unlock or repair:
            raise UsageError("--all takes no STACK, --cloud, --unlock or --repair", hint="omit them, or omit --all")
        ctx.exit(find_all(ctx, provider_mirror=provider_mirror, at_once=at_once, as_json=as_json))
    if not stack:
        raise UsageError("no STACK", hint="name an environment, or pass --all")
    if no_lock and unlock:
        raise UsageError("--no-lock cannot be combined with --unlock", hint="omit one of them")
    loaded, layer = load_stack(ctx, stack, cloud)
    if repair and layer != "workloads":
        raise UsageError("--repair applies to workloads only", hint=f"run `terrace plan {stack}` to see the repair")
    found = find_one(
        ctx,
        loaded,
        layer,
        provider_mirror=provider_mirror,
        lock_timeout=lock_timeout,
        unlock=unlock,
        no_lock=no_lock,
    )
    if as_json:
        write_json(found.as_data())
    else:
        for line in report_lines(found.report):
            write(line)
        for one in found.objects or ():
            for line in object_lines(one):
                write(line)
    if repair and found.objects:
        found = repair_objects(ctx, loaded, found)
    if not as_json:
        count = found.count
        if layer == "workloads":
            write(counted(count, "difference") if count else "no drift")
        else:
            repaired = f"{counted(count, 'drifted resource')}; run `terrace plan {stack}` to see the repair"
            write(repaired if count else "no drift")
    if found.count:
        ctx.exit(1)
