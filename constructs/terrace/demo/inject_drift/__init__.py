"""Changes an emulated deployment outside Terraform, so that the demo can show how drift is detected and repaired."""

from dataclasses import dataclass
from typing import Literal

from terrace.capabilities.cloud import implementation
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment


@dataclass(frozen=True)
class Drift:
    """One change made outside Terraform, and the drift that the next plan must show.

    `path` is the stable part of the construct's path (`lake/`), `type` Terraform's resource type, `action` the planned
    repair.
    """

    kind: Literal["tag", "public_access", "rule", "streams"]
    description: str
    resource: str
    type: str
    path: str
    attribute: str
    action: Literal["update", "create"]


def inject_drift(environment: Environment, target: Target) -> list[Drift]:
    """Change a tag, a bucket's public access block, a network rule and, if there are some, managed streams. The
    deployment must be an emulated one."""
    drifts: list[Drift] = implementation("terrace.demo.inject_drift", environment.cloud).inject_drift(
        environment, target
    )
    return drifts
