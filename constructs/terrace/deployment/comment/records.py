"""What the comment reads: plans, findings, parity and drift, as the commands write them with --json."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from terrace.assurance.gate_verdict import GateVerdict
from terrace.capabilities.cloud import TITLES
from terrace.capabilities.effects import Effect
from terrace.deployment.changes import Change, Verb
from terrace.deployment.cost import Amount
from terrace.deployment.values import ValueChange
from terrace.errors import UsageError


@dataclass(frozen=True)
class ChangeRecord:
    """A change as in `terrace plan --json`, with the keys of `deployment.changes.Change`."""

    address: str
    type: str
    action: Verb
    construct: str = ""
    capability: str = ""
    forced_by: tuple[str, ...] = ()
    loses_data: bool = False
    irreversible: tuple[str, ...] = ()
    environment_line: str | None = None
    settings: tuple[str, ...] = ()
    effect: Effect = "unknown"
    billed: tuple[Amount, ...] = ()
    unpriced: str = ""
    values: tuple[ValueChange, ...] = ()

    @property
    def set_values(self) -> tuple[ValueChange, ...]:
        """The values that the stack sets, without what the provider computes."""
        return Change(self.address, self.type, self.action, settings=self.settings, values=self.values).set_values


@dataclass(frozen=True)
class PlanRecord:
    """`terrace plan --json`, or the record beside a saved plan. `untried_provider` is a sentence about the provider's
    version, if Terrace was never tried with it."""

    environment: str
    cloud: str
    changes: tuple[ChangeRecord, ...]
    stack: str = ""
    offline: bool = False
    gate: GateVerdict | None = None
    outputs: int = 0
    bootstrap_outdated: bool = False
    risk: Effect = "none"
    untried_provider: str = ""

    @property
    def title(self) -> str:
        return f"{self.stack or self.environment} on {TITLES.get(self.cloud, self.cloud)}"


@dataclass(frozen=True)
class WaiverRecord:
    until: str
    reason: str
    owner: str = ""


@dataclass(frozen=True)
class FindingRecord:
    """A finding of `terrace gate --json`."""

    id: str
    status: str
    severity: str
    sentence: str
    resource: str = ""
    construct: str = ""
    line: str = ""
    blocks: bool = False
    waiver: WaiverRecord | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What identifies a finding in two runs of the gate."""
        return self.id, self.construct or self.resource


@dataclass(frozen=True)
class StackRecord:
    environment: str
    cloud: str
    findings: tuple[FindingRecord, ...] = ()


@dataclass(frozen=True)
class GateRecord:
    """`terrace gate --json`."""

    stacks: tuple[StackRecord, ...]


@dataclass(frozen=True)
class CellRecord:
    guarantee: str
    sentence: str
    cloud: str
    environment: str
    status: str
    reason: str = ""


@dataclass(frozen=True)
class ParityRecord:
    """`terrace parity --json`."""

    cells: tuple[CellRecord, ...]


@dataclass(frozen=True)
class DriftedRecord:
    address: str
    kind: str
    construct: str = ""
    severity: str | None = None
    environment_line: str | None = None


@dataclass(frozen=True)
class DriftRecord:
    """`terrace drift STACK --json`."""

    environment: str
    cloud: str
    drift: tuple[DriftedRecord, ...] = ()
    layer: str = "foundation"

    def concerns(self, plan: PlanRecord) -> bool:
        """Whether this is the drift of a plan's stack."""
        own = plan.environment if self.layer == "foundation" else f"{plan.environment}-{self.layer}"
        concerned = (plan.environment, plan.cloud, plan.stack or plan.environment)
        return (self.environment, self.cloud, own) == concerned


Record = TypeVar("Record")


def read(path: Path, record: type[Record], command: str) -> list[Record]:
    """The records in a file: an object, or a list of objects. Raises UsageError, which names the command to run."""
    hint = f"expected what `{command}` writes"
    try:
        content: Any = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint=hint) from error
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}", hint=hint) from error
    try:
        if isinstance(content, dict) and "deployments" in content:  # `terrace drift --all`
            content = content["deployments"]
        return TypeAdapter(list[record]).validate_python(content if isinstance(content, list) else [content])  # type: ignore[valid-type]
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the file"
        raise UsageError(f"{path}: {key}: {first['msg'].lower()}", hint=hint) from error


def plan(data: Mapping[str, object]) -> PlanRecord:
    """The record of what `terrace plan --json` prints."""
    return TypeAdapter(PlanRecord).validate_python(data)


def plans(paths: Sequence[Path]) -> list[PlanRecord]:
    """The plans in files, by environment and cloud. Raises UsageError."""
    found = [plan for path in paths for plan in read(path, PlanRecord, "terrace plan ENV --json")]
    return sorted(found, key=lambda plan: (plan.environment, plan.stack, plan.cloud))
