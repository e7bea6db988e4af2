"""Terraform's verbs on one synthesized stack. Every run is real Terraform, non-interactive, its output kept in a
log file.
"""

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from terrace.capabilities.cloud import Refusal
from terrace.deployment import errors as faults
from terrace.deployment.binary import Terraform
from terrace.deployment.events import Diagnostic, Event, diagnostic, parse
from terrace.errors import TerraceError, UsageError
from terrace.project import process
from terrace.project.process import Interrupted

LOCK_WAIT = "5s"
_KEPT_LOGS = 60
# They would change what a run means, unseen: another workspace's state, `-target` on every command.
_DROPPED = ("TF_WORKSPACE", "TF_CLI_ARGS", "TF_INPUT", "TF_DATA_DIR", "TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG")

Listener = Callable[[Event], None]


def ignore(event: Event) -> None:
    """A listener for those who only want the result."""


@dataclass(frozen=True)
class Workspace:
    """One stack directory with the binary and the variables to run it with.

    `environment` is complete (children see nothing else). `data` holds Terraform's own files (TF_DATA_DIR), `logs` one
    file a run, named after `name`. `refusals` are how its cloud turns people away. `on_interrupt` hears of each
    interrupt that is passed on to Terraform.
    """

    directory: Path
    terraform: Terraform
    environment: Mapping[str, str]
    data: Path
    logs: Path
    name: str
    refusals: tuple[Refusal, ...] = ()
    on_interrupt: Callable[[int], None] = field(default=lambda count: None, compare=False)

    @property
    def stack_file(self) -> Path:
        return self.directory / "cdk.tf.json"

    def init(self, *, source: str, listener: Listener = ignore) -> bool:
        """Install providers and configure the backend; False when nothing had changed since the last time.

        `source` names where providers come from: a change of it counts.
        """
        stack = json.loads(self.stack_file.read_text())
        facts = [stack.get("terraform", {}), str(self.terraform), source, str(self.directory)]
        print_of_facts = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
        done = self.data / "initialized"
        locked = (self.directory / ".terraform.lock.hcl").is_file() or not providers_of(stack)
        if done.is_file() and done.read_text() == print_of_facts and locked:
            return False
        self._run(
            "init", ["init", "-json", "-no-color", "-reconfigure"], doing="install the providers", listener=listener
        )
        done.write_text(print_of_facts)
        return True

    def plan(
        self, out: Path, *, destroy: bool = False, targets: Sequence[str] = (), listener: Listener = ignore
    ) -> None:
        """Write a plan to `out`, for `targets` and what they need only, if given.

        Raises faults.StateLocked, NoCredentials, TerraformFailed, process.Interrupted.
        """
        out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        options = ["-destroy"] if destroy else []
        options += [f"-target={address}" for address in targets]
        command = ["plan", "-json", f"-lock-timeout={LOCK_WAIT}", f"-out={out}", *self._parallelism(), *options]
        self._run("plan", command, doing="plan", listener=listener)
        out.chmod(0o600)  # a plan can hold secrets

    def show(self, plan: Path) -> dict[str, Any]:
        """A saved plan in Terraform's JSON plan format. It can hold sensitive values: never print or store it whole."""
        shown: dict[str, Any] = json.loads(self._captured(["show", "-json", str(plan)]))
        return shown

    def apply(
        self, plan: Path, *, listener: Listener = ignore, on_start: Callable[[int, Path], None] | None = None
    ) -> None:
        """Apply exactly the saved plan. `on_start` is told Terraform's pid and the log file.

        Raises faults.StalePlan, AlreadyExists, StateLocked, NoCredentials, TerraformFailed, process.Interrupted.
        """
        command = ["apply", "-json", f"-lock-timeout={LOCK_WAIT}", *self._parallelism(), str(plan)]
        self._run("apply", command, doing="apply the plan", listener=listener, on_start=on_start)

    def validate(self) -> list[Diagnostic]:
        """What `terraform validate` finds: errors and warnings, not raised."""
        found = json.loads(self._captured(["validate", "-json"], answers=(0, 1)))
        return [diagnostic(entry) for entry in found["diagnostics"]]

    def test(self, *, listener: Listener = ignore) -> None:
        """Run the stack's `*.tftest.json`. Raises faults.TerraformFailed with what failed."""
        self._run("test", ["test", "-json", "-no-color"], doing="apply against mocks", listener=listener)

    def output(self) -> dict[str, Any]:
        """`terraform output -json`: name to {"value", "type", "sensitive"}; empty before the first apply."""
        outputs: dict[str, Any] = json.loads(self._captured(["output", "-json"]))
        return outputs

    def addresses(self) -> list[str]:
        """Addresses of all managed resources in the state; empty when there is no state yet."""
        listed = self._captured(["state", "list"], may_fail="No state file was found")
        return [line for line in listed.splitlines() if line and not line.startswith("data.")]

    def forget(self, addresses: Sequence[str]) -> None:
        """Take resources out of the state; in the cloud they stay."""
        if addresses:
            self._captured(["state", "rm", f"-lock-timeout={LOCK_WAIT}", *addresses])

    def state(self) -> dict[str, Any]:
        """The state in Terraform's JSON format. It can hold sensitive values."""
        shown: dict[str, Any] = json.loads(self._captured(["show", "-json"]))
        return shown

    def force_unlock(self, lock_id: str) -> None:
        """Release a lock by its id, whoever holds it."""
        self._captured(["force-unlock", "-force", lock_id])

    def _parallelism(self) -> list[str]:
        """TERRACE_PARALLELISM: how many resources are worked on at a time, where ten are too few or too many."""
        wanted = self.environment.get("TERRACE_PARALLELISM", "")
        if wanted and not (wanted.isdecimal() and int(wanted) > 0):
            raise UsageError(f"TERRACE_PARALLELISM is '{wanted}'", hint="a whole number above zero, such as 30")
        return [f"-parallelism={wanted}"] if wanted else []

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in self.environment.items()
            if name not in _DROPPED and not name.startswith("TF_CLI_ARGS_")
        }
        # The configuration that decides where providers come from: ours, or the user's if it is there.
        if (configuration := self.environment.get("TF_CLI_CONFIG_FILE")) and Path(configuration).is_file():
            kept["TF_CLI_CONFIG_FILE"] = configuration
        return kept | {
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "TF_DATA_DIR": str(self.data),
            "CHECKPOINT_DISABLE": "1",
        }

    def _run(
        self,
        verb: str,
        arguments: Sequence[str],
        *,
        doing: str,
        listener: Listener,
        on_start: Callable[[int, Path], None] | None = None,
    ) -> None:
        """Run Terraform with machine-readable output, and raise what its errors amount to."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = self._log_file(verb)
        diagnostics: list[Diagnostic] = []

        def hear(line: str) -> None:
            event = parse(line)
            if isinstance(event, Diagnostic):
                diagnostics.append(event)
            if event is not None:
                listener(event)

        ended = process.follow(
            [str(self.terraform.path), *arguments],
            directory=self.directory,
            environment=self._environment(),
            output=log,
            on_line=hear,
            on_interrupt=self.on_interrupt,
            on_start=lambda pid: on_start(pid, log) if on_start else None,
        )
        if ended.interrupts:
            orderly = ended.interrupts == 1 and ended.code >= 0
            raise Interrupted(
                "interrupted; Terraform has ended"
                + (" in good order: its state is saved, its lock released" * orderly),
                orderly=orderly,
                hint="run the same command again to go on from here",
            )
        if ended.code < 0:
            raise TerraceError(
                f"Terraform was killed (signal {-ended.code})",
                where=str(log),
                hint="run `terrace apply` again: it looks for what the killed run left behind",
            )
        if ended.code != 0:
            try:
                faults.raise_for(diagnostics, doing=doing, construct=self.construct_of, refusals=self.refusals)
            except faults.TerraformFailed as failed:
                failed.where = failed.where or str(log)
                raise

    def _captured(self, arguments: Sequence[str], *, may_fail: str = "", answers: Collection[int] = (0,)) -> str:
        """Standard output of a quick command. `may_fail` is a message that stands for an empty answer; an exit code
        among `answers` is none of a failure.
        """
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        ended = subprocess.run(
            [str(self.terraform.path), *arguments],
            cwd=self.directory,
            env=self._environment(),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if ended.returncode in answers or (may_fail and may_fail in ended.stderr):
            return ended.stdout
        said = " ".join(line.strip("╷│╵ ") for line in ended.stderr.splitlines() if line.strip("╷│╵ "))
        raise faults.TerraformFailed(f"`terraform {arguments[0]}` failed: {said or 'without a word'}")

    def construct_paths(self) -> dict[str, str]:
        """Address of a resource to the path of its construct ("dev/database/server"), from the stack's metadata."""
        return construct_paths(json.loads(self.stack_file.read_text()))

    def construct_of(self, address: str) -> str:
        return self.construct_paths().get(address, "")

    def _log_file(self, verb: str) -> Path:
        self.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        logs = sorted(self.logs.glob("*.jsonl"))
        for old in logs[: max(0, len(logs) - _KEPT_LOGS)]:
            old.unlink(missing_ok=True)
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        return self.logs / f"{moment}-{os.getpid()}-{self.name}-{verb}-{time.monotonic_ns() % 10**6}.jsonl"


def construct_paths(stack: Mapping[str, Any]) -> dict[str, str]:
    """Address to construct path, as the CDK's metadata (`//`.metadata.path) in a synthesized stack gives them."""
    return {
        f"{kind}.{name}": block["//"]["metadata"]["path"]
        for kind, blocks in stack.get("resource", {}).items()
        for name, block in blocks.items()
        if "path" in block.get("//", {}).get("metadata", {})
    }


def providers_of(stack: Mapping[str, Any]) -> list[str]:
    """The provider addresses ("hashicorp/aws") that a synthesized stack requires; a bare name is one of hashicorp's."""
    required = stack.get("terraform", {}).get("required_providers", {})
    sources = [entry["source"] for entry in required.values() if isinstance(entry, dict) and "source" in entry]
    return sorted(source if "/" in source else f"hashicorp/{source}" for source in sources)
