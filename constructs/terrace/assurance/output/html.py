"""The gate's findings, the parity matrix and a report as HTML pages without external resources."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from terrace.assurance.frameworks import Framework, Requirement
from terrace.assurance.gate_result import GateResult
from terrace.assurance.output import summary
from terrace.assurance.parity import Matrix
from terrace.assurance.report import labels
from terrace.assurance.report.model import OUTCOMES, Report, RequirementOutcome, Stack
from terrace.assurance.report.provenance import Provenance
from terrace.assurance.report.scans import SEVERITIES
from terrace.capabilities.cloud import TITLES

SHOWN = 8
"""Observations of a check that the page lists; the others are counted there, and all are in the JSON and CSV."""


def gate(results: Sequence[GateResult]) -> str:
    """A table a stack, a row a finding."""
    return _rendered("gate.html.j2", results=results, summary=summary)


def parity(matrix: Matrix, source: Provenance) -> str:
    """A row a guarantee, a column a stack; a cell's title is its status and reason. `source` is when and from what."""
    return _rendered(
        "parity.html.j2", matrix=matrix, source=source, columns=list(matrix.stacks), summary=summary, labels=labels
    )


def report(content: Report) -> str:
    """The page of a compliance report."""
    return _rendered(
        "report.html.j2",
        report=content,
        labels=labels,
        limits=labels.limits(content),
        period_text=labels.period_text,
        outcomes=OUTCOMES,
        shown=SHOWN,
        severities=SEVERITIES,
        title=_title(content),
        present=_present(content),
        capabilities=lambda row: _capabilities(content, row),
        used_by=_used_by(content),
        all_capabilities=sorted({guarantee.capability for guarantee in content.guarantees}),
        clouds=list(dict.fromkeys(stack.cloud for stack in content.stacks)),
        share=lambda framework, stack: _share(content, framework, stack),
    )


def _rendered(template: str, **values: Any) -> str:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["anchor"] = _anchor
    templates.globals["titles"] = TITLES
    return templates.get_template(template).render(**values)


def _title(content: Report) -> str:
    frameworks = _listed([framework.short for framework in content.frameworks])
    environments = _listed([stack.environment for stack in content.stacks])
    clouds = _listed([TITLES[stack.cloud] for stack in content.stacks])
    return f"{frameworks}: evidence of {environments} on {clouds}"


def _listed(names: list[str]) -> str:
    """a, b and c; each once."""
    *most, last = dict.fromkeys(names)
    return f"{', '.join(most)} and {last}" if most else last


def _present(content: Report) -> list[RequirementOutcome]:
    """The outcomes that occur, the worst first."""
    counts = [content.counts(framework, stack) for framework in content.frameworks for stack in content.stacks]
    return [outcome for outcome in OUTCOMES if any(outcome in count for count in counts)]


def _share(content: Report, framework: Framework, stack: Stack) -> list[tuple[RequirementOutcome, int, float]]:
    """(outcome, count, percent) of a framework on a stack."""
    counts, total = content.counts(framework, stack), len(framework.requirements)
    return [(outcome, counts[outcome], 100 * counts[outcome] / total) for outcome in OUTCOMES if counts[outcome]]


def _capabilities(content: Report, requirement: Requirement) -> str:
    return " ".join(sorted({one.capability for one in content.guarantees if one.id in requirement.evidence}))


def _used_by(content: Report) -> dict[str, list[tuple[Framework, Requirement]]]:
    """The requirements that each guarantee is evidence of."""
    requirements: dict[str, list[tuple[Framework, Requirement]]] = {}
    for framework in content.frameworks:
        for requirement in framework.requirements:
            for id in requirement.evidence:
                requirements.setdefault(id, []).append((framework, requirement))
    return requirements


def _anchor(text: object) -> str:
    """Text as a fragment identifier."""
    return "".join(letter if letter.isalnum() or letter in ".-_" else "-" for letter in str(text))
