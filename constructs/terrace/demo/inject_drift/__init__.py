"""Changes an emulated deployment without Terraform, so that the demo can show how drift is found and repaired."""

from dataclasses import dataclass
from typing import Literal

from terrace.capabilities.cloud import implementation
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment


@dataclass(frozen=True)
class Drift:
    """One change made behind Terraform's back, and what its next plan has to show.

    `path` is the construct's place in the stack as far as it is stable (`lake/`), `type` Terraform's resource type,
    `action` what the plan will do about it.
    """

    kind: Literal["tag", "public_access", "rule"]
    description: str
    resource: str
    type: str
    path: str
    attribute: str
    action: Literal["update", "create"]


def inject_drift(environment: Environment, target: Target) -> list[Drift]:
    """Change three things: a tag, a bucket's public access block, a network rule.

    The caller ensures that the deployment is an emulated one.
    """
    drifts: list[Drift] = implementation("terrace.demo.inject_drift", environment.cloud).inject_drift(
        environment, target
    )
    return drifts
