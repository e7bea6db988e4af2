"""`terrace apply`: apply the saved plan."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.cli.options import cloud_option, lock_timeout_option, mirror_option, stack_argument, unlock_option

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from terrace.capabilities.blockers import Blocker
    from terrace.deployment.plans import SavedPlan
    from terrace.environment import Loaded

_PAST_TENSE = {
    "add": "added",
    "change": "changed",
    "replace": "replaced",
    "destroy": "destroyed",
    "import": "adopted",
    "forget": "forgotten",
}


@click.command("apply")
@stack_argument
@cloud_option
@mirror_option
@click.option(
    "--bundle",
    is_flag=False,
    flag_value="newest",
    default="",
    metavar="[HASH]",
    help="Apply a bundle of the commit that is checked out: the one with this hash, or the newest.",
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
@click.option(
    "--recover",
    is_flag=True,
    help="Make a new plan that restores deleted resources and adopts those that exist but are in no state.",
)
@click.option(
    "--irreversible",
    metavar="STACK",
    default="",
    help="Accept changes that cannot be undone, such as a lock; STACK must be the name of the stack.",
)
@click.option(
    "--break-glass",
    default="",
    metavar="REASON",
    help="Apply a plan that the gate refuses; the user and the reason are recorded.",
)
@lock_timeout_option
@unlock_option
@click.pass_context
def command(
    ctx: click.Context,
    stack: str,
    cloud: str | None,
    provider_mirror: Path | None,
    bundle: str,
    yes: bool,
    recover: bool,
    irreversible: str,
    break_glass: str,
    lock_timeout: str,
    unlock: str,
) -> None:
    """Apply the plan that `terrace plan STACK` saved.

    The gate evaluates the plan file again. A plan that it refuses, or that is out of date, is not applied. The apply is
    recorded in the evidence beside the state (`terrace evidence list`).

    With --bundle, Terrace plans again and evaluates the gate again, and applies only if the changes and the verdict are
    those of the bundle; otherwise it prints what differs and exits with 1.

    A plan that locks something for good is applied only with the stack's name: typed, or as --irreversible.

    After a run that was killed, this command releases that run's lock, adopts the resources that it created but did not
    record, makes a new plan and continues. Ctrl-C lets Terraform save its state; a second Ctrl-C stops it at once.
    """
    from terrace.cli.console import confirmed, info, warn, write
    from terrace.cli.options import data_keys_of, deployment_of, load_stack, state_home_of
    from terrace.cli.plan_summary import plan_text
    from terrace.cli.progress import Progress
    from terrace.deployment import bundle as bundles
    from terrace.deployment import bundle_apply, lifecycle
    from terrace.deployment.trail import Trail
    from terrace.errors import AnswerIsNo, UsageError
    from terrace.project.revision import head

    if bundle and recover:
        raise UsageError("--bundle cannot be combined with --recover", hint="omit one of them")

    loaded, layer = load_stack(ctx, stack, cloud)
    with Progress() as progress:
        deployment = deployment_of(
            ctx,
            loaded,
            layer=layer,
            lock_timeout=lock_timeout,
            provider_mirror=provider_mirror,
            on_message=progress.info,
            on_event=progress.listen,
        )
        trail = Trail(deployment, partial(state_home_of, ctx, loaded), warn)
        home = opened = None
        if bundle:
            home = state_home_of(ctx, loaded)
            wanted = "" if bundle == "newest" else bundle
            opened = bundles.find(deployment, head(deployment.project.root), wanted, home, data_keys_of(ctx, loaded))
            progress.info(f"applying bundle {opened}")

        def confirm(saved: "SavedPlan") -> bool:
            info(plan_text(saved.summary, saved.gate.access if saved.gate else ()))
            if not confirmed(f"Apply this plan to {deployment.stack_id} on {deployment.cloud}?", yes=yes):
                raise AnswerIsNo("cancelled; the plan is still saved" if not bundle else "cancelled")
            if saved.summary.irreversible and not bundle:  # who reviewed the bundle has accepted them
                _accept_irreversible(deployment.stack_id, irreversible)
            progress.expect_changes(deployment, saved.summary.verbs)
            if break_glass and not (saved.gate and saved.gate.passes):
                trail.break_glass(break_glass, saved.sha256)
            run.begins(plan=saved.sha256, bundle=opened.sha256 if opened else "", summary=_counts(saved))
            return True

        with trail.run("apply") as run:
            if opened and home:
                saved = bundle_apply.apply(
                    deployment, opened, home, confirm=confirm, unlock=unlock, break_glass=break_glass
                )
            else:
                saved = lifecycle.apply(
                    deployment,
                    confirm=confirm,
                    recover=recover,
                    unlock=unlock,
                    break_glass=break_glass,
                    restore=restorer(loaded, deployment.stack_id, yes=yes),
                )
    if saved is None:
        write(f"{deployment.stack_id} on {deployment.cloud}: no changes")
        return
    changes = ", ".join(f"{count} {_PAST_TENSE[verb]}" for verb, count in _counts(saved).items() if count)
    write(f"{deployment.stack_id} on {deployment.cloud}: {changes or 'outputs changed'}")
    run.require_recorded()


def _accept_irreversible(name: str, given: str) -> None:
    """Ask for the stack's name, before changes that cannot be undone. Raises UsageError, AnswerIsNo."""
    import sys

    from terrace.errors import AnswerIsNo, UsageError

    if given and given != name:
        raise UsageError(f"--irreversible is {given!r}, but the stack is {name!r}")
    if not given and not sys.stdin.isatty():
        raise UsageError("the plan has changes that cannot be undone", hint=f"pass --irreversible {name}")
    question = f"Type {name} to make changes that cannot be undone"
    if not given and click.prompt(question, default="", show_default=False, err=True) != name:
        raise AnswerIsNo("cancelled; the plan is still saved")


def restorer(loaded: "Loaded", stack_id: str, *, yes: bool) -> "Callable[[Sequence[Blocker]], None]":
    """Restores deleted resources whose names a plan needs, after a confirmation."""
    from terrace import recovery
    from terrace.cli.console import confirmed, info
    from terrace.environment import target
    from terrace.errors import AnswerIsNo
    from terrace.words import counted

    def restore(deleted: "Sequence[Blocker]") -> None:
        info("deleted, and restored before the apply:\n" + "\n".join(f"  {one.address}" for one in deleted))
        if not confirmed(f"Restore {counted(len(deleted), 'resource')} of {stack_id}?", yes=yes):
            raise AnswerIsNo("cancelled; nothing was restored")
        recovery.restore(loaded.environment, target(loaded.environment), deleted)

    return restore


def _counts(saved: "SavedPlan") -> dict[str, int]:
    """How many resources a plan changes, by action."""
    counts: dict[str, int] = saved.summary.as_data()["counts"]
    return counts | {"import": len(saved.adopted)}
