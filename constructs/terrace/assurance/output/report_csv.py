"""A report as CSV, for the sheet that an auditor fills in: one of requirements, one of what was read."""

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence

from terrace.assurance.report.labels import CHECKS, HELD, IN_CLUSTER, KINDS, LIVE, OUTCOMES, limits, live
from terrace.assurance.report.model import Evidence, Report

REQUIREMENTS = (
    "framework", "requirement", "group", "asks (paraphrase)", "kinds of evidence", "environment", "cloud", "outcome",
    "guarantee", "guarantee says", "reason for the mapping", "guarantee before deployment", "guarantee live",
    "what decided", "waived findings", "a person has to provide", "why not", "mapping written in",
)  # fmt: skip
EVIDENCE = (
    "guarantee", "environment", "cloud", "kind", "check", "outcome", "construct", "resource", "environment line",
    "what was read", "wanted", "result", "reason",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def requirements(report: Report) -> str:
    """A line a requirement, stack and guarantee; one line a stack for a requirement without guarantees."""
    return _written(report, REQUIREMENTS, _requirements(report))


def evidence(report: Report) -> str:
    """A line a fact, before deployment and live, a line for what was not asked or unproven, and for each finding."""
    return _written(report, EVIDENCE, (row for one in _asked(report) for row in _facts(one, report.policies)))


def _requirements(report: Report) -> Iterator[Sequence[str]]:
    for framework in report.frameworks:
        for row in framework.requirements:
            for stack in report.stacks:
                answered = report.answered(row, stack)
                kinds = "; ".join(KINDS[kind] for kind in report.kinds(row, stack)) or "none"
                head = (framework.short, row.id, row.group, row.asks, kinds, *_place(stack))
                tail = (row.person or "", row.not_covered or row.outside or "", row.line)
                if not row.evidence:
                    yield (*head, OUTCOMES[answered.outcome], "", "", "", "", "", "", "", *tail)
                for id, reason in row.evidence.items():
                    one = report.evidence[id, stack]
                    said = (one.guarantee.sentence, reason, HELD[one.held], live(one), one.why, str(len(one.waived)))
                    yield (*head, OUTCOMES[answered.outcome], id, *said, *tail)


def _asked(report: Report) -> Iterator[Evidence]:
    for guarantee in report.guarantees:
        for stack in report.stacks:
            yield report.evidence[guarantee.id, stack]


def _facts(one: Evidence, policies: Collection[str]) -> Iterator[Sequence[str]]:
    head = (one.guarantee.id, *_place(one.stack))
    for check in one.checks:
        outcome = CHECKS[check.outcome]
        for fact in check.facts:
            result = "as it should be" if fact.good else "not as it should be"
            yield (
                *head, "before deployment", check.id, outcome, fact.construct, fact.address, fact.line, fact.read,
                fact.wanted, result, "",
            )  # fmt: skip
        if not check.facts:
            yield (*head, "before deployment", check.id, outcome, "", "", "", "", "", "", check.why)
    for id in one.guarantee.in_cluster:
        yield (*head, "in the cluster", id, IN_CLUSTER[id in policies], "", "", "", "", "", "", "")
    if one.live:
        found = one.live
        said = (LIVE[found.status], "", found.resource, "", found.evidence, "", "", found.reason)
        yield (*head, "live", "terrace verify", *said)
    for finding in one.findings:
        reason = f"waived: {finding.waiver.reason}" if finding.waiver else finding.why
        yield (
            *head, "before deployment", finding.id, finding.status, finding.construct, finding.resource, finding.line,
            finding.sentence, "", "", reason,
        )  # fmt: skip


def _place(stack: object) -> tuple[str, str]:
    environment, _, cloud = str(stack).rpartition("/")
    return environment, cloud


def _written(report: Report, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lines about the report first, then the table; a spreadsheet runs none of it as a formula."""
    source = report.provenance
    about = [
        ("terrace report", f"made {source.created.isoformat()}", f"commit {source.commit or 'unknown'}"),
        *((sentence,) for sentence in limits(report)),
        ("scope", *(f"{one.title}: {one.scope}" for one in report.frameworks), *map(str, report.stacks)),
        ("tools", *(f"{name} {version}" for name, version in report.tools.items())),
        *(("input", name, hash) for name, hash in report.inputs.items()),
        (),
    ]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([_safe(cell) for cell in row] for row in [*about, head, *rows])
    return out.getvalue()


def _safe(cell: str) -> str:
    """A cell that a spreadsheet shows as it is. Source: OWASP, "CSV Injection"."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
