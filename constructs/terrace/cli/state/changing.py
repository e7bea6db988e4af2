"""What the commands that change a state have in common: a question, a copy of the state before, and a record."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from terrace.deployment.terraform import Terraform


def change(
    ctx: click.Context,
    stack: str,
    cloud: str | None,
    what: str,
    run: "Callable[[Terraform], None]",
    *,
    yes: bool,
    lock_timeout: str,
) -> None:
    """Change the state of a stack with Terraform, after a confirmation. `what` is the change in words, "remove a.b".

    Nothing in the cloud changes. A copy of the state is kept beside it, and the change is recorded in the evidence.
    Raises AnswerIsNo, StateLocked, TerraformFailed.
    """
    from terrace.cli.console import confirmed, info, warn, write
    from terrace.cli.options import deployment_of, load_stack, state_home_of
    from terrace.deployment.trail import Trail
    from terrace.errors import AnswerIsNo
    from terrace.state import states

    loaded, layer = load_stack(ctx, stack, cloud)
    deployment = deployment_of(ctx, loaded, layer=layer, lock_timeout=lock_timeout)
    terraform = deployment.terraform(deployment.stack())
    if not confirmed(f"In the state of {deployment.stack_id} on {deployment.cloud}: {what}?", yes=yes):
        raise AnswerIsNo("cancelled; the state is as before")
    with Trail(deployment, partial(state_home_of, ctx, loaded), warn).run("state") as record:
        home = state_home_of(ctx, loaded)
        if kept := states.backup(home, deployment.environment, deployment.cloud, layer):
            info(f"the state before is backup {kept}")
        record.begins(detail=what)
        run(terraform)
    write(f"{deployment.stack_id} on {deployment.cloud}: {what}")
    record.require_recorded()
