"""Saved plans: the inputs of each, and whether they are still current."""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from terrace import __version__
from terrace.assurance.gate_verdict import GateVerdict
from terrace.capabilities.blockers import Blocker
from terrace.deployment import outputs
from terrace.deployment.changes import Change, Summary
from terrace.deployment.cost import Amount
from terrace.deployment.deployment import Deployment
from terrace.deployment.errors import StalePlan
from terrace.deployment.terraform import Terraform
from terrace.deployment.values import ValueChange
from terrace.errors import UsageError

_INPUTS = (
    ("environments", "**/*.y*ml"),
    ("modules", "**/*.*"),
    ("stacks", "**/*.py"),
    ("stacks", "*.lock.hcl"),
    ("constructs", "**/*.py"),
    ("policies", "**/*.y*ml"),
)


_STACK = "tfconfig/m-/cdk.tf.json"
"""The root module in a plan file. Source: Terraform, internal/plans/planfile and internal/configs/configload."""


@dataclass(frozen=True)
class SavedPlan:
    """A plan on disk with digests of its inputs. The sidecar `<plan>.json` holds the same; it is a record for people
    and other programs, and `lifecycle.apply` trusts the plan file only.

    `adopted` are the resources that the plan imports: address to the cloud's id. `gate` is None if the gate did not
    evaluate the plan. `blockers` are what blocks the removal of resources.
    """

    path: Path
    created: str  # UTC, ISO 8601
    stack_sha256: str
    inputs_sha256: str
    summary: Summary
    adopted: Mapping[str, str] = field(default_factory=dict)
    gate: GateVerdict | None = None
    sha256: str = ""
    blockers: tuple[Blocker, ...] = ()

    @property
    def sidecar(self) -> Path:
        return self.path.with_name(self.path.name + ".json")


def save(
    deployment: Deployment,
    terraform: Terraform,
    path: Path,
    summary: Summary,
    adopted: Mapping[str, str],
    gate: GateVerdict | None = None,
    blockers: tuple[Blocker, ...] = (),
) -> SavedPlan:
    """Write the sidecar of a new plan."""
    saved = SavedPlan(
        path=path,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        stack_sha256=sha256_of(terraform.stack_file),
        inputs_sha256=inputs_digest(deployment),
        summary=summary,
        adopted=adopted,
        gate=gate,
        sha256=sha256_of(path),
        blockers=blockers,
    )
    record = {
        "environment": deployment.environment,
        "stack": deployment.stack_id,
        "cloud": deployment.cloud,
        "created": saved.created,
        "plan_sha256": saved.sha256,
        "stack_sha256": saved.stack_sha256,
        "inputs_sha256": saved.inputs_sha256,
        "adopted": dict(adopted),
        "gate": gate.as_data() if gate else None,
        "blockers": [vars(one) for one in blockers],
        **summary.as_data(),
    }
    saved.sidecar.write_text(json.dumps(record, indent=2) + "\n")
    saved.sidecar.chmod(0o600)
    return saved


def load(deployment: Deployment) -> SavedPlan:
    """The saved plan of a deployment. Raises UsageError if there is none, StalePlan if its inputs have changed."""
    path = deployment.plan_file
    hint = f"plan again with `terrace plan {deployment.stack_id}`"
    saved = SavedPlan(path, "", "", "", Summary(()))
    try:
        record: dict[str, Any] = json.loads(saved.sidecar.read_text())
        saved = SavedPlan(
            path=path,
            created=record["created"],
            stack_sha256=record["stack_sha256"],
            inputs_sha256=record["inputs_sha256"],
            summary=Summary(tuple(_change(entry) for entry in record["changes"]), record["outputs"]),
            adopted=record["adopted"],
            gate=GateVerdict.from_data(record.get("gate")),
            sha256=record["plan_sha256"],
        )
        intact = record["plan_sha256"] == sha256_of(path)
    except FileNotFoundError:
        raise UsageError(
            f"no saved plan for {deployment.stack_id} on {deployment.cloud}",
            hint=f"run `terrace plan {deployment.stack_id}` first",
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StalePlan(f"cannot read the saved plan ({error})", where=str(saved.sidecar), hint=hint) from error
    if not intact:
        raise StalePlan("the plan file has changed since it was saved", where=str(path), hint=hint)
    stack = deployment.project.stack(deployment.stack_id) / "cdk.tf.json"
    if not stack.is_file() or sha256_of(stack) != saved.stack_sha256:
        raise StalePlan(f"the stack has changed since the plan of {saved.created}", hint=hint)
    if inputs_digest(deployment) != saved.inputs_sha256:
        more = " or an output of the foundation" if deployment.layer == "workloads" else ""
        raise StalePlan(
            f"an environment file, a module, the stack's code or a policy{more} has changed since the plan of "
            f"{saved.created}",
            hint=hint,
        )
    return saved


def stack_of(saved: SavedPlan) -> str:
    """The synthesized stack that was planned, as the plan file contains it. Raises StalePlan."""
    try:
        with zipfile.ZipFile(saved.path) as file:
            return file.read(_STACK).decode()
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise StalePlan(f"cannot read the stack in the plan file ({error})", where=str(saved.path)) from error


def discard(deployment: Deployment) -> None:
    """Delete the saved plan and its sidecar."""
    deployment.plan_file.unlink(missing_ok=True)
    SavedPlan(deployment.plan_file, "", "", "", Summary(())).sidecar.unlink(missing_ok=True)


def inputs_digest(deployment: Deployment) -> str:
    """A digest of the project's sources and the kit's version: environments, modules, stacks, constructs, policies.

    The workloads stack also depends on the foundation's outputs.
    """
    digest = hashlib.sha256(f"{deployment.cloud} {deployment.state} {__version__}".encode())
    root = deployment.project.root
    for folder, pattern in _INPUTS:
        for path in sorted((root / folder).glob(pattern)):
            if path.is_file():
                digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    if deployment.layer == "workloads" and (file := outputs.file(deployment)).is_file():
        digest.update(file.read_bytes())
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
        environment_line=entry["environment_line"],
        imported=entry["imported_id"],
        settings=tuple(entry["settings"]),
        billed=tuple(Amount(**{**one, "quantity": Decimal(one["quantity"])}) for one in entry["billed"]),
        unpriced=entry["unpriced"],
        values=tuple(ValueChange(**one) for one in entry["values"]),
        created_first=entry["created_first"],
    )


def sha256_of(path: Path) -> str:
    """The SHA-256 sum of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
