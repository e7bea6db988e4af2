"""A foundation's outputs in a file of the project, for the workloads stack; and what stand-ins mean for a plan.

An output is an address or a name. Sensitive ones are not written; the contract has none.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from terrace.deployment.deployment import Deployment
from terrace.deployment.terraform import Terraform
from terrace.errors import AnswerIsNo
from terrace.words import counted
from terrace.workloads import standins


class StandIns(AnswerIsNo):
    """A plan with stand-ins for outputs of a foundation that does not exist yet."""


def file(deployment: Deployment) -> Path:
    """The file with the outputs of the deployment's foundation."""
    return deployment.project.outputs / f"{deployment.environment}-{deployment.cloud}.json"


def save(deployment: Deployment, outputs: Mapping[str, Any]) -> None:
    """Write the outputs of a foundation, as `terraform output -json` prints them, to its file."""
    values = {name: entry["value"] for name, entry in outputs.items() if not entry.get("sensitive")}
    if deployment.layer != "foundation" or not values:
        return
    path = file(deployment)
    deployment.project.working_directory  # noqa: B018, creates it as private to the user
    path.parent.mkdir(mode=0o700, exist_ok=True)
    scratch = path.with_suffix(f".{os.getpid()}")
    scratch.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n")
    scratch.replace(path)


def remove(deployment: Deployment) -> None:
    """Delete the file of a foundation that was destroyed."""
    if deployment.layer == "foundation":
        file(deployment).unlink(missing_ok=True)


def report_stand_ins(deployment: Deployment, terraform: Terraform) -> None:
    """Report that a new plan has stand-ins."""
    if found := _stand_ins(deployment, terraform):
        deployment.on_message(
            f"{counted(found, 'stand-in')} for outputs of the foundation {deployment.environment}, which has none yet: "
            "the plan shows them as stand-in-..., and cannot be applied"
        )


def require_none(deployment: Deployment, terraform: Terraform) -> None:
    """Raise StandIns for a plan that has any."""
    if found := _stand_ins(deployment, terraform):
        raise StandIns(
            f"the plan of {deployment.stack_id} has {counted(found, 'stand-in')} for outputs of its foundation",
            hint=f"apply the foundation first (`terrace apply {deployment.environment}`), "
            f"then plan again with `terrace plan {deployment.stack_id}`",
        )


def _stand_ins(deployment: Deployment, terraform: Terraform) -> int:
    if deployment.layer != "workloads":
        return 0
    return terraform.stack_file.read_text(encoding="utf-8").count(standins.STAND_IN)
