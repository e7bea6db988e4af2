"""What a report holds, and how it comes from what the gate found. No format in here."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from terrace.assurance.findings import Finding
from terrace.assurance.frameworks import Framework, Requirement
from terrace.assurance.guarantees import GUARANTEES, Guarantee
from terrace.assurance.proof import Broken, DoesNotApply, Holds, Proof, Unproven, Verdict, counted
from terrace.assurance.report.live import LiveDeployment, LiveResult
from terrace.assurance.report.provenance import Provenance
from terrace.assurance.result import Finding as GateFinding
from terrace.assurance.result import GateResult
from terrace.capabilities.cloud import CloudException

Outcome = Literal[
    "broken", "unproven", "waived", "exception", "not_asked", "partial", "evidenced", "person", "not_covered", "outside"
]
"""Of a requirement on a stack, the worst first. `partial`: all guarantees hold, a person provides the rest."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
FAILING: tuple[Outcome, ...] = ("broken", "unproven")
Held = Literal["broken", "unproven", "waived", "exception", "not_asked", "proven"]
"""Of a guarantee on a stack, the worst first."""
HELD: tuple[Held, ...] = get_args(Held)
Kind = Literal["before_deployment", "live", "manual"]
"""Of evidence: by checks of a stack or plan, by `terrace verify` of a deployment, by a person."""
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
class Fact:
    """What was read of one resource. `address` is Terraform's, `line` the environment's; "" where there is none."""

    construct: str
    address: str
    line: str
    read: str
    good: bool
    wanted: str


@dataclass(frozen=True)
class CheckOutcome:
    """One check on one stack."""

    id: str
    outcome: Literal["holds", "broken", "not_asked", "unproven"]
    why: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Evidence:
    """One guarantee on one stack: what was seen before deployment, what was read live, what was waived.

    `readable` is whether `terrace verify` can read it on this cloud.
    """

    guarantee: Guarantee
    stack: Stack
    held: Held
    why: str
    checks: tuple[CheckOutcome, ...]
    exception: CloudException | None
    live: LiveResult | None
    readable: bool
    findings: tuple[GateFinding, ...]

    @property
    def waived(self) -> tuple[GateFinding, ...]:
        """The findings about it that someone accepted, of its own checks or of others."""
        return tuple(finding for finding in self.findings if finding.status == "waived")


@dataclass(frozen=True)
class Answered:
    """One requirement on one stack. `by` are the guarantees that decided, `waived` how many findings were accepted."""

    outcome: Outcome
    by: tuple[str, ...] = ()
    waived: int = 0


@dataclass(frozen=True)
class Report:
    """Everything that the formats show. `results` are the gate's, in the order of the stacks; `policies` are those of
    the project that its cluster has to enforce by itself, as guarantees name them.
    """

    frameworks: tuple[Framework, ...]
    results: tuple[GateResult, ...]
    evidence: Mapping[tuple[str, Stack], Evidence]
    live: tuple[LiveDeployment, ...]
    provenance: Provenance
    policies: frozenset[str] = frozenset()

    @cached_property
    def stacks(self) -> tuple[Stack, ...]:
        """In the order they were asked for."""
        return tuple(Stack(result.environment, result.cloud) for result in self.results)

    @cached_property
    def guarantees(self) -> tuple[Guarantee, ...]:
        """Those that answer a requirement of the report, in the table's order."""
        used = {id for framework in self.frameworks for row in framework.requirements for id in row.evidence}
        return tuple(guarantee for guarantee in GUARANTEES if guarantee.id in used)

    @cached_property
    def tools(self) -> dict[str, str]:
        """Version by name, of all that made the report and judged the stacks."""
        found = dict(self.provenance.tools)
        for result in self.results:
            found |= result.tools
        return dict(sorted(found.items()))

    @cached_property
    def inputs(self) -> dict[str, str]:
        """SHA-256 sum by what was read; what only one stack is made of begins with the stack."""
        found = dict(self.provenance.inputs)
        for stack, result in zip(self.stacks, self.results, strict=True):
            for name, hash in result.inputs.items():
                found[name if name.startswith("policies/") else f"{stack}: {name}"] = hash
        return found

    def answered(self, requirement: Requirement, stack: Stack) -> Answered:
        """How a requirement stands on a stack."""
        if not requirement.evidence:
            fixed: dict[str, Outcome] = {"manual": "person", "not_covered": "not_covered", "outside": "outside"}
            return Answered(fixed[requirement.answer])
        held = {id: self.evidence[id, stack].held for id in requirement.evidence}
        worst = min(held.values(), key=HELD.index)
        by = tuple(id for id, one in held.items() if one == worst)
        waived = sum(len(self.evidence[id, stack].waived) for id in requirement.evidence)
        if worst == "proven":
            return Answered("partial" if requirement.person else "evidenced", by, waived)
        return Answered(worst, by, waived)

    def kinds(self, requirement: Requirement, stack: Stack) -> tuple[Kind, ...]:
        """The kinds of evidence that a requirement has on a stack, whether or not they were given."""
        evidence = [self.evidence[id, stack] for id in requirement.evidence]
        has: Mapping[Kind, bool] = {
            "before_deployment": any(one.checks for one in evidence),
            "live": any(one.readable for one in evidence),
            "manual": bool(requirement.person),
        }
        return tuple(kind for kind in KINDS if has[kind])

    def counts(self, framework: Framework, stack: Stack) -> Counter[Outcome]:
        """How many requirements of each outcome."""
        return Counter(self.answered(requirement, stack).outcome for requirement in framework.requirements)

    @property
    def findings(self) -> tuple[GateFinding, ...]:
        """Every finding of the gate, waived ones too."""
        return tuple(finding for result in self.results for finding in result.findings)

    @property
    def passes(self) -> bool:
        """No guarantee is broken or unproven, and the gate lets every stack pass."""
        held = {one.held for one in self.evidence.values()}
        return bool(self.results) and not held & set(FAILING) and all(result.passes for result in self.results)


def build(
    frameworks: Sequence[Framework],
    results: Sequence[GateResult],
    provenance: Provenance,
    lines: Lines,
    live: Sequence[LiveDeployment] = (),
    policies: Collection[str] = (),
    readable: Mapping[str, Collection[str]] = {},
) -> Report:
    """A report of what the gate found, with what was read live merged in; every guarantee is in it.

    `readable` are the guarantees that can be read live, by cloud.
    """
    read = {(one.environment, one.cloud, row.guarantee): row for one in live for row in one.guarantees}
    evidence: dict[tuple[str, Stack], Evidence] = {}
    for result in results:
        stack = Stack(result.environment, result.cloud)
        for proof in result.proofs:
            id = proof.guarantee.id
            found = tuple(finding for finding in result.findings if finding.guarantee == id)
            live_result = read.get((stack.environment, stack.cloud, id))
            held, why = _held(proof, found, live_result)
            checks = tuple(_check(check, verdict, result, lines) for check, verdict in proof.verdicts)
            can = id in readable.get(stack.cloud, ())
            evidence[id, stack] = Evidence(
                proof.guarantee, stack, held, why, checks, proof.exception, live_result, can, found
            )
        errors = [finding.sentence for finding in result.findings if finding.status == "error"]
        for guarantee in GUARANTEES:  # a stack that did not synthesize has no proofs
            why = errors[0] if errors else "nothing looked at it"
            missing = Evidence(guarantee, stack, "unproven", why, (), None, None, False, ())
            evidence.setdefault((guarantee.id, stack), missing)
    return Report(tuple(frameworks), tuple(results), evidence, tuple(live), provenance, frozenset(policies))


def _held(proof: Proof, findings: Sequence[GateFinding], live: LiveResult | None) -> tuple[Held, str]:
    """The worst of what its checks say, of what else keeps the stack from passing, and of what was read live.

    Its own checks' findings can be waived; a waived finding of another check is shown and does not decide.
    """
    states: list[tuple[Held, str]] = [(proof.status, proof.why)]
    own = [finding for finding in findings if finding.id in dict(proof.verdicts)]
    if proof.status == "broken" and own and all(finding.status == "waived" for finding in own):
        states = [("waived", "; ".join(dict.fromkeys(finding.sentence for finding in own)))]
    for finding in findings:
        if finding.blocks:
            states.append(("broken" if finding.status == "broken" else "unproven", finding.sentence))
    if live and live.status == "broken":
        states.append(("broken", f"live: {live.reason or live.evidence}"))
    elif live and live.status == "unknown":
        states.append(("unproven", f"live: {live.reason or 'could not be read'}"))
    return min(states, key=lambda state: HELD.index(state[0]))


def _check(id: str, verdict: Verdict, result: GateResult, lines: Lines) -> CheckOutcome:
    def facts(findings: Iterable[Finding]) -> tuple[Fact, ...]:
        return tuple(
            Fact(
                construct=one.resource,
                address=result.addresses.get(one.resource, ""),
                line=lines(result.environment, result.cloud, one.resource),
                read=one.fact,
                good=one.good,
                wanted=one.wanted,
            )
            for one in findings
        )

    if isinstance(verdict, Holds):
        return CheckOutcome(id, "holds", counted(verdict.seen), facts(verdict.findings))
    if isinstance(verdict, Broken):
        return CheckOutcome(id, "broken", verdict.why, facts(verdict.findings))
    if isinstance(verdict, DoesNotApply):
        return CheckOutcome(id, "not_asked", verdict.reason, ())
    assert isinstance(verdict, Unproven)
    return CheckOutcome(id, "unproven", verdict.reason, ())
