"""The demo without an emulated cloud: everything except an apply, with the real provider, and the evidence of it.

The stack is validated, planned without an account and applied to the provider's mocks; the guarantees are evaluated on
the plan. No request reaches a cloud. If the provider is not available, only the stack's guarantees are evaluated.
"""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from terrace.demo import timed_step
from terrace.deployment import mirror, offline
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Event
from terrace.environment import load
from terrace.project.discovery import Project


@dataclass
class Evidence:
    """What the rehearsal observed, for `--json`. `failures` are sentences; `guarantees` maps an id to its status."""

    environment: str
    cloud: str
    applied: bool = False  # always; distinguishes the file from a demo's
    provider_missing: str = ""
    resources_synthesized: int = 0
    diagnostics: int = 0
    resources_planned: int = 0
    resources_applied_to_mocks: int = 0
    guarantees: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        """Plain data, with the keys in the order of the steps."""
        return dict(vars(self))


def run(
    project: Project,
    environment: str,
    *,
    cloud: str = "",
    environ: Mapping[str, str] = os.environ,
    provider_mirror: Path | None = None,
    on_step: Callable[[str], None] = lambda step: None,
    on_message: Callable[[str], None] = lambda message: None,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Evidence:
    """Rehearse `environment`. `on_step` receives the name of each step when it begins.

    Raises what synthesis, planning and the mocked apply raise.
    """
    settings = load(environment, project=project.root, cloud=cloud or None).environment
    evidence = Evidence(settings.name, settings.cloud)

    def step(name: str) -> AbstractContextManager[None]:
        return timed_step(name, on_step, evidence.seconds)

    with offline.offline_deployment(
        project,
        settings.name,
        settings.cloud,
        environ=environ,
        provider_mirror=provider_mirror,
        on_message=on_message,
        on_event=on_event,
    ) as deployment:
        with step("synthesize"):
            directory = deployment.stack()
        stack = json.loads((directory / "cdk.tf.json").read_text())
        evidence.resources_synthesized = sum(len(resources) for resources in stack.get("resource", {}).values())
        try:
            with step("terraform init"):
                terraform = deployment.terraform(directory)
        except mirror.NoProviders as error:
            evidence.provider_missing = str(error)
            with step("evaluate the stack"):
                evidence.guarantees = _evaluate(deployment, stack, None, evidence.failures)
            return evidence
        with step("terraform validate"):
            diagnostics = terraform.validate()
        with step("plan without an account"):
            planned = offline.plan(deployment, terraform)
        with step("evaluate the plan"):
            evidence.guarantees = _evaluate(deployment, planned.stack, planned.plan, evidence.failures)
        with step("apply to mocks"):
            offline.apply_to_mocks(deployment, terraform)
    evidence.diagnostics = len(diagnostics)
    evidence.failures += [f"terraform validate: {d.severity}: {d.summary} {d.where}" for d in diagnostics]
    evidence.resources_planned = planned.summary.count("add")
    evidence.resources_applied_to_mocks = evidence.resources_planned
    return evidence


def _evaluate(
    deployment: Deployment, stack: dict[str, Any], plan: dict[str, Any] | None, failures: list[str]
) -> dict[str, str]:
    """Guarantee to its status on the plan, or on the stack if there is none; adds blocking findings to `failures`."""
    from terrace.assurance import gate

    root = deployment.project.root
    loaded = load(deployment.environment, project=root, cloud=deployment.cloud)
    result = gate.evaluate(loaded, json.dumps(stack), gate.policies(root, ends=False), plan=plan, offline=True)
    failures += gate.gated(result).blocking
    return {result.guarantee.id: result.status for result in result.results}
