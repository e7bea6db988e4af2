"""The demo of a cloud that is not emulated: everything short of an apply, by the real provider, with the evidence.

Validated, planned without an account, applied to the provider's mocks and taken down again, the guarantees judged on
the plan. Nothing is applied anywhere, and no cloud is asked.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from terrace.deployment import offline
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Event
from terrace.deployment.project import Project
from terrace.environment import load, target

Say = Callable[[str], None]


@dataclass
class Evidence:
    """What the rehearsal saw. `as_data` is what `--json` writes; `failures` says what should not have been."""

    environment: str
    cloud: str
    applied: bool = False  # never; for who reads the file without knowing which demo wrote it
    diagnostics: int = 0
    resources_planned: int = 0
    resources_applied_to_mocks: int = 0
    guarantees_on_the_plan: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        """Plain data, the keys in the order of the run."""
        return dict(vars(self))

    def count(self, status: str) -> int:
        """How many guarantees have a status; see terrace.assurance.proof.Status."""
        return sum(1 for found in self.guarantees_on_the_plan.values() if found == status)


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
        with step("terraform init"):
            workspace = deployment.workspace(directory)
        with step("terraform validate"):
            diagnostics = workspace.validate()
        with step("plan without an account"):
            planned = offline.plan(deployment, workspace)
        with step("judge the plan"):
            evidence.guarantees_on_the_plan = _judged(deployment, planned, evidence.failures)
        with step("apply to mocks"):
            offline.apply_to_mocks(deployment, workspace)
    evidence.diagnostics = len(diagnostics)
    evidence.failures += [f"{found.severity} of validate: {found.summary} {found.where}" for found in diagnostics]
    evidence.resources_planned = planned.summary.count("add")
    evidence.resources_applied_to_mocks = evidence.resources_planned
    return evidence


def _judged(deployment: Deployment, planned: offline.OfflinePlan, failures: list[str]) -> dict[str, str]:
    """Guarantee to its status on the plan; what is broken goes to `failures`."""
    from terrace.assurance.checks import Subject, View
    from terrace.assurance.proof import prove

    wanted = load(deployment.environment, project=deployment.project.root, cloud=deployment.cloud).environment
    view = View.of_plan(planned.plan, planned.stack)
    proofs = prove(Subject(view, wanted, target(wanted, offline=True)))
    failures += [f"{proof.guarantee.id} is broken: {proof.why}" for proof in proofs if proof.status == "broken"]
    return {proof.guarantee.id: proof.status for proof in proofs}
