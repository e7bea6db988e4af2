"""Terraform's commands in the directory of one synthesized stack: non-interactive, with their output in a log file."""

import hashlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from terrace.capabilities.cloud import Refusal
from terrace.deployment import provider_lock
from terrace.deployment.binary import TerraformBinary
from terrace.deployment.errors import StateLocked, TerraformFailed, lock_in, raise_for
from terrace.deployment.events import Diagnostic, Event, diagnostic, parse
from terrace.errors import TerraceError, UsageError
from terrace.project import basis, process
from terrace.project.process import Interrupted
from terrace.spans import span

LOCK_TIMEOUT = "5s"
"""How long a run waits for the lock of the state, by default."""
_MAX_LOGS = 60
# Variables that would silently change a command: another workspace's state, `-target` on every command.
_REMOVED_VARIABLES = (
    "TF_WORKSPACE",
    "TF_CLI_ARGS",
    "TF_INPUT",
    "TF_DATA_DIR",
    "TF_CLI_CONFIG_FILE",
    "TERRAFORM_CONFIG",
)

OnEvent = Callable[[Event], None]
_shown: dict[tuple[str, str, str], str] = {}
"""The plan that was shown last, as text, by Terraform, its folder and the checksum of the plan's file."""


def ignore(event: Event) -> None:
    """The default for `on_event`."""


@dataclass(frozen=True)
class Terraform:
    """Terraform in the directory of one stack.

    `variables` is the complete environment of the child process. `data_directory` contains Terraform's own files
    (TF_DATA_DIR), `log_directory` one file per run, named after `name`. `refusals` are the cloud's patterns for
    rejected requests. `on_interrupt` receives the number of interrupts passed on so far. Without `locks_state`, a plan
    takes no lock: it needs only to read the state, and may see one that another run is changing. `lock_timeout` is how
    long to wait for the lock (10m).
    """

    directory: Path
    binary: TerraformBinary
    variables: Mapping[str, str]
    data_directory: Path
    log_directory: Path
    name: str
    refusals: tuple[Refusal, ...] = ()
    lock_timeout: str = LOCK_TIMEOUT
    on_interrupt: Callable[[int], None] = field(default=lambda count: None, compare=False)
    locks_state: bool = True

    @property
    def stack_file(self) -> Path:
        return self.directory / "cdk.tf.json"

    def init(self, *, source: str, lock: str = "", on_event: OnEvent = ignore) -> bool:
        """Install providers and configure the backend; False if nothing has changed since the last init.

        `source` names where providers come from. `lock` is the provider lock to install from; in a pipeline Terraform
        may not change it. Without one Terraform keeps what it installed last in this folder.
        """
        stack = json.loads(self.stack_file.read_text())
        inputs = [stack.get("terraform", {}), str(self.binary), source, str(self.directory), *filter(None, [lock])]
        digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
        digest_file = self.data_directory / "initialized"
        lock_file = self.directory / provider_lock.IN_STACK
        locked = lock_file.is_file() or not providers_of(stack)
        if digest_file.is_file() and digest_file.read_text() == digest and locked:
            return False
        command = ["init", "-json", "-no-color", "-reconfigure"]
        if lock:
            lock_file.write_text(lock, encoding="utf-8")
            if provider_lock.in_ci(self.variables) and provider_lock.has_checksums(lock):
                command.append("-lockfile=readonly")
        try:
            self._run("init", command, action="install the providers", on_event=on_event)
        except TerraformFailed as failed:
            if provider_lock.MISMATCH in " ".join(failed.message.split()):
                failed.hint = provider_lock.MISMATCH_HINT
            raise
        digest_file.write_text(digest)
        return True

    def plan(
        self, out: Path, *, destroy: bool = False, targets: Sequence[str] = (), on_event: OnEvent = ignore
    ) -> None:
        """Write a plan to `out`; with `targets`, only for these and what they depend on.

        Raises StateLocked, NoCredentials, TerraformFailed, Interrupted.
        """
        out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        options = ["-destroy"] if destroy else []
        options += [] if self.locks_state else ["-lock=false"]
        options += [f"-target={address}" for address in targets]
        command = ["plan", "-json", f"-lock-timeout={self.lock_timeout}", f"-out={out}", *self._parallelism(), *options]
        self._run("plan", command, action="plan", on_event=on_event)
        out.chmod(0o600)  # a plan can contain secrets

    def show(self, plan: Path) -> dict[str, Any]:
        """A saved plan in Terraform's JSON plan format. It can contain secrets: never print or store all of it.

        Terraform starts the providers to read it, which takes seconds: a plan that an apply reads again is not shown
        again.
        """
        checksum = hashlib.sha256(plan.read_bytes()).hexdigest() if plan.is_file() else ""
        key = (str(self.binary), str(self.data_directory), checksum)
        if not checksum or key not in _shown:
            text = self._output_of(["show", "-json", str(plan)])
            _shown.clear()
            _shown[key] = text
        content: dict[str, Any] = json.loads(_shown[key])
        return content

    def apply(
        self, plan: Path, *, on_event: OnEvent = ignore, on_start: Callable[[int, Path], None] | None = None
    ) -> None:
        """Apply exactly the saved plan. `on_start` receives Terraform's pid and the log file.

        Raises StalePlan, AlreadyExists, StateLocked, NoCredentials, TerraformFailed, Interrupted.
        """
        command = ["apply", "-json", f"-lock-timeout={self.lock_timeout}", *self._parallelism(), str(plan)]
        self._run("apply", command, action="apply the plan", on_event=on_event, on_start=on_start)

    def validate(self) -> list[Diagnostic]:
        """The errors and warnings of `terraform validate`."""
        result = json.loads(self._output_of(["validate", "-json"], success=(0, 1)))
        return [diagnostic(entry) for entry in result["diagnostics"]]

    def test(self, *, verbose: bool = False, on_event: OnEvent = ignore) -> dict[str, dict[str, Any]]:
        """Run the stack's `*.tftest.json`. With `verbose`, return the plan of each run that plans, by its name, in
        Terraform's JSON plan format. Raises TerraformFailed."""
        plans: dict[str, dict[str, Any]] = {}

        def on_line(line: str) -> None:
            if '"type":"test_plan"' in line:
                message = json.loads(line)
                plans[message["@testrun"]] = message["test_plan"]

        command = ["test", "-json", "-no-color", *(["-verbose"] if verbose else [])]
        self._run("test", command, action="apply to mocks", on_event=on_event, on_line=on_line)
        return plans

    def output(self) -> dict[str, Any]:
        """`terraform output -json`: name to {"value", "type", "sensitive"}; empty before the first apply."""
        outputs: dict[str, Any] = json.loads(self._output_of(["output", "-json"]))
        return outputs

    def addresses(self) -> list[str]:
        """Addresses of all managed resources in the state; empty if there is no state yet."""
        output = self._output_of(["state", "list"], empty_if="No state file was found")
        return [line for line in output.splitlines() if line and not line.startswith("data.")]

    def remove_from_state(self, addresses: Sequence[str]) -> None:
        """Remove resources from the state only; they remain in the cloud."""
        if addresses:
            self._output_of(["state", "rm", f"-lock-timeout={self.lock_timeout}", *addresses])

    def move_in_state(self, source: str, destination: str) -> None:
        """Give a resource another address in the state."""
        self._output_of(["state", "mv", f"-lock-timeout={self.lock_timeout}", source, destination])

    def import_resource(self, address: str, id: str) -> None:
        """Put a resource that exists into the state, at an address that the stack has."""
        self._output_of(["import", "-no-color", f"-lock-timeout={self.lock_timeout}", address, id])

    def state(self) -> dict[str, Any]:
        """The state in Terraform's JSON format. It can contain secrets."""
        content: dict[str, Any] = json.loads(self._output_of(["show", "-json"]))
        return content

    def push_state(self, content: bytes) -> None:
        """Make a state of the same lineage and a higher serial the current one, under the lock. Raises StateLocked."""
        with tempfile.NamedTemporaryFile(dir=self.data_directory, suffix=".tfstate") as file:
            file.write(content)
            file.flush()
            self._output_of(["state", "push", f"-lock-timeout={self.lock_timeout}", file.name])

    def untaint(self, address: str) -> None:
        """Mark a resource as whole in the state, so that the next plan does not replace it."""
        self._output_of(["untaint", f"-lock-timeout={self.lock_timeout}", address])

    def lock_providers(self, platforms: Sequence[str], mirror: Path | None = None) -> None:
        """Write the provider lock of the stack's folder, with checksums for `platforms`, from `mirror` or the registry.

        A version that is in the lock already stays.
        """
        options = [f"-platform={platform}" for platform in platforms]
        options += [f"-fs-mirror={mirror}"] if mirror else []
        self._output_of(["providers", "lock", *options])

    def force_unlock(self, lock_id: str) -> None:
        """Release the lock with this id."""
        self._output_of(["force-unlock", "-force", lock_id])

    def _parallelism(self) -> list[str]:
        """TERRACE_PARALLELISM as an option: how many resources Terraform handles at a time (its default is 10)."""
        number = self.variables.get("TERRACE_PARALLELISM", "")
        if number and not (number.isdecimal() and int(number) > 0):
            raise UsageError(
                f"invalid TERRACE_PARALLELISM '{number}'", hint="set it to a whole number above zero, such as 30"
            )
        return [f"-parallelism={number}"] if number else []

    def _child_environment(self) -> dict[str, str]:
        variables = {
            name: value
            for name, value in self.variables.items()
            if name not in _REMOVED_VARIABLES and not name.startswith("TF_CLI_ARGS_")
        }
        # The configuration that decides where providers come from: Terrace's own, or the user's if the file exists.
        if (configuration := self.variables.get("TF_CLI_CONFIG_FILE")) and Path(configuration).is_file():
            variables["TF_CLI_CONFIG_FILE"] = configuration
        return variables | {
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "TF_DATA_DIR": str(self.data_directory),
            "CHECKPOINT_DISABLE": "1",
        }

    def _run(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        action: str,
        on_event: OnEvent,
        on_start: Callable[[int, Path], None] | None = None,
        on_line: Callable[[str], None] = lambda line: None,
    ) -> None:
        """Run Terraform with machine-readable output, and raise the error that fits its diagnostics. `on_line` receives
        each line of that output."""
        self.data_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = self._log_file(name)
        diagnostics: list[Diagnostic] = []

        def listen(line: str) -> None:
            on_line(line)
            event = parse(line)
            if isinstance(event, Diagnostic):
                diagnostics.append(event)
            if event is not None:
                on_event(event)

        with span(f"terraform {name}", stack=self.directory.name):
            finished = process.follow(
                [str(self.binary.path), *arguments],
                directory=self.directory,
                environment=self._child_environment(),
                output=log,
                on_line=listen,
                on_interrupt=self.on_interrupt,
                on_start=lambda pid: on_start(pid, log) if on_start else None,
            )
        if finished.interrupts:
            orderly = finished.interrupts == 1 and finished.code >= 0
            raise Interrupted(
                "interrupted" + ("; Terraform saved its state and released the lock" if orderly else ""),
                orderly=orderly,
                hint="run the same command again to continue",
            )
        if finished.code < 0:
            raise TerraceError(
                f"Terraform was killed (signal {-finished.code})",
                where=str(log),
                hint="run `terrace apply` again: it adopts the resources that the killed run created",
            )
        if finished.code != 0:
            try:
                raise_for(diagnostics, action=action, construct=self.construct_of, refusals=self.refusals)
            except TerraformFailed as failed:
                failed.where = failed.where or str(log)
                raise

    def _output_of(self, arguments: Sequence[str], *, empty_if: str = "", success: Collection[int] = (0,)) -> str:
        """Standard output of a short command. Raises TerraformFailed unless the exit code is in `success` or standard
        error contains `empty_if`.
        """
        self.data_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        finished = subprocess.run(
            [str(self.binary.path), *arguments],
            cwd=self.directory,
            env=self._child_environment(),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if finished.returncode in success or (empty_if and empty_if in finished.stderr):
            return finished.stdout
        message = " ".join(line.strip("╷│╵ ") for line in finished.stderr.splitlines() if line.strip("╷│╵ "))
        if "Error acquiring the state lock" in finished.stderr:
            raise StateLocked(lock_in(finished.stderr.replace("│", "")), ())
        raise TerraformFailed(f"`terraform {arguments[0]}` failed: {message or 'no error message'}")

    def construct_paths(self) -> dict[str, str]:
        """Resource address to construct path ("dev/database/server"), from the CDK's metadata in the stack."""
        return construct_paths(json.loads(self.stack_file.read_text()))

    def construct_of(self, address: str) -> str:
        return self.construct_paths().get(address, "")

    def _log_file(self, command: str) -> Path:
        self.log_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        logs = sorted(self.log_directory.glob("*.jsonl"))
        for old in logs[: max(0, len(logs) - _MAX_LOGS)]:
            old.unlink(missing_ok=True)
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        return self.log_directory / f"{moment}-{os.getpid()}-{self.name}-{command}-{time.monotonic_ns() % 10**6}.jsonl"


def construct_paths(stack: Mapping[str, Any]) -> dict[str, str]:
    """Resource address to construct path, from the CDK's metadata in a synthesized stack and what it rests on."""
    return {
        f"{kind}.{name}": block["//"]["metadata"]["path"]
        for kind, blocks in basis.resources(stack).items()
        for name, block in blocks.items()
        if "path" in block.get("//", {}).get("metadata", {})
    }


def providers_of(stack: Mapping[str, Any]) -> list[str]:
    """The providers that a synthesized stack requires ("hashicorp/aws"); the default namespace is hashicorp."""
    required = stack.get("terraform", {}).get("required_providers", {})
    sources = [entry["source"] for entry in required.values() if isinstance(entry, dict) and "source" in entry]
    return sorted(source if "/" in source else f"hashicorp/{source}" for source in sources)
