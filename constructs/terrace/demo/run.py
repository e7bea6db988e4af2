"""The demo: the life of one environment on an emulated cloud, with the evidence of each step.

No step can reach a real account: every child process and every SDK call gets the emulator's variables and none of the
shell's credentials, and the proxy refuses all other hosts.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from terrace import emulator, live
from terrace.capabilities.outputs import parse
from terrace.capabilities.target import Target
from terrace.demo import timed_step
from terrace.demo.inject_drift import inject_drift
from terrace.deployment import drift, emulated, lifecycle, teardown
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Event, ResourceEvent
from terrace.environment import load, target
from terrace.environment.schema import Environment
from terrace.project.discovery import Project
from terrace.purge import empty_buckets

_SLOWEST = 5


@dataclass
class Evidence:
    """What the demo observed, for `--json`. `failures` are sentences; `guarantees` maps an id to its status;
    `drift_entries` is how many resources an apply would change back after three changes by others.

    If the emulator is kept, `emulator_directory` and `example_command` (a first command to try) are set.
    """

    environment: str
    cloud: str
    resources_applied: int = 0
    outputs_version: int = 0
    second_plan_changes: int = 0
    drift_after_apply: list[str] = field(default_factory=list)
    guarantees: dict[str, str] = field(default_factory=dict)
    drift_injected: list[str] = field(default_factory=list)
    drift_detected: list[str] = field(default_factory=list)
    drift_entries: int = 0
    drift_repaired: bool = False
    leftovers: list[str] = field(default_factory=list)
    retained: list[dict[str, str]] = field(default_factory=list)
    not_emulated: list[dict[str, str]] = field(default_factory=list)
    unsupported_calls: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    slowest: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    emulator_directory: str = ""
    example_command: str = ""

    def as_data(self) -> dict[str, Any]:
        """Plain data, with the keys in the order of the steps."""
        return dict(vars(self))


@dataclass
class _Demo:
    """What the steps share."""

    environment: Environment
    target: Target
    deployment: Deployment
    emulator: emulator.Emulator
    evidence: Evidence
    on_step: Callable[[str], None]

    def step(self, name: str) -> AbstractContextManager[None]:
        return timed_step(name, self.on_step, self.evidence.seconds)

    @contextmanager
    def emulated_sdk(self) -> Iterator[None]:
        """For SDK calls of this process: replaces its environment variables by the emulator's, and restores them."""
        before = dict(os.environ)
        try:
            _replace_environment(self.emulator.child_environment(before))
            yield
        finally:
            _replace_environment(before)


def run(
    project: Project,
    environment: str,
    *,
    cloud: str = "",
    keep: bool = False,
    provider_mirror: Path | None = None,
    faults: emulator.Faults = emulator.Faults(),
    on_step: Callable[[str], None] = lambda step: None,
    on_message: Callable[[str], None] = lambda message: None,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Evidence:
    """Apply `environment` to an emulated cloud, verify it, inject and repair drift, destroy it and list leftovers.

    `on_step` receives the name of each step when it begins. With `keep`, the emulator keeps running and nothing is
    destroyed. `faults` are injected for the whole run. Raises what each step raises, after stopping the emulator.
    """
    loaded = load(environment, project=project.root, cloud=cloud or None)
    settings = loaded.environment
    account = target(settings)
    scratch = project.working_directory / "demo" / f"{settings.name}-{settings.cloud}"
    evidence = Evidence(environment=settings.name, cloud=settings.cloud)
    evidence.not_emulated = [vars(entry) for entry in emulator.not_emulated(settings.cloud)]

    with timed_step("start the emulator", on_step, evidence.seconds):
        if (earlier := emulator.status(settings.cloud, scratch / "emulator")) is not None:
            earlier.stop()
        # the state of an interrupted demo belongs to an emulator that no longer exists
        shutil.rmtree(scratch, ignore_errors=True)
        running = emulator.start(
            settings.cloud,
            scratch / "emulator",
            account=emulator.account_of(settings.cloud, account.settings),
            region=account.region,
            options=emulator.Options(faults=faults),
            parent=None if keep else os.getpid(),
        )

    def record_duration(event: Event) -> None:
        if isinstance(event, ResourceEvent) and event.moment == "complete" and event.phase == "apply":
            evidence.slowest[event.address] = max(event.seconds, evidence.slowest.get(event.address, 0.0))
        on_event(event)

    basis, deployment = emulated.deployments(
        Project(project.root, scratch=scratch),
        loaded,
        running,
        provider_mirror=provider_mirror,
        on_message=on_message,
        on_event=record_duration,
    )
    demo = _Demo(settings, account, deployment, running, evidence, on_step)
    finished = False
    try:
        with demo.step("bootstrap"):
            lifecycle.plan(basis)
            lifecycle.apply(basis, confirm=lambda saved: True)
        _apply(demo)
        _verify(demo)
        _drift(demo)
        if keep:
            evidence.emulator_directory = str(running.directory)
            evidence.example_command = emulator.example_command(settings.cloud)
        else:
            _destroy(demo, basis)
        evidence.unsupported_calls = [f"{call.service} {call.operation}" for call in running.unsupported()]
        slowest = sorted(evidence.slowest.items(), key=lambda entry: -entry[1])[:_SLOWEST]
        paths = deployment.terraform().construct_paths()
        evidence.slowest = {paths.get(address, address): seconds for address, seconds in slowest}
        finished = True
    finally:
        if not (keep and finished):
            running.stop()
    return evidence


def _apply(demo: _Demo) -> None:
    evidence = demo.evidence
    with demo.step("synthesize"):
        directory = demo.deployment.stack()
    deployment = demo.deployment = replace(demo.deployment, synthesize=False)
    with demo.step("terraform init"):
        terraform = deployment.terraform(directory)
    with demo.step("plan"):
        lifecycle.plan_synthesized(deployment, terraform)
    with demo.step("apply"):
        lifecycle.apply(deployment, confirm=lambda saved: True)
    evidence.resources_applied = len(terraform.addresses())
    try:
        evidence.outputs_version = parse(terraform.output()).version
    except ValidationError as error:
        evidence.failures.append(f"the outputs violate their contract: {error}")
    with demo.step("plan again"):
        second = lifecycle.plan_synthesized(deployment, terraform)
    evidence.second_plan_changes = len(second.summary.changes)
    if not second.summary.empty:
        changed = ", ".join(f"{change.address} ({', '.join(change.attributes)})" for change in second.summary.changes)
        evidence.failures.append(f"the second plan is not empty: {changed or 'outputs change'}")
    found = drift.report(terraform.show(second.path), terraform.construct_paths())
    evidence.drift_after_apply = [one.address for one in found.drifts]
    if found.drifts:
        evidence.failures.append(f"drift right after the apply: {', '.join(evidence.drift_after_apply)}")


def _verify(demo: _Demo) -> None:
    with demo.step("verify live"), demo.emulated_sdk():
        results = live.verify(demo.environment, demo.target)
    demo.evidence.guarantees = {result.guarantee.id: result.status for result in results}
    demo.evidence.failures += [
        f"{result.guarantee.id} is {result.status}: {result.reason}" for result in results if not result.passes
    ]


def _drift(demo: _Demo) -> None:
    evidence, deployment = demo.evidence, demo.deployment
    with demo.step("inject drift"), demo.emulated_sdk():
        injected = inject_drift(demo.environment, demo.target)
    evidence.drift_injected = [one.description for one in injected]
    with demo.step("detect drift"):
        report = lifecycle.find_drift(deployment)
    evidence.drift_entries = len(report.effective)
    for one in injected:
        if any(
            one.type == detected.type and detected.construct.partition("/")[2].startswith(one.path)
            for detected in report.effective
        ):
            evidence.drift_detected.append(one.description)
        else:
            evidence.failures.append(f"drift was not detected: {one.description}")
    paths = tuple(one.path for one in injected)
    elsewhere = [one.address for one in report.drifts if not one.construct.partition("/")[2].startswith(paths)]
    if elsewhere:
        evidence.failures.append(f"drift where none was injected: {', '.join(elsewhere)}")
    with demo.step("repair drift"):
        lifecycle.plan_synthesized(deployment, deployment.terraform())
        lifecycle.apply(deployment, confirm=lambda saved: True)
    with demo.step("plan after the repair"):
        after = lifecycle.find_drift(deployment)
    evidence.drift_repaired = not after.effective and not after.pending
    if not evidence.drift_repaired:
        remaining = [one.address for one in after.effective] + list(after.pending)
        evidence.failures.append(f"differences remain after the repair: {', '.join(remaining)}")


def _destroy(demo: _Demo, basis: Deployment) -> None:
    evidence = demo.evidence

    def empty() -> None:
        with demo.emulated_sdk():
            empty_buckets(demo.environment, demo.target)

    with demo.step("destroy"):
        teardown.destroy(replace(demo.deployment, synthesize=True), empty=empty)
    with demo.step("destroy the bootstrap"):
        teardown.destroy(basis)
    with demo.step("list leftovers"), demo.emulated_sdk():
        inventory = live.leftovers(demo.environment, demo.target)
        emulated = demo.emulator.inventory()
    evidence.leftovers = [f"{left.service} {left.type} {left.id}" for left in inventory.remaining]
    evidence.retained = [vars(left) for left in inventory.kept]
    evidence.failures += [f"leftover: {left}" for left in evidence.leftovers]
    evidence.failures += [f"could not list {gap.service} in {gap.region}: {gap.reason}" for gap in inventory.unlisted]
    listed = {left.id for left in (*inventory.remaining, *inventory.kept)}
    for resource in emulated:
        if resource.id not in listed:
            evidence.leftovers.append(f"{resource.service} {resource.type} {resource.id}")
            evidence.failures.append(f"leftover in the emulator: {resource.service} {resource.type} {resource.id}")


def _replace_environment(variables: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)
