"""Plans on disk: what each was made for, and whether it still fits."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from terrace.assurance.gate_verdict import GateVerdict
from terrace.deployment.changes import Change, Summary
from terrace.deployment.deployment import Deployment
from terrace.deployment.errors import StalePlan
from terrace.deployment.terraform import Workspace
from terrace.errors import UsageError

_INPUTS = (("environments", "**/*.y*ml"), ("stacks", "*.py"), ("constructs", "**/*.py"), ("policies", "**/*.y*ml"))


@dataclass(frozen=True)
class SavedPlan:
    """A plan on disk, and what it was made for. The sidecar `<plan>.json` holds the same, and no values.

    `adopted` are the resources that the plan imports: address to the cloud's id. `gate` is what the gate said of
    it, none when it was not asked.
    """

    path: Path
    made: str  # UTC, ISO 8601
    stack_sha256: str
    inputs_sha256: str
    summary: Summary
    adopted: Mapping[str, str] = field(default_factory=dict)
    gate: GateVerdict | None = None
    sha256: str = ""

    @property
    def sidecar(self) -> Path:
        return self.path.with_name(self.path.name + ".json")


def save(
    deployment: Deployment,
    workspace: Workspace,
    path: Path,
    summary: Summary,
    adopted: Mapping[str, str],
    gate: GateVerdict | None = None,
) -> SavedPlan:
    """Note beside a fresh plan what it was made for."""
    saved = SavedPlan(
        path=path,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        stack_sha256=_sha256(workspace.stack_file),
        inputs_sha256=inputs_digest(deployment),
        summary=summary,
        adopted=adopted,
        gate=gate,
        sha256=_sha256(path),
    )
    record = {
        "environment": deployment.environment,
        "cloud": deployment.cloud,
        "made": saved.made,
        "plan_sha256": saved.sha256,
        "stack_sha256": saved.stack_sha256,
        "inputs_sha256": saved.inputs_sha256,
        "adopted": dict(adopted),
        "gate": gate.as_data() if gate else None,
        **summary.as_data(),
    }
    saved.sidecar.write_text(json.dumps(record, indent=2) + "\n")
    saved.sidecar.chmod(0o600)
    return saved


def load(deployment: Deployment) -> SavedPlan:
    """The saved plan of a deployment. Raises UsageError when there is none, StalePlan when it no longer fits."""
    path = deployment.plan_file
    again = f"plan again: `terrace plan {deployment.environment}`"
    saved = SavedPlan(path, "", "", "", Summary(()))
    try:
        record: dict[str, Any] = json.loads(saved.sidecar.read_text())
        saved = SavedPlan(
            path=path,
            made=record["made"],
            stack_sha256=record["stack_sha256"],
            inputs_sha256=record["inputs_sha256"],
            summary=Summary(tuple(_change(entry) for entry in record["changes"]), record["outputs"]),
            adopted=record["adopted"],
            gate=GateVerdict.of(record.get("gate")),
            sha256=record["plan_sha256"],
        )
        intact = record["plan_sha256"] == _sha256(path)
    except FileNotFoundError:
        raise UsageError(
            f"nothing is planned for {deployment.environment} on {deployment.cloud}",
            hint=f"see what would change first: `terrace plan {deployment.environment}`",
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StalePlan(f"the saved plan cannot be read ({error})", where=str(saved.sidecar), hint=again) from error
    if not intact:
        raise StalePlan("the saved plan is not the one that was noted", where=str(path), hint=again)
    stack = deployment.project.stack(deployment.environment) / "cdk.tf.json"
    if not stack.is_file() or _sha256(stack) != saved.stack_sha256:
        raise StalePlan(f"the stack has been synthesized anew since the plan of {saved.made}", hint=again)
    if inputs_digest(deployment) != saved.inputs_sha256:
        raise StalePlan(
            f"the environment, the stack's code or a policy has changed since the plan of {saved.made}", hint=again
        )
    return saved


def discard(deployment: Deployment) -> None:
    """Forget the saved plan: it was applied, or will never be."""
    deployment.plan_file.unlink(missing_ok=True)
    SavedPlan(deployment.plan_file, "", "", "", Summary(())).sidecar.unlink(missing_ok=True)


def inputs_digest(deployment: Deployment) -> str:
    """A digest of what a user writes: environment files, stacks, the project's constructs, policies."""
    digest = hashlib.sha256(f"{deployment.cloud} {deployment.state}".encode())
    root = deployment.project.root
    for folder, pattern in _INPUTS:
        for path in sorted((root / folder).glob(pattern)):
            digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _change(entry: Mapping[str, Any]) -> Change:
    return Change(
        address=entry["address"],
        type=entry["type"],
        verb=entry["action"],
        construct=entry["construct"],
        capability=entry["capability"],
        attributes=tuple(entry["attributes"]),
        reasons=tuple(entry["forced_by"]),
        owner=entry["environment_line"],
        imported=entry["imported_id"],
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
