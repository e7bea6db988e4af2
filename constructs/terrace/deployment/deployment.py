"""One stack of an environment on one cloud, with everything needed to run Terraform on it."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from terrace.assurance.gate_verdict import Gate
from terrace.capabilities.blockers import Blockers
from terrace.capabilities.cloud import facts
from terrace.deployment import binary, mirror, provider_lock, runs
from terrace.deployment.changes import EnvironmentLine
from terrace.deployment.errors import NoStateHome
from terrace.deployment.state_home import require_state_is_here
from terrace.deployment.state_repair import repair_state
from terrace.deployment.terraform import LOCK_TIMEOUT, OnEvent, Terraform, ignore, providers_of
from terrace.project import synthesis
from terrace.project.discovery import Project
from terrace.project.stack_ids import Layer, stack_id
from terrace.state import StateHome
from terrace.state.homes import Homes


@dataclass(frozen=True)
class Deployment:
    """One stack of an environment on one cloud, and the settings of the runs on it.

    `variables` is the complete environment of every child process: `os.environ`, or an emulator's `child_environment`.
    `state` overrides the environment's state backend. `on_message` receives sentences for the user, `on_event`
    Terraform's events. `environment_line` returns the line in the environment's files behind a construct path. Without
    a `gate`, plans are not evaluated; without `blockers`, nothing searches what a plan removes for foreign contents.
    With `synthesize` off, the stack in `cdktf.out` is used as it is. With `locks_state` off, plans take no lock;
    `lock_timeout` is how long to wait for it (5s, 10m). `lock` is a provider lock to use instead of the project's.
    `home` is where a remote state is: marks of runs are kept beside it. `homes` are the places where the state may be;
    without them, a changed backend is not noticed. `run_status` returns what a CI system reports about the run at an
    address: whether it has ended, and a sentence.
    """

    project: Project
    environment: str
    cloud: str
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    provider_mirror: Path | None = None
    state: str = ""
    on_message: Callable[[str], None] = field(default=lambda message: None, compare=False)
    on_event: OnEvent = field(default=ignore, compare=False)
    environment_line: EnvironmentLine = field(default=lambda construct: None, compare=False)
    gate: Gate | None = field(default=None, compare=False)
    blockers: Blockers | None = field(default=None, compare=False)
    synthesize: bool = True
    locks_state: bool = True
    layer: Layer = "foundation"
    lock_timeout: str = LOCK_TIMEOUT
    lock: str = ""
    home: StateHome | None = field(default=None, compare=False)
    homes: Homes | None = field(default=None, compare=False)
    run_status: Callable[[str], tuple[bool, str]] = field(default=lambda address: (False, ""), compare=False)

    @property
    def stack_id(self) -> str:
        """The id of the stack, by which commands name the deployment: dev, dev-workloads."""
        return stack_id(self.environment, self.layer)

    @property
    def name(self) -> str:
        return f"{self.stack_id}-{self.cloud}"

    @property
    def marker(self) -> Path:
        """The marker of the run in progress; see `runs.py`."""
        return self.project.working_directory / f"running-{self.name}.json"

    @property
    def break_glass_log(self) -> Path:
        """A record of every plan that was applied although the gate refused it: JSON lines, append-only."""
        return self.project.working_directory / "break-glass.jsonl"

    @property
    def plan_file(self) -> Path:
        return self.project.plans / f"{self.name}.tfplan"

    @property
    def unprotected_marker(self) -> Path:
        """A file that exists while the stack in `cdktf.out` is the one without protections."""
        return self.project.working_directory / f"unprotected-{self.name}"

    @property
    def emulated(self) -> bool:
        """Whether its runs reach an emulated cloud: a shell of `terrace emulator env`, or the demo."""
        return _is_emulated(self.variables)

    @property
    def initialized(self) -> bool:
        """Whether this machine has run Terraform on it."""
        return (self.data_directory / "initialized").is_file()

    @property
    def data_directory(self) -> Path:
        """Terraform's own files of this deployment (TF_DATA_DIR)."""
        return self.project.working_directory / "terraform" / self.name

    @cached_property
    def terraform_binary(self) -> binary.TerraformBinary:
        return binary.locate(self.project.root, self.variables)

    def stack(self, *, unprotect: bool = False) -> Path:
        """Synthesize the stack and return its directory."""
        if not self.synthesize:
            return self.project.stack(self.stack_id)
        (directory,) = synthesis.synthesize(
            self.project,
            self.stack_id,
            cloud=self.cloud,
            state=self.state,
            unprotect=unprotect,
            environ=self.variables,
        )
        if unprotect:
            self.unprotected_marker.touch()
        else:
            self.unprotected_marker.unlink(missing_ok=True)
        return directory

    def terraform(self, directory: Path | None = None) -> Terraform:
        """Terraform in a stack's directory, with providers installed and the backend configured.

        Without `directory`: in the stack as last synthesized, for commands that only read the state.
        """
        if directory is None:
            directory = self.project.stack(self.stack_id)
            if not (directory / "cdk.tf.json").is_file():
                directory = self.stack()
        stack = json.loads((directory / "cdk.tf.json").read_text())
        if local := stack.get("terraform", {}).get("backend", {}).get("local", {}).get("path"):
            state = (directory / local).resolve()
            state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._repair(state)
        terraform, installer, source = self.uninitialized(directory)
        if self.homes:
            require_state_is_here(self.homes, self.layer, terraform.data_directory, self.on_message)
        lock = self.provider_lock if providers_of(stack) else ""
        try:
            if installer.init(source=str(source), lock=lock, on_event=self.on_event) and providers_of(stack):
                self.on_message(str(source))
        except NoStateHome as missing:
            missing.hint = f"make it with `terrace bootstrap {self.environment} --cloud {self.cloud}`"
            raise
        return terraform

    def uninitialized(self, directory: Path) -> tuple[Terraform, Terraform, mirror.ProviderSource]:
        """Terraform in a stack's directory; the same with the variables to install providers; and where these come
        from."""
        stack = json.loads((directory / "cdk.tf.json").read_text())
        providers = providers_of(stack)
        # With a local state, `init` needs no cloud; and an emulator's proxy refuses the registry.
        init_variables = _without_emulator(os.environ) if _state_is_local(stack) else self.variables
        source = mirror.ProviderSource("registry", "no providers required")
        if providers:
            source = mirror.choose(
                requested=self.provider_mirror,
                providers=providers,
                host=self.terraform_binary.registry_host,
                environ=init_variables,
            )
        source_variables = source.variables(self.project.working_directory)
        terraform = Terraform(
            directory=directory,
            binary=self.terraform_binary,
            variables={**_with_terrace(self.variables), **source_variables},
            data_directory=self.data_directory,
            log_directory=self.project.logs,
            name=f"{self.name}-emulated" if self.emulated else self.name,
            refusals=facts(self.cloud).refusals,
            lock_timeout=self.lock_timeout,
            on_interrupt=self._report_interrupt,
            locks_state=self.locks_state,
        )
        return terraform, replace(terraform, variables={**init_variables, **source_variables}), source

    @property
    def provider_lock(self) -> str:
        """The provider lock to install from: the one given, or the project's."""
        path = provider_lock.committed(self.project.root, self.cloud, self.layer)
        return self.lock or (path.read_text(encoding="utf-8") if path.is_file() else "")

    def _repair(self, state: Path) -> None:
        """Repair the state after a killed run; while a run is active, its state may be incomplete."""
        try:
            killed = runs.killed_run(self.marker)
        except runs.StillRunning:
            return
        if killed and (message := repair_state(state)):
            self.on_message(message)

    def _report_interrupt(self, count: int) -> None:
        if count == 1:
            self.on_message(
                "interrupting Terraform: it finishes what it has begun and saves its state "
                "(interrupt again to stop immediately)"
            )
        else:
            self.on_message("interrupting Terraform again: it stops immediately")


def _state_is_local(stack: Mapping[str, Any]) -> bool:
    return set(stack.get("terraform", {}).get("backend", {})) <= {"local"}


def _with_terrace(variables: Mapping[str, str]) -> dict[str, str]:
    """`variables` with this `terrace` on PATH: the helm provider calls it for a token of the cluster."""
    own = str(Path(sys.executable).parent)
    return {**variables, "PATH": os.pathsep.join(filter(None, (own, variables.get("PATH", ""))))}


def _without_emulator(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` without the emulator's proxy, for a shell that was set up with `terrace emulator env`."""
    variables = dict(environ)
    if _is_emulated(environ):
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
            variables.pop(name, None)
    return variables


def _is_emulated(environ: Mapping[str, str]) -> bool:
    certificate = environ.get("SSL_CERT_FILE", "")
    return bool(certificate) and Path(certificate).with_name("emulator.json").is_file()
