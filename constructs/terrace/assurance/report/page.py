"""A report as one HTML page that needs nothing from elsewhere: no script, style, font or picture of others."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from terrace.assurance.frameworks import Framework, Requirement
from terrace.assurance.report import labels as words
from terrace.assurance.report.model import OUTCOMES, Outcome, Report, Stack
from terrace.capabilities.cloud import TITLES

SHOWN = 8
"""Facts of a check that the page spells out; the others are counted there, and all are in the JSON and CSV."""
_TEMPLATES = Path(__file__).parent / "template"


def html(report: Report) -> str:
    """The page."""
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["anchor"] = _anchor
    return templates.get_template("page.html.j2").render(
        report=report,
        words=words,
        titles=TITLES,
        limits=words.limits(report),
        outcomes=OUTCOMES,
        shown=SHOWN,
        title=_title(report),
        present=_present(report),
        capabilities=lambda row: _capabilities(report, row),
        used_by=_used_by(report),
        all_capabilities=sorted({guarantee.capability for guarantee in report.guarantees}),
        clouds=list(dict.fromkeys(stack.cloud for stack in report.stacks)),
        share=lambda framework, stack: _share(report, framework, stack),
    )


def _title(report: Report) -> str:
    frameworks = _listed([framework.short for framework in report.frameworks])
    environments = _listed([stack.environment for stack in report.stacks])
    clouds = _listed([TITLES[stack.cloud] for stack in report.stacks])
    return f"{frameworks}: evidence of {environments} on {clouds}"


def _listed(named: list[str]) -> str:
    """a, b and c; each once."""
    *most, last = dict.fromkeys(named)
    return f"{', '.join(most)} and {last}" if most else last


def _present(report: Report) -> list[Outcome]:
    """The outcomes that occur, the worst first."""
    found = {outcome for one in report.frameworks for stack in report.stacks for outcome in report.counts(one, stack)}
    return [outcome for outcome in OUTCOMES if outcome in found]


def _share(report: Report, framework: Framework, stack: Stack) -> list[tuple[Outcome, int, float]]:
    """(outcome, how many, percent) of a framework on a stack."""
    counts, total = report.counts(framework, stack), len(framework.requirements)
    return [(outcome, counts[outcome], 100 * counts[outcome] / total) for outcome in OUTCOMES if counts[outcome]]


def _capabilities(report: Report, requirement: Requirement) -> str:
    named = {guarantee.capability for guarantee in report.guarantees if guarantee.id in requirement.evidence}
    return " ".join(sorted(named))


def _used_by(report: Report) -> dict[str, list[tuple[Framework, Requirement]]]:
    """The requirements that each guarantee is evidence of."""
    found: dict[str, list[tuple[Framework, Requirement]]] = {}
    for framework in report.frameworks:
        for requirement in framework.requirements:
            for id in requirement.evidence:
                found.setdefault(id, []).append((framework, requirement))
    return found


def _anchor(text: object) -> str:
    """Text as a fragment identifier."""
    return "".join(letter if letter.isalnum() or letter in ".-_" else "-" for letter in str(text))
