"""`terrace apply`: the saved plan, exactly."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from terrace.cli.options import cloud_option, environment_argument, mirror_option, unlock_option

if TYPE_CHECKING:
    from terrace.deployment.plans import SavedPlan


@click.command("apply")
@environment_argument
@cloud_option
@mirror_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--recover", is_flag=True, help="Plan anew, adopting resources that exist but are in no state.")
@click.option(
    "--break-glass", default="", metavar="REASON", help="Apply what the gate refuses; who and why is recorded."
)
@unlock_option
@click.pass_context
def command(
    ctx: click.Context,
    environment: str,
    cloud: str | None,
    provider_mirror: Path | None,
    yes: bool,
    recover: bool,
    break_glass: str,
    unlock: str,
) -> None:
    """Apply the plan that `terrace plan ENV` saved; refuse it if it did not pass the gate, or anything has changed.

    After a run that was killed, this plans anew: it releases that run's lock, adopts what it had created without
    recording it, and goes on from there. Ctrl-C lets Terraform save its state; a second one stops it at once.
    """
    from terrace.cli.console import confirmed, plan_text, say
    from terrace.cli.options import deployment_of, load, settings_of
    from terrace.cli.progress import Progress
    from terrace.deployment import lifecycle
    from terrace.errors import AnswerIsNo

    loaded = load(ctx, environment, cloud)
    quiet = settings_of(ctx).quiet
    with Progress(quiet=quiet) as progress:
        deployment = deployment_of(
            ctx, loaded, provider_mirror=provider_mirror, say=progress.say, listener=progress.hear
        )

        def confirm(saved: "SavedPlan") -> bool:
            if not quiet:
                say(plan_text(saved.summary))
            if not confirmed(f"Apply this to {deployment.environment} on {deployment.cloud}?", yes=yes):
                raise AnswerIsNo("not applied; the plan is kept")
            progress.expect(len(saved.summary.changes))
            return True

        saved = lifecycle.apply(deployment, confirm=confirm, recover=recover, unlock=unlock, break_glass=break_glass)
    if saved is None:
        click.echo(f"{deployment.environment} on {deployment.cloud}: nothing to do")
        return
    counts = saved.summary.as_data()["counts"] | {"import": len(saved.adopted)}
    told = ", ".join(f"{count} {_TOLD[verb]}" for verb, count in counts.items() if count)
    click.echo(f"{deployment.environment} on {deployment.cloud}: {told or 'outputs changed'}")


_TOLD = {
    "add": "added",
    "change": "changed",
    "replace": "replaced",
    "destroy": "destroyed",
    "import": "adopted",
    "forget": "forgotten",
}
