"""What the gate says of a stack: findings for people, what was looked at, and what it was made of. Plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from terrace.assurance.proof import Proof

Severity = Literal["low", "medium", "high", "critical"]
Status = Literal["broken", "error", "waived"]
"""broken: not as it should be. error: it could not be judged, so it did not pass. waived: accepted, for a reason."""
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")


@dataclass(frozen=True)
class Waiver:
    """A finding that someone accepts for a while: `policies/waivers.yaml`. `line` is where it stands, file:line."""

    id: str
    resource: str
    environments: tuple[str, ...]
    clouds: tuple[str, ...]
    reason: str
    owner: str
    approved_by: str
    expires: date
    compensating_control: str
    line: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or that could not be judged.

    `id` is the check's (`CKV_AWS_16`, `aws.database.requires-tls`, `gate.empty-stack`), `guarantee` the one that the
    check proves ("" for none). `resource` is Terraform's address, `construct` the path below the stack's id, `line`
    the environment file's `file:line:column`; each is "" where there is none. `blocks` is whether the environment's
    profile lets it fail the gate: a waived finding never does.
    """

    id: str
    status: Status
    severity: Severity
    sentence: str
    environment: str
    cloud: str
    guarantee: str = ""
    resource: str = ""
    construct: str = ""
    line: str = ""
    capability: str = "other"
    why: str = ""
    mend: str = ""
    waiver: Waiver | None = None
    blocks: bool = True


@dataclass(frozen=True)
class CheckRun:
    """A check that ran on a stack: the resources that passed it and that failed it, by address.

    A guarantee's check names construct paths, and `facts` is how many it read. `unknown` are those of which checkov
    says neither: the check does not apply to a resource as it is written. They count as judged by nobody.
    """

    id: str
    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    facts: int = 0


@dataclass(frozen=True)
class GateResult:
    """One stack. `resources_in` were in it, `resources_looked_at` reached the checks: they have to be the same.

    `source` is what was judged: the stack as synthesized, or a plan of it. `tools` are versions by name, `inputs`
    SHA-256 sums by what was read (`stack`, `plan`, `environments/prod.yaml`, `policies/waivers.yaml`, ...), `addresses`
    Terraform's address of every construct path that is a resource.
    """

    environment: str
    cloud: str
    tier: str
    source: Literal["stack", "plan"]
    findings: tuple[Finding, ...]
    proofs: tuple[Proof, ...]
    resources_in: int
    resources_looked_at: int
    checks: tuple[CheckRun, ...]
    tools: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def passes(self) -> bool:
        """Nothing blocks."""
        return not self.blocking

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that fail the gate."""
        return tuple(finding for finding in self.findings if finding.blocks)

    def count(self, status: Status) -> int:
        """How many findings have a status."""
        return sum(1 for finding in self.findings if finding.status == status)
