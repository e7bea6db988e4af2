"""The demo without an emulator: everything short of an apply, by the real provider, with the evidence.

Validated, planned without an account, applied to the provider's mocks and taken down again, the guarantees judged on
the plan. Nothing is applied anywhere, and no cloud is asked. Where the provider cannot be had, the guarantees are
judged on the stack, and that is all.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from terrace.deployment import mirror, offline
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Event
from terrace.environment import load
from terrace.project.discovery import Project

Say = Callable[[str], None]


@dataclass
class Evidence:
    """What the rehearsal saw. `as_data` is what `--json` writes; `failures` says what should not have been."""

    environment: str
    cloud: str
    applied: bool = False  # never; for who reads the file without knowing which demo wrote it
    provider_missing: str = ""
    resources_synthesized: int = 0
    diagnostics: int = 0
    resources_planned: int = 0
    resources_applied_to_mocks: int = 0
    guarantees: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        """Plain data, the keys in the order of the run."""
        return dict(vars(self))

    def count(self, status: str) -> int:
        """How many guarantees have a status; see terrace.assurance.proof.Status."""
        return sum(1 for found in self.guarantees.values() if found == status)


def run(
    project: Project,
    environment: str,
    *,
    cloud: str = "",
    environ: Mapping[str, str] = os.environ,
    provider_mirror: Path | None = None,
    announce: Say = lambda step: None,
    say: Say = lambda sentence: None,
    listener: Callable[[Event], None] = lambda event: None,
) -> Evidence:
    """Rehearse `environment`. `announce` hears each step's name as it begins, `say` sentences, `listener` Terraform.

    Raises what synthesizing, planning and the mocked apply raise.
    """
    wanted = load(environment, project=project.root, cloud=cloud or None).environment
    evidence = Evidence(wanted.name, wanted.cloud)

    @contextmanager
    def step(name: str) -> Iterator[None]:
        announce(name)
        started = time.monotonic()
        try:
            yield
        finally:
            evidence.seconds[name] = round(time.monotonic() - started, 1)

    with offline.opened(
        project,
        wanted.name,
        wanted.cloud,
        environ=environ,
        provider_mirror=provider_mirror,
        say=say,
        listener=listener,
    ) as deployment:
        with step("synthesize"):
            directory = deployment.stack()
        stack = json.loads((directory / "cdk.tf.json").read_text())
        evidence.resources_synthesized = sum(len(alike) for alike in stack.get("resource", {}).values())
        try:
            with step("terraform init"):
                workspace = deployment.workspace(directory)
        except mirror.NoProviders as error:
            evidence.provider_missing = str(error)
            with step("judge the stack"):
                evidence.guarantees = _judged(deployment, stack, None, evidence.failures)
            return evidence
        with step("terraform validate"):
            diagnostics = workspace.validate()
        with step("plan without an account"):
            planned = offline.plan(deployment, workspace)
        with step("judge the plan"):
            evidence.guarantees = _judged(deployment, planned.stack, planned.plan, evidence.failures)
        with step("apply to mocks"):
            offline.apply_to_mocks(deployment, workspace)
    evidence.diagnostics = len(diagnostics)
    evidence.failures += [f"{found.severity} of validate: {found.summary} {found.where}" for found in diagnostics]
    evidence.resources_planned = planned.summary.count("add")
    evidence.resources_applied_to_mocks = evidence.resources_planned
    return evidence


def _judged(
    deployment: Deployment, stack: dict[str, Any], plan: dict[str, Any] | None, failures: list[str]
) -> dict[str, str]:
    """Guarantee to its status on the plan, or on the stack alone; what blocks the gate goes to `failures`."""
    from terrace.assurance import gate

    root = deployment.project.root
    loaded = load(deployment.environment, project=root, cloud=deployment.cloud)
    result = gate.evaluate(loaded, json.dumps(stack), gate.policies(root, ends=False), plan=plan, offline=True)
    failures += gate.gated(result).blocking
    return {proof.guarantee.id: proof.status for proof in result.proofs}
