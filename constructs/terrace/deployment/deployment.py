"""One environment on one cloud, and everything it takes to run Terraform on it."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from terrace.assurance.gate_verdict import Gate
from terrace.capabilities.cloud import facts
from terrace.deployment import binary, mirror, recovery
from terrace.deployment.changes import Owner
from terrace.deployment.terraform import Listener, Workspace, ignore, providers_of
from terrace.project import synthesis
from terrace.project.discovery import Project


@dataclass(frozen=True)
class Deployment:
    """One environment on one cloud, and how to work on it.

    `variables` is the complete environment of all children: `os.environ`, or an emulator's `child_environment`. `say`
    gets sentences for the person, `listener` Terraform's events. `state` overrides the environment's state backend.
    `lines` gives the environment line behind a construct path.
    """

    project: Project
    environment: str
    cloud: str
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    provider_mirror: Path | None = None
    state: str = ""
    say: Callable[[str], None] = field(default=lambda sentence: None, compare=False)
    listener: Listener = field(default=ignore, compare=False)
    lines: Owner = field(default=lambda construct: None, compare=False)
    gate: Gate | None = field(default=None, compare=False)  # none: its plans are judged by nobody
    synthesize: bool = True  # off: the stack in `cdktf.out` is taken as it is

    @property
    def name(self) -> str:
        return f"{self.environment}-{self.cloud}"

    @property
    def marker(self) -> Path:
        return self.project.working_directory / f"running-{self.name}.json"

    @property
    def broken_glass(self) -> Path:
        """Who applied what the gate refused: JSON lines, only ever added to."""
        return self.project.working_directory / "break-glass.jsonl"

    @property
    def plan_file(self) -> Path:
        return self.project.plans / f"{self.name}.tfplan"

    @cached_property
    def terraform(self) -> binary.Terraform:
        return binary.locate(self.project.root, self.variables)

    def stack(self, *, unprotect: bool = False) -> Path:
        """The foundation stack's directory, synthesized now."""
        if not self.synthesize:
            return self.project.stack(self.environment)
        (directory,) = synthesis.synthesize(
            self.project,
            self.environment,
            cloud=self.cloud,
            state=self.state,
            unprotect=unprotect,
            environ=self.variables,
        )
        if unprotect:
            self.unprotected.touch()
        else:
            self.unprotected.unlink(missing_ok=True)
        return directory

    @property
    def unprotected(self) -> Path:
        """A file that is there while the stack that was synthesized last is the unprotected one."""
        return self.project.working_directory / f"unprotected-{self.name}"

    def workspace(self, directory: Path) -> Workspace:
        """The stack in `directory`, ready for Terraform: providers installed, backend configured."""
        stack = json.loads((directory / "cdk.tf.json").read_text())
        providers = providers_of(stack)
        # With a local state `init` needs nothing of the cloud, and an emulator lets nobody through to the registry.
        outside = _without_emulator(os.environ) if _state_is_local(stack) else self.variables
        source = mirror.ProviderSource("registry", "nothing to fetch")
        if providers:
            source = mirror.choose(
                requested=self.provider_mirror,
                providers=providers,
                host=self.terraform.registry_host,
                environ=outside,
            )
        taken = source.variables(self.project.working_directory)
        if local := stack.get("terraform", {}).get("backend", {}).get("local", {}).get("path"):
            state = (directory / local).resolve()
            state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._mend(state)
        workspace = Workspace(
            directory=directory,
            terraform=self.terraform,
            environment={**self.variables, **taken},
            data=self.project.working_directory / "terraform" / self.name,
            logs=self.project.logs,
            name=self.name,
            refusals=facts(self.cloud).refusals,
            on_interrupt=self._told_of_interrupt,
        )
        installing = replace(workspace, environment={**outside, **taken})
        if installing.init(source=str(source), listener=self.listener) and providers:
            self.say(str(source))
        return workspace

    def _mend(self, state: Path) -> None:
        """After a killed run only: as long as one is at work, a state may well be half written."""
        try:
            died = recovery.died(self.marker)
        except recovery.StillRunning:
            return
        if died and (mended := recovery.mend_state(state)):
            self.say(mended)

    def opened(self) -> Workspace:
        """The workspace of the stack as it was synthesized last, for what only reads the state."""
        directory = self.project.stack(self.environment)
        if not (directory / "cdk.tf.json").is_file():
            directory = self.stack()
        return self.workspace(directory)

    def _told_of_interrupt(self, count: int) -> None:
        if count == 1:
            self.say(
                "interrupt passed on: Terraform finishes what it has begun and saves its state (again: stop at once)"
            )
        else:
            self.say("second interrupt passed on: Terraform stops at once")


def _state_is_local(stack: Mapping[str, Any]) -> bool:
    return set(stack.get("terraform", {}).get("backend", {})) <= {"local"}


def _without_emulator(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` without the way to an emulator, for a shell that was pointed at one (`terrace emulator env`)."""
    variables = dict(environ)
    certificate = environ.get("SSL_CERT_FILE", "")
    if certificate and Path(certificate).with_name("emulator.json").is_file():
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
            variables.pop(name, None)
    return variables
