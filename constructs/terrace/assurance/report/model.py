"""What a report contains, and how it is made from the gate's results. No output format in here."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

from terrace.assurance.evaluation import Result, Status
from terrace.assurance.evidence import Period
from terrace.assurance.frameworks import Framework, Requirement
from terrace.assurance.gate_result import Finding, GateResult
from terrace.assurance.guarantees import TABLE, Guarantee
from terrace.assurance.report.live import LiveDeployment, LiveResult
from terrace.assurance.report.provenance import Provenance
from terrace.assurance.report.scans import Scans, unread

RequirementOutcome = Literal[
    "broken",
    "unproven",
    "waived",
    "prepared",
    "by_owner",
    "excepted",
    "not_required",
    "partial",
    "evidenced",
    "person",
    "not_covered",
    "outside",
]
"""The outcome of a requirement on a stack, the worst first. The first seven are the status of its worst guarantee.
`partial`: every guarantee holds and a person provides the rest; `evidenced`: they hold and nothing else is required.
"""
OUTCOMES: tuple[RequirementOutcome, ...] = get_args(RequirementOutcome)
STATUSES: tuple[Status, ...] = (
    "broken", "unproven", "waived", "prepared", "by_owner", "excepted", "not_required", "holds",
)  # fmt: skip
"""The statuses of a guarantee, the worst first."""
FAILING: tuple[Status, ...] = ("broken", "unproven")
Kind = Literal["before_deployment", "live", "manual"]
"""Of evidence: from checks of a stack or plan, from `terrace verify` of a deployment, from a person."""
KINDS: tuple[Kind, ...] = get_args(Kind)
Lines = Callable[[str, str, str], str]
"""(environment, cloud, construct path) to the environment's `file:line:column`; "" where there is none."""


@dataclass(frozen=True, order=True)
class Stack:
    """One environment on one cloud."""

    environment: str
    cloud: str

    def __str__(self) -> str:
        return f"{self.environment}/{self.cloud}"


@dataclass(frozen=True)
class Evidence:
    """One guarantee on one stack: its result before deployment, the live one if there is one, and the gate's findings.

    `status` and `reason` combine the three. `readable` is whether `terrace verify` can read it on this cloud.
    """

    stack: Stack
    status: Status
    reason: str
    result: Result
    live: LiveResult | None = None
    readable: bool = False
    findings: tuple[Finding, ...] = ()

    @property
    def guarantee(self) -> Guarantee:
        return self.result.guarantee

    @property
    def waived(self) -> tuple[Finding, ...]:
        """The waived findings about it, of its own checks or of others."""
        return tuple(finding for finding in self.findings if finding.status == "waived")


@dataclass(frozen=True)
class Answered:
    """One requirement on one stack. `by` are the guarantees that decided, `waived` is the number of waived findings."""

    outcome: RequirementOutcome
    by: tuple[str, ...] = ()
    waived: int = 0


@dataclass(frozen=True)
class Report:
    """The content of a report, for every format. `results` are the gate's, in the order of the stacks.

    `lines` are environment lines by stack and construct path, `policies` the in-cluster policies that the project has,
    `accounts` the cloud accounts. `periods` are what the evidence over time shows, `heads` the last record's hash.
    """

    frameworks: tuple[Framework, ...]
    results: tuple[GateResult, ...]
    evidence: Mapping[tuple[str, Stack], Evidence]
    live: tuple[LiveDeployment, ...]
    provenance: Provenance
    lines: Mapping[tuple[Stack, str], str]
    policies: frozenset[str] = frozenset()
    accounts: Mapping[Stack, str] = field(default_factory=dict)
    periods: Mapping[Stack, tuple[Period, ...]] = field(default_factory=dict)
    heads: Mapping[Stack, str] = field(default_factory=dict)

    @cached_property
    def scans(self) -> Mapping[Stack, Scans]:
        """The scans in the cluster of each stack, or why there are none."""
        given = {Stack(one.environment, one.cloud): one.scans for one in self.live}
        without = unread("the live evidence has no scans; `terrace verify` without --only writes them")
        missing = unread("no live deployment was read for this report")
        return {stack: (given[stack] or without) if stack in given else missing for stack in self.stacks}

    @cached_property
    def stacks(self) -> tuple[Stack, ...]:
        """In the order requested."""
        return tuple(Stack(result.environment, result.cloud) for result in self.results)

    def address(self, stack: Stack, construct: str) -> str:
        """Terraform's address of a construct path; "" where it is no resource."""
        return self._addresses[stack].get(construct, "")

    @cached_property
    def _addresses(self) -> dict[Stack, Mapping[str, str]]:
        return {stack: result.addresses for stack, result in zip(self.stacks, self.results, strict=True)}

    @cached_property
    def guarantees(self) -> tuple[Guarantee, ...]:
        """The guarantees that answer a requirement of the report, in the table's order."""
        used = {id for framework in self.frameworks for row in framework.requirements for id in row.evidence}
        return tuple(guarantee for guarantee in TABLE if guarantee.id in used)

    @cached_property
    def tools(self) -> dict[str, str]:
        """The versions, by name, of everything that made the report and checked the stacks."""
        versions = dict(self.provenance.tools)
        for result in self.results:
            versions |= result.tools
        return dict(sorted(versions.items()))

    @cached_property
    def inputs(self) -> dict[str, str]:
        """SHA-256 sums by input; the input of a single stack has the stack as its prefix."""
        sums = dict(self.provenance.inputs)
        for stack, result in zip(self.stacks, self.results, strict=True):
            for name, hash in result.inputs.items():
                sums[name if name.startswith(("policies/", "terrace/policies/")) else f"{stack}: {name}"] = hash
        return sums

    def answered(self, requirement: Requirement, stack: Stack) -> Answered:
        """The outcome of a requirement on a stack."""
        if not requirement.evidence:
            fixed: dict[str, RequirementOutcome] = {
                "manual": "person",
                "not_covered": "not_covered",
                "outside": "outside",
            }
            return Answered(fixed[requirement.answer])
        statuses = {id: self.evidence[id, stack].status for id in requirement.evidence}
        worst = min(statuses.values(), key=STATUSES.index)
        by = tuple(id for id, status in statuses.items() if status == worst)
        waived = sum(len(self.evidence[id, stack].waived) for id in requirement.evidence)
        if worst == "holds":
            return Answered("partial" if requirement.person else "evidenced", by, waived)
        return Answered(worst, by, waived)

    def kinds(self, requirement: Requirement, stack: Stack) -> tuple[Kind, ...]:
        """The kinds of evidence that a requirement can have on a stack, whether or not they were given."""
        evidence = [self.evidence[id, stack] for id in requirement.evidence]
        available: Mapping[Kind, bool] = {
            "before_deployment": any(one.result.outcomes for one in evidence),
            "live": any(one.readable for one in evidence),
            "manual": bool(requirement.person),
        }
        return tuple(kind for kind in KINDS if available[kind])

    def counts(self, framework: Framework, stack: Stack) -> Counter[RequirementOutcome]:
        """The number of requirements with each outcome."""
        return Counter(self.answered(requirement, stack).outcome for requirement in framework.requirements)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding of the gate, waived ones too."""
        return tuple(finding for result in self.results for finding in result.findings)

    @property
    def passes(self) -> bool:
        """Whether no guarantee is broken or unproven, and every stack passes the gate."""
        statuses = {one.status for one in self.evidence.values()}
        return bool(self.results) and not statuses & set(FAILING) and all(result.passes for result in self.results)


def build(
    frameworks: Sequence[Framework],
    results: Sequence[GateResult],
    provenance: Provenance,
    lines: Lines,
    live: Sequence[LiveDeployment] = (),
    policies: Collection[str] = (),
    readable: Mapping[str, Collection[str]] = {},
) -> Report:
    """A report of the gate's results, with live results merged in; it contains every guarantee.

    `readable` are the guarantees that can be read live, by cloud.
    """
    read = {(one.environment, one.cloud, row.guarantee): row for one in live for row in one.guarantees}
    evidence: dict[tuple[str, Stack], Evidence] = {}
    located: dict[tuple[Stack, str], str] = {}
    for gate_result in results:
        stack = Stack(gate_result.environment, gate_result.cloud)
        for result in gate_result.results:
            id = result.guarantee.id
            findings = tuple(finding for finding in gate_result.findings if finding.guarantee == id)
            live_result = read.get((stack.environment, stack.cloud, id))
            status, reason = _combined(result, findings, live_result)
            can = id in readable.get(stack.cloud, ())
            evidence[id, stack] = Evidence(stack, status, reason, result, live_result, can, findings)
            for construct in {observation.resource for observation in result.observations}:
                located[stack, construct] = lines(stack.environment, stack.cloud, construct)
        unproven = [finding.sentence for finding in gate_result.findings if finding.status == "unproven"]
        for guarantee in TABLE:  # a stack that did not synthesize has no results
            reason = unproven[0] if unproven else "no check ran on this stack"
            missing = Evidence(stack, "unproven", reason, Result(guarantee, "unproven", reason))
            evidence.setdefault((guarantee.id, stack), missing)
    return Report(tuple(frameworks), tuple(results), evidence, tuple(live), provenance, located, frozenset(policies))


def _combined(result: Result, findings: Sequence[Finding], live: LiveResult | None) -> tuple[Status, str]:
    """The worst of the result, of the other findings that block, and of the live result.

    Waivers of its own checks' findings make it waived; a waived finding of another check does not decide.
    """
    candidates: list[tuple[Status, str]] = [(result.status, result.reason)]
    if result.status == "prepared" and live and live.status in ("holds", "excepted"):
        candidates = [(live.status, live.reason)]  # the cluster has the modules that a stack only prepares
    checks = {outcome.id for outcome in result.outcomes}
    own = [finding for finding in findings if finding.id in checks]
    if result.status == "broken" and own and all(finding.status == "waived" for finding in own):
        candidates = [("waived", "; ".join(dict.fromkeys(finding.sentence for finding in own)))]
    for finding in findings:
        if finding.blocks:
            candidates.append(("broken" if finding.status == "broken" else "unproven", finding.sentence))
    if live and live.status == "broken":
        candidates.append(("broken", f"live: {live.reason or live.evidence}"))
    elif live and live.status == "unproven":
        candidates.append(("unproven", f"live: {live.reason or 'could not be read'}"))
    return min(candidates, key=lambda candidate: STATUSES.index(candidate[0]))
