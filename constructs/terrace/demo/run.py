"""The whole life of one environment on an emulated cloud, with the evidence of each step.

Nothing here can reach a real account: every child process and every SDK call gets the emulator's variables and none of
the shell's credentials, and the proxy refuses any host that is not the emulated cloud's.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from terrace import emulator, live
from terrace.capabilities.outputs import parse
from terrace.demo.inject_drift import inject_drift
from terrace.deployment import lifecycle, teardown
from terrace.deployment.deployment import Deployment
from terrace.deployment.events import Event, ResourceEvent
from terrace.environment import load, target
from terrace.project.discovery import Project
from terrace.purge import empty_buckets

Say = Callable[[str], None]
_SLOWEST = 5


@dataclass
class Evidence:
    """What the run saw. `as_data` is what `--json` writes; `failures` says in sentences what should not have been."""

    environment: str
    cloud: str
    resources_applied: int = 0
    outputs_version: int = 0
    second_plan_changes: int = 0
    guarantees_verified: list[str] = field(default_factory=list)
    guarantees_not_applicable: list[str] = field(default_factory=list)
    drift_injected: list[str] = field(default_factory=list)
    drift_detected: list[str] = field(default_factory=list)
    drift_repaired: bool = False
    leftovers: list[str] = field(default_factory=list)
    kept: list[dict[str, str]] = field(default_factory=list)
    not_emulated: list[dict[str, str]] = field(default_factory=list)
    unsupported_calls: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    slowest: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    still_running: str = ""
    look: str = ""

    def as_data(self) -> dict[str, Any]:
        """Plain data, the keys in the order of the run."""
        return dict(vars(self))


@dataclass
class _Run:
    """What the steps share."""

    deployment: Deployment
    emulator: emulator.Emulator
    evidence: Evidence
    announce: Say

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.announce(name)
        started = time.monotonic()
        try:
            yield
        finally:
            self.evidence.seconds[name] = round(time.monotonic() - started, 1)

    @contextmanager
    def sdk(self) -> Iterator[None]:
        """For SDK calls of this process: its environment is the emulator's, and the old one comes back."""
        before = dict(os.environ)
        inside = self.emulator.child_environment(before)
        try:
            _replace_environment(inside)
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
    announce: Say = lambda step: None,
    say: Say = lambda sentence: None,
    listener: Callable[[Event], None] = lambda event: None,
) -> Evidence:
    """Bring `environment` up on the emulator, prove it, make it drift, repair it, take it down, list what is left.

    `announce` hears the name of each step as it begins, `say` sentences, `listener` Terraform's events. With `keep` the
    emulator and the deployment stay, and `Evidence.still_running` names the emulator's directory. `faults` are what the
    emulated cloud does wrong on purpose all the while.
    Raises what each step raises; the emulator is stopped all the same.
    """
    loaded = load(environment, project=project.root, cloud=cloud or None)
    wanted = loaded.environment
    place = target(wanted)
    scratch = project.working_directory / "demo" / f"{wanted.name}-{wanted.cloud}"
    from terrace.assurance import gate

    evidence = Evidence(environment=wanted.name, cloud=wanted.cloud)
    evidence.not_emulated = [vars(entry) for entry in emulator.not_emulated(wanted.cloud)]

    announce("start the emulator")
    started = time.monotonic()
    if (left := emulator.status(wanted.cloud, scratch / "emulator")) is not None:
        left.stop()
    # what an earlier, interrupted demo left is the state of an emulator that is gone
    shutil.rmtree(scratch, ignore_errors=True)
    running = emulator.start(
        wanted.cloud,
        scratch / "emulator",
        account=emulator.account_of(wanted.cloud, place.settings),
        region=place.region,
        options=emulator.Options(faults=faults),
        parent=None if keep else os.getpid(),
    )
    evidence.seconds["start the emulator"] = round(time.monotonic() - started, 1)

    def hear(event: Event) -> None:
        if isinstance(event, ResourceEvent) and event.moment == "complete" and event.phase == "apply":
            evidence.slowest[event.address] = max(event.seconds, evidence.slowest.get(event.address, 0.0))
        listener(event)

    deployment = Deployment(
        project=Project(project.root, scratch=scratch),
        environment=wanted.name,
        cloud=wanted.cloud,
        variables=running.child_environment(os.environ),
        provider_mirror=provider_mirror,
        state="local",
        say=say,
        listener=hear,
        gate=gate.of_plans(project.root, loaded, ends=False),  # an emulated account has nothing to protect
    )
    course = _Run(deployment, running, evidence, announce)
    finished = False
    try:
        _up(course)
        _prove(course, wanted, place)
        _drift(course, wanted, place)
        if keep:
            evidence.still_running = str(running.directory)
            evidence.look = emulator.first_look(wanted.cloud)
        else:
            _down(course, wanted, place)
        evidence.unsupported_calls = [f"{call.service} {call.operation}" for call in running.unsupported()]
        ranked = sorted(evidence.slowest.items(), key=lambda entry: -entry[1])
        paths = deployment.opened().construct_paths()
        evidence.slowest = {paths.get(address, address): seconds for address, seconds in ranked[:_SLOWEST]}
        finished = True
    finally:
        if not (keep and finished):
            running.stop()
    return evidence


def _up(course: _Run) -> None:
    deployment, evidence = course.deployment, course.evidence
    with course.step("synthesize"):
        directory = deployment.stack()
    deployment = course.deployment = replace(deployment, synthesize=False)
    with course.step("terraform init"):
        workspace = deployment.workspace(directory)
    with course.step("plan"):
        lifecycle.plan_for(deployment, workspace)
    with course.step("apply"):
        lifecycle.apply(deployment, confirm=lambda saved: True)
    evidence.resources_applied = len(workspace.addresses())
    try:
        evidence.outputs_version = parse(workspace.output()).version
    except ValidationError as error:
        evidence.failures.append(f"the outputs do not keep their contract: {error}")
    with course.step("plan again"):
        again = lifecycle.plan_for(deployment, workspace)
    evidence.second_plan_changes = len(again.summary.changes)
    if not again.summary.empty:
        changed = ", ".join(f"{change.address} ({', '.join(change.attributes)})" for change in again.summary.changes)
        evidence.failures.append(f"the second plan is not empty: {changed or 'outputs change'}")


def _prove(course: _Run, wanted: Any, place: Any) -> None:
    evidence = course.evidence
    with course.step("verify live"), course.sdk():
        results = live.verify(wanted, place)
    for result in results:
        if result.status == "not_required":
            evidence.guarantees_not_applicable.append(result.guarantee.id)
        elif result.passes:
            evidence.guarantees_verified.append(result.guarantee.id)
        else:
            evidence.failures.append(f"{result.guarantee.id} is {result.status}: {result.reason}")


def _drift(course: _Run, wanted: Any, place: Any) -> None:
    evidence, deployment = course.evidence, course.deployment
    with course.step("make it drift"), course.sdk():
        injected = inject_drift(wanted, place)
    evidence.drift_injected = [drift.description for drift in injected]
    with course.step("notice the drift"):
        report = lifecycle.find_drift(deployment)
    for drift in injected:
        seen = [
            found.address
            for found in report.effective
            if found.type == drift.type and found.construct.partition("/")[2].startswith(drift.path)
        ]
        if seen:
            evidence.drift_detected.append(drift.description)
        else:
            evidence.failures.append(f"drift went unnoticed: {drift.description}")
    with course.step("repair it"):
        lifecycle.plan_for(deployment, deployment.opened())
        lifecycle.apply(deployment, confirm=lambda saved: True)
    with course.step("plan after the repair"):
        after = lifecycle.find_drift(deployment)
    evidence.drift_repaired = not after.effective and not after.pending
    if not evidence.drift_repaired:
        still = [found.address for found in after.effective] + list(after.pending)
        evidence.failures.append(f"the repair left differences: {', '.join(still)}")


def _down(course: _Run, wanted: Any, place: Any) -> None:
    evidence = course.evidence

    def empty() -> None:
        with course.sdk():
            empty_buckets(wanted, place)

    with course.step("destroy"):
        teardown.destroy(replace(course.deployment, synthesize=True), empty=empty)
    with course.step("list what is left"), course.sdk():
        inventory = live.leftovers(wanted, place)
        emulated = course.emulator.inventory()
    evidence.leftovers = [f"{left.service} {left.type} {left.id}" for left in inventory.remaining]
    evidence.kept = [vars(left) for left in inventory.kept]
    evidence.failures += [f"still there: {left}" for left in evidence.leftovers]
    evidence.failures += [f"could not list {gap.service} in {gap.region}: {gap.reason}" for gap in inventory.unlisted]
    known = {left.id for left in (*inventory.remaining, *inventory.kept)}
    for resource in emulated:
        if resource.id not in known:
            evidence.leftovers.append(f"{resource.service} {resource.type} {resource.id}")
            evidence.failures.append(f"the emulator still holds {resource.service} {resource.type} {resource.id}")


def _replace_environment(variables: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)
