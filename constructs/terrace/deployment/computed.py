"""What the cloud computes after an apply: versions, times, and parts that other resources add, such as the rules of a
security group.

Terraform reads a resource when it has made it, and so records such values as drift when it reads the resource again. An
apply ends with one more plan of what it changed, and of what that depends on. If the plan changes nothing, Terraform
stores what it read.
"""

import os
from collections.abc import Sequence

from terrace.deployment import drift
from terrace.deployment.changes import Verb
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Diagnostic, Event
from terrace.deployment.plans import SavedPlan
from terrace.deployment.terraform import Terraform
from terrace.errors import TerraceError
from terrace.project.process import Interrupted
from terrace.words import counted

_CHANGING: tuple[Verb, ...] = ("add", "change", "replace", "import")
_SHOWN = 3


def store(deployment: Deployment, terraform: Terraform, applied: SavedPlan) -> None:
    """Store in the state what the cloud computed for the resources that a plan changed.

    Stores nothing if the next apply would revert a value, or if a resource is gone: that was changed by others while
    the apply ran, and `terrace drift` has to find it. An error ends the attempt with a message, since the apply itself
    succeeded. Raises Interrupted.
    """
    changed = sorted(change.address for change in applied.summary.changes if change.verb in _CHANGING)
    if not changed:
        return
    path = deployment.project.plans / f"{deployment.name}-computed-{os.getpid()}.tfplan"

    def listen(event: Event) -> None:
        if not isinstance(event, Diagnostic) or event.severity == "error":  # each plan of a part warns that it is one
            deployment.on_event(event)

    try:
        terraform.plan(path, targets=changed, on_event=listen)
        content = terraform.show(path)
        found = drift.report(content, terraform.construct_paths())
        gone = [one.address for one in found.drifts if one.kind == "deleted"]
        if different := sorted({*(one.address for one in found.effective), *gone, *found.pending}):
            deployment.on_message(
                f"changed by others during the apply: {_some(different)}; `terrace drift {deployment.stack_id}` "
                "shows how"
            )
        elif content.get("resource_drift"):
            terraform.apply(path, on_event=listen)
    except Interrupted:
        raise
    except TerraceError as error:
        deployment.on_message(
            f"could not store what the cloud computed: {error.message}; "
            f"`terrace drift {deployment.stack_id}` lists it as not reverted by an apply"
        )
    finally:
        path.unlink(missing_ok=True)


def _some(addresses: Sequence[str]) -> str:
    more = len(addresses) - _SHOWN
    return ", ".join(addresses[:_SHOWN]) + (f" and {counted(more, 'more resource')}" if more > 0 else "")
