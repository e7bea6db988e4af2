"""The gate's findings and a report's requirements and evidence as CSV, for spreadsheets."""

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence

from terrace.assurance.gate_result import GateResult
from terrace.assurance.report.labels import IN_CLUSTER, KINDS, OUTCOMES, STATUSES, limits, live, period_text
from terrace.assurance.report.model import Evidence, Report, Stack
from terrace.assurance.report.scans import SEVERITIES, Scans

FINDINGS = (
    "environment", "cloud", "capability", "status", "severity", "blocks", "id", "also", "guarantee", "sentence",
    "resource", "construct", "line", "rationale", "remediation", "waived_until", "waived_because",
)  # fmt: skip
REQUIREMENTS = (
    "framework", "requirement", "group", "asks (paraphrase)", "kinds of evidence", "environment", "cloud", "outcome",
    "guarantee", "guarantee sentence", "reason for the mapping", "guarantee before deployment", "guarantee live",
    "what decided", "waived findings", "a person has to provide", "reason for no evidence", "mapping written in",
)  # fmt: skip
EVIDENCE = (
    "guarantee", "environment", "cloud", "kind", "check", "status", "construct", "resource", "environment line",
    "fact", "expected", "result", "reason",
)  # fmt: skip
SCANS = ("environment", "cloud", "modules", "namespace", "image", "scanned", *SEVERITIES, "note")
ABOUT = ("name", "value")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def gate(results: Sequence[GateResult]) -> str:
    """A row a finding."""
    rows: list[Sequence[object]] = [FINDINGS]
    for result in results:
        for finding in result.findings:
            waiver = finding.waiver
            own = [_cell(getattr(finding, column)) for column in FINDINGS[:-2]]
            rows.append([*own, waiver.until if waiver else "", waiver.reason if waiver else ""])
    return _written(rows, "\n")


def _cell(value: object) -> object:
    return " ".join(value) if isinstance(value, tuple) else value


def about(report: Report) -> str:
    """Rows about the report itself: a name and a value."""
    return _written([ABOUT, *_about(report)], "\r\n")


def _about(report: Report) -> Iterator[Sequence[object]]:
    source = report.provenance
    yield "created", source.created.isoformat()
    yield "commit", source.commit or "unknown"
    yield "repository", source.repository
    yield "operator", source.operator
    yield "CI run", source.run
    yield from (("parameter", parameter) for parameter in source.parameters)
    yield from (("limit", sentence) for sentence in limits(report))
    yield from (("scope", f"{one.title}: {one.scope}") for one in report.frameworks)
    yield from (("stack", f"{stack}, account {report.accounts.get(stack, 'unknown')}") for stack in report.stacks)
    yield from (("tool", f"{name} {version}") for name, version in report.tools.items())
    yield from (("input", f"{name}: {hash}") for name, hash in report.inputs.items())
    for stack, periods in report.periods.items():
        yield from (("evidence over time", f"{stack}: {period_text(period)}") for period in periods)
        if head := report.heads.get(stack):
            yield "last record of the evidence", f"{stack}: {head}"


def requirements(report: Report) -> str:
    """A row a requirement, stack and guarantee; one row a stack for a requirement without guarantees."""
    return _written([REQUIREMENTS, *_requirements(report)], "\r\n")


def evidence(report: Report) -> str:
    """A row an observation, live result and finding; also a row for each check that is not required or unproven."""
    every = (report.evidence[guarantee.id, stack] for guarantee in report.guarantees for stack in report.stacks)
    rows = (row for one in every for row in _evidence(one, report, report.policies))
    return _written([EVIDENCE, *rows], "\r\n")


def scans(report: Report) -> str:
    """A row an image that runs in the cluster; an empty count is not reported. One row for a stack without scans."""
    rows = ([*_columns(stack), *row] for stack, one in report.scans.items() for row in _scans(one))
    return _written([SCANS, *rows], "\r\n")


def _scans(given: Scans) -> Iterator[Sequence[object]]:
    none = [""] * len(SEVERITIES)
    if given.status != "read":
        yield ("", "", "", "", *none, str(given))
    for one in given.modules:
        head = (", ".join(one.modules), one.namespace)
        for image in one.images:
            counts = [image.vulnerabilities.get(severity, "") for severity in SEVERITIES]
            yield (*head, image.image, image.scanned.isoformat(), *counts, given.scope)
        for name in one.unscanned:
            yield (*head, name, "", *none, "no report covers it")


def _requirements(report: Report) -> Iterator[Sequence[str]]:
    for framework in report.frameworks:
        for row in framework.requirements:
            for stack in report.stacks:
                outcome = OUTCOMES[report.answered(row, stack).outcome]
                kinds = "; ".join(KINDS[kind] for kind in report.kinds(row, stack)) or "none"
                head = (framework.short, row.id, row.group, row.asks, kinds, *_columns(stack), outcome)
                tail = (row.person or "", row.not_covered or row.outside or "", row.line)
                if not row.evidence:
                    yield (*head, "", "", "", "", "", "", "", *tail)
                for id, reason in row.evidence.items():
                    one = report.evidence[id, stack]
                    status, waived = STATUSES[one.status], str(len(one.waived))
                    yield (*head, id, one.guarantee.sentence, reason, status, live(one), one.reason, waived, *tail)


def _evidence(one: Evidence, report: Report, policies: Collection[str]) -> Iterator[Sequence[str]]:
    head = (one.guarantee.id, *_columns(one.stack))
    for outcome in one.result.outcomes:
        status = STATUSES[outcome.status]
        for observation in outcome.observations:
            construct = observation.resource
            yield (
                *head, "before deployment", outcome.id, status, construct, report.address(one.stack, construct),
                report.lines.get((one.stack, construct), ""), observation.fact, observation.expected,
                "as expected" if observation.ok else "not as expected", "",
            )  # fmt: skip
        if not outcome.observations:
            yield (*head, "before deployment", outcome.id, status, "", "", "", "", "", "", outcome.reason)
    for id in one.guarantee.in_cluster:
        yield (*head, "in the cluster", id, IN_CLUSTER[id in policies], "", "", "", "", "", "", "")
    if read := one.live:
        status = STATUSES[read.status]
        yield (*head, "live", "terrace verify", status, "", read.resource, "", read.evidence, "", "", read.reason)
    for finding in one.findings:
        reason = f"waived: {finding.waiver.reason}" if finding.waiver else finding.rationale
        yield (
            *head, "before deployment", finding.id, finding.status, finding.construct, finding.resource, finding.line,
            finding.sentence, "", "", reason,
        )  # fmt: skip


def _columns(stack: Stack) -> tuple[str, str]:
    return stack.environment, stack.cloud


def _written(rows: Iterable[Sequence[object]], terminator: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator=terminator).writerows([_safe(cell) for cell in row] for row in rows)
    return out.getvalue()


def _safe(cell: object) -> str:
    """A cell that no spreadsheet evaluates as a formula. Source: OWASP, "CSV Injection"."""
    text = str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text
