"""What the gate reports about a stack: its findings, and the evidence behind them. Plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from terrace.assurance.evaluation import Outcome, Result
from terrace.capabilities.target import Tier

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
FindingStatus = Literal["broken", "unproven", "waived"]


@dataclass(frozen=True)
class Waiver:
    """A finding that is accepted: an entry of `policies/waivers.yaml`, until a date, or one of the kit's own, which has
    tiers instead of environments and no date. `line` is its file:line.

    It counts only while each guarantee and check of `relies_on` holds: these are what the compensating control is.
    `ticket` is where the approval of `approved_on` is recorded.
    """

    id: str
    resource: str
    environments: tuple[str, ...]
    clouds: tuple[str, ...]
    reason: str
    owner: str
    approved_by: str
    expires: date | None
    compensating_control: str
    relies_on: tuple[str, ...] = ()
    approved_on: date | None = None
    ticket: str = ""
    line: str = ""
    tiers: tuple[Tier, ...] = ()

    @property
    def until(self) -> str:
        """Its last day, or what ends one of the kit's own."""
        return self.expires.isoformat() if self.expires else "a version of the kit does not need it"


@dataclass(frozen=True)
class Finding:
    """One broken or unproven fact about a stack.

    `id` is the check's (`CKV_AWS_16`, `aws.database.requires-tls`, `gate.empty-stack`), `also` are the other checks
    that report the same, `guarantee` the one that they prove. `resource` is Terraform's address, or the types of what
    is missing; `construct` is the path below the stack's id, or the capability. `line` is the environment file's
    `file:line:column`, "" if there is none. `blocks` is whether it fails the gate of the environment's tier; a waived
    finding never does.
    """

    id: str
    status: FindingStatus
    severity: Severity
    sentence: str
    environment: str
    cloud: str
    guarantee: str = ""
    resource: str = ""
    construct: str = ""
    line: str = ""
    capability: str = "other"
    rationale: str = ""
    remediation: str = ""
    waiver: Waiver | None = None
    blocks: bool = True
    also: tuple[str, ...] = ()

    @property
    def checks(self) -> tuple[str, ...]:
        """The ids of all checks that report it."""
        return (self.id, *self.also)


@dataclass(frozen=True)
class GateResult:
    """The gate's findings about one stack, with the results of the guarantees and the outcomes of checkov's checks.

    `source` is what was checked: the stack as synthesized, or a plan of it. It contains `resources_in`; the checks
    covered `resources_looked_at` of them, and anything less than all is a finding. `tools` are versions by name,
    `inputs` SHA-256 sums by file (`stack`, `plan`, `environments/prod.yaml`, `policies/waivers.yaml`), `addresses`
    Terraform's address of every construct path that is a resource. `notices` name deprecated ids and keys in policies.
    `file` is the given stack file, "" for a stack that was synthesized.
    """

    environment: str
    cloud: str
    tier: str
    source: Literal["stack", "plan"]
    findings: tuple[Finding, ...]
    results: tuple[Result, ...]
    resources_in: int
    resources_looked_at: int
    outcomes: tuple[Outcome, ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict, repr=False)
    notices: tuple[str, ...] = ()
    file: str = ""

    def __str__(self) -> str:
        return f"{self.environment} on {self.cloud}" + (f" ({self.file})" if self.file else "")

    @property
    def checks(self) -> tuple[Outcome, ...]:
        """Every check that ran: those of guarantees, then checkov's."""
        own = (outcome for result in self.results for outcome in result.outcomes if outcome.status != "unproven")
        return (*own, *self.outcomes)

    @property
    def passes(self) -> bool:
        """Whether no finding blocks."""
        return not self.blocking

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that fail the gate."""
        return tuple(finding for finding in self.findings if finding.blocks)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The broken findings that do not fail the gate."""
        return tuple(finding for finding in self.findings if finding.status == "broken" and not finding.blocks)

    def count(self, status: FindingStatus) -> int:
        """The number of findings with a status."""
        return sum(1 for finding in self.findings if finding.status == status)
