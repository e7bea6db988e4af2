"""`terrace apply`: apply the saved plan."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.cli.options import cloud_option, mirror_option, stack_argument, unlock_option

if TYPE_CHECKING:
    from terrace.deployment.plans import SavedPlan

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
@click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
@click.option("--recover", is_flag=True, help="Make a new plan that adopts resources that exist but are in no state.")
@click.option(
    "--break-glass",
    default="",
    metavar="REASON",
    help="Apply a plan that the gate refuses; the user and the reason are recorded.",
)
@unlock_option
@click.pass_context
def command(
    ctx: click.Context,
    stack: str,
    cloud: str | None,
    provider_mirror: Path | None,
    yes: bool,
    recover: bool,
    break_glass: str,
    unlock: str,
) -> None:
    """Apply the plan that `terrace plan STACK` saved.

    A plan that the gate refuses, or that is out of date, is not applied.

    After a run that was killed, this command releases that run's lock, adopts the resources that it created but did not
    record, makes a new plan and continues. Ctrl-C lets Terraform save its state; a second Ctrl-C stops it at once.
    """
    from terrace.cli.console import confirmed, info, write
    from terrace.cli.options import deployment_of, load_stack
    from terrace.cli.plan_summary import plan_text
    from terrace.cli.progress import Progress
    from terrace.deployment import lifecycle
    from terrace.errors import AnswerIsNo

    loaded, layer = load_stack(ctx, stack, cloud)
    with Progress() as progress:
        deployment = deployment_of(
            ctx,
            loaded,
            layer=layer,
            provider_mirror=provider_mirror,
            on_message=progress.info,
            on_event=progress.listen,
        )

        def confirm(saved: "SavedPlan") -> bool:
            info(plan_text(saved.summary))
            if not confirmed(f"Apply this plan to {deployment.stack_id} on {deployment.cloud}?", yes=yes):
                raise AnswerIsNo("cancelled; the plan is still saved")
            progress.expect(len(saved.summary.changes))
            return True

        saved = lifecycle.apply(deployment, confirm=confirm, recover=recover, unlock=unlock, break_glass=break_glass)
    if saved is None:
        write(f"{deployment.stack_id} on {deployment.cloud}: no changes")
        return
    counts = saved.summary.as_data()["counts"] | {"import": len(saved.adopted)}
    changes = ", ".join(f"{count} {_PAST_TENSE[verb]}" for verb, count in counts.items() if count)
    write(f"{deployment.stack_id} on {deployment.cloud}: {changes or 'outputs changed'}")
