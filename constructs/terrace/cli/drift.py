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
@click.option("--repair", is_flag=True, help="Revert the drift, and apply no other change of the stack.")
@click.option("--accept", is_flag=True, help="Write the settings to the environment's file that adopt the drift.")
@click.option(
    "--reason",
    default="",
    metavar="TEXT",
    help="With --accept: accept what no setting adopts for 30 days, in policies/drift.yaml, for this reason.",
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
@click.option(
    "--break-glass",
    default="",
    metavar="REASON",
    help="With --repair: apply a plan that the gate refuses; the user and the reason are recorded.",
)
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
    accept: bool,
    reason: str,
    yes: bool,
    break_glass: str,
    as_json: bool,
) -> None:
    """Compare the live resources of STACK, or of all stacks, with the state. Exit code 1 when there is drift.

    A difference is drift when the next apply would revert it. Other differences, as in an attribute that the stack
    ignores, are listed for information.

    Drift is `security` if it breaks a guarantee or gives access, `availability` if it breaks a guarantee about
    recovery, scaling or alarms, takes access away or deletes a resource, and `cosmetic` if no check depends on it.
    policies/drift.yaml accepts drift until a date.

    With --all, the failure of one deployment is reported, the others continue, and the exit code is 3.

    --repair plans the drifted resources only, and applies that plan after confirmation. The gate evaluates the plan of
    the whole stack first. It applies no other change of the stack, except to resources that a drifted one depends on,
    which are listed; a drifted resource that the stack changes too is left. Exit code 0 when nothing is left.

    --accept finds the settings that adopt the drift: each is tried, and counts only if the stack synthesized with it
    has the live value. It prints the change of the environment's file, and what else of the stack changes by it, and
    writes it after confirmation. For an attribute that no setting adopts, it prints an entry of policies/drift.yaml.

    The last writes of each drifted resource are read from the cloud's audit log, as far as it can be read.

    Of ENV-workloads, the objects of all releases are compared as well: Terraform does not see what happens to them in
    the cluster, and an apply does not revert it. There, --repair applies the releases' manifests to drifted objects.
    """
    from terrace.cli.console import warn, write, write_json
    from terrace.cli.drift_accept import accept_drift
    from terrace.cli.drift_find import find_all, find_one, repair_objects
    from terrace.cli.drift_repair import repair_foundation
    from terrace.cli.drift_text import object_lines, report_lines
    from terrace.cli.options import load_stack
    from terrace.deployment import bootstrapped
    from terrace.errors import UsageError
    from terrace.words import counted

    if every:
        if stack or cloud or unlock or repair or accept:
            raise UsageError(
                "--all takes no STACK, --cloud, --unlock, --repair or --accept", hint="omit them, or omit --all"
            )
        ctx.exit(find_all(ctx, provider_mirror=provider_mirror, at_once=at_once, as_json=as_json))
    if not stack:
        raise UsageError("no STACK", hint="name an environment, or pass --all")
    if no_lock and unlock:
        raise UsageError("--no-lock cannot be combined with --unlock", hint="omit one of them")
    loaded, layer = load_stack(ctx, stack, cloud)
    if accept and (repair or layer != "foundation"):
        raise UsageError("--accept is for foundations, and cannot be combined with --repair", hint="omit --accept")
    if repair and no_lock:
        raise UsageError("--repair cannot be combined with --no-lock: it changes the state", hint="omit one of them")
    if repair and layer == "bootstrap":
        raise UsageError("--repair is not for the bootstrap", hint=f"run `terrace bootstrap {loaded.environment.name}`")
    if repair and layer == "foundation":
        ctx.exit(
            repair_foundation(
                ctx,
                loaded,
                provider_mirror=provider_mirror,
                lock_timeout=lock_timeout,
                unlock=unlock,
                yes=yes,
                break_glass=break_glass,
                as_json=as_json,
            )
        )
    found = find_one(
        ctx,
        loaded,
        layer,
        provider_mirror=provider_mirror,
        lock_timeout=lock_timeout,
        unlock=unlock,
        no_lock=no_lock,
    )
    if accept:
        ctx.exit(accept_drift(ctx, loaded, found, reason=reason, yes=yes, as_json=as_json))
    if as_json:
        write_json(found.as_data())
    else:
        for line in report_lines(found.report, found.writes):
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
            repaired = f"{counted(count, 'drifted resource')}; `terrace drift {stack} --repair` reverts the drift"
            write(repaired if count else "no drift")
        if found.bootstrap_outdated:
            warn(bootstrapped.sentence(found.environment))
    if found.count:
        ctx.exit(1)
