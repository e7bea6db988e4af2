"""The gate's findings and the parity matrix as text for a terminal."""

import io
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from terrace.assurance.gate_result import SEVERITIES, Finding, GateResult
from terrace.assurance.output.summary import WORDS, counts, reasons, scope, verdict
from terrace.assurance.parity import Matrix
from terrace.assurance.report.labels import SIGNS

_SHOWN = 3  # findings of a check that are shown in full, constructs that a line names; the others are counted


def gate(results: Sequence[GateResult]) -> str:
    """Per stack and capability: each blocking finding in full, the others counted by check."""
    return "\n\n".join("\n".join(_stack(result)) for result in results) + "\n"


def _stack(result: GateResult) -> Iterator[str]:
    yield f"{result}: {verdict(result)}"
    yield f"  {scope(result)}"
    by_capability: dict[str, list[Finding]] = {}
    for finding in result.findings:
        by_capability.setdefault(finding.capability, []).append(finding)
    for capability, findings in sorted(by_capability.items()):
        yield f"\n  {capability}"
        blocking: dict[str, list[Finding]] = {}
        for finding in findings:
            if finding.blocks:
                blocking.setdefault(finding.id, []).append(finding)
        for id, of_check in blocking.items():
            for finding in of_check[:_SHOWN]:
                yield from _in_full(finding)
            if len(of_check) > _SHOWN:
                yield f"    ✗ and {len(of_check) - _SHOWN} more of {id}: --output json lists them"
        allowed = [finding for finding in findings if not finding.blocks]
        yield from _counted("!", [finding for finding in allowed if finding.status != "waived"])
        yield from _counted("w", [finding for finding in allowed if finding.status == "waived"])


def _in_full(finding: Finding) -> Iterator[str]:
    yield f"    ✗ {finding.severity.ljust(8)} {', '.join(finding.checks)}  {finding.sentence}"
    location = " ".join(part for part in (finding.construct, f"({finding.resource})") if part.strip("()"))
    details = {
        "at": location,
        "set in": finding.line,
        "rationale": finding.rationale,
        "remediation": finding.remediation,
    }
    for name, value in details.items():
        if value:
            yield f"        {name}: {value}"


def _counted(sign: str, findings: Sequence[Finding]) -> Iterator[str]:
    groups: dict[tuple[int, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((-SEVERITIES.index(finding.severity), finding.id), []).append(finding)
    for _, group in sorted(groups.items()):
        first = group[0]
        names = list(dict.fromkeys(finding.construct or finding.resource for finding in group))
        listed = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
        until = f"  until {first.waiver.until}: {first.waiver.reason}" if first.waiver else ""
        yield f"    {sign} {first.severity.ljust(8)} {first.id}  {first.sentence}: {listed}{until}"


def parity(matrix: Matrix) -> str:
    """A row a guarantee, a column a stack; below, why something does not simply hold."""
    columns = list(matrix.stacks)
    table = Table(box=None, pad_edge=False, show_header=True)
    table.add_column("", no_wrap=True)
    for cloud, environment in columns:
        table.add_column(f"{cloud}\n{environment}", no_wrap=True)
    table.add_column("", no_wrap=True)
    capability = ""
    for row in matrix.guarantees:
        if row.capability != capability:
            capability = row.capability
            table.add_row(capability)
        signs = [SIGNS[matrix.result(row.id, *column).status] for column in columns]
        table.add_row(f"  {row.id}", *signs, row.sentence)
    legend = "   ".join(f"{SIGNS[status]} {word}" for status, word in WORDS.items())
    lines = [_rendered(table), "", legend, ""]
    lines += [f"{WORDS[status]} {place}: {reason}" for status, place, reason in reasons(matrix)]
    lines += [f"{cloud}: {counts(matrix, cloud)}" for cloud in matrix.clouds]
    return "\n".join(lines)


def _rendered(table: Table) -> str:
    """A table as plain text, no line wrapped or padded."""
    console = Console(file=io.StringIO(), width=1000, color_system=None)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())
