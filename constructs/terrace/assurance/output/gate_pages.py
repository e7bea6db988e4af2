"""What the gate found, as people and machines want it: a table, JSON, CSV, JUnit, annotations of GitHub, a page."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from html import escape
from typing import Any
from xml.etree import ElementTree

from terrace.assurance.result import SEVERITIES, Finding, GateResult

_COLUMNS = (
    "environment", "cloud", "capability", "status", "severity", "blocks", "id", "guarantee", "sentence", "resource",
    "construct", "line", "why", "mend", "waived_until", "waived_because",
)  # fmt: skip
_SHOWN = 3  # findings of a check that are told in full, constructs that a line names; the others are counted
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; }
:root { color-scheme: light dark; } table { border-collapse: collapse; width: 100%; }
th, td { padding: .3rem .5rem; text-align: left; vertical-align: top; border-bottom: 1px solid #8886; }
caption { text-align: left; font-weight: 700; padding: 1rem 0 .3rem; } code { overflow-wrap: anywhere; }
.blocks { color: #b00020; font-weight: 700; } @media (prefers-color-scheme: dark) { .blocks { color: #ff8a9a; } }
"""


def table(results: Sequence[GateResult]) -> str:
    """For a terminal: per stack and capability, what blocks in full, the rest counted by check."""
    return "\n\n".join("\n".join(_stack(result)) for result in results)


def _stack(result: GateResult) -> Iterator[str]:
    yield f"{result.environment} on {result.cloud}: {verdict(result)}"
    yield f"  {scope(result)}"
    by_capability: dict[str, list[Finding]] = {}
    for finding in result.findings:
        by_capability.setdefault(finding.capability, []).append(finding)
    for capability, found in sorted(by_capability.items()):
        yield f"\n  {capability}"
        blocking: dict[str, list[Finding]] = {}
        for finding in found:
            if finding.blocks:
                blocking.setdefault(finding.id, []).append(finding)
        for id, those in blocking.items():
            for finding in those[:_SHOWN]:
                yield from _in_full(finding)
            if len(those) > _SHOWN:
                yield f"    ✗ and {len(those) - _SHOWN} more of {id}: --output json lists them"
        for sign, status in (("!", "warning"), ("w", "waived")):
            those = [one for one in found if not one.blocks and (one.status == "waived") == (status == "waived")]
            yield from _counted(sign, those)


def _in_full(finding: Finding) -> Iterator[str]:
    yield f"    ✗ {finding.severity.ljust(8)} {finding.id}  {finding.sentence}"
    place = " ".join(part for part in (finding.construct, f"({finding.resource})") if part.strip("()"))
    for name, value in (("at", place), ("set in", finding.line), ("why", finding.why), ("mend", finding.mend)):
        if value:
            yield f"        {name}: {value}"


def _counted(sign: str, findings: Sequence[Finding]) -> Iterator[str]:
    groups: dict[tuple[int, str], list[Finding]] = {}
    for one in findings:
        groups.setdefault((-SEVERITIES.index(one.severity), one.id), []).append(one)
    for _, those in sorted(groups.items()):
        first = those[0]
        names = list(dict.fromkeys(one.construct or one.resource for one in those))
        where = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
        until = f"  until {first.waiver.expires}: {first.waiver.reason}" if first.waiver else ""
        yield f"    {sign} {first.severity.ljust(8)} {first.id}  {first.sentence}: {where}{until}"


def verdict(result: GateResult) -> str:
    """In a few words."""
    warned = sum(1 for one in result.findings if one.status == "broken" and not one.blocks)
    counts = ((len(result.blocking), "block"), (warned, "warnings"), (result.count("waived"), "waived"))
    told = ", ".join(f"{count} {word}" for count, word in counts if count)
    return ("passes" if result.passes else "does not pass") + (f" ({told})" if told else "")


def scope(result: GateResult) -> str:
    """What was looked at."""
    proven = sum(1 for proof in result.proofs if proof.status == "proven")
    left_open = sum(len(run.unknown) for run in result.checks)
    return (
        f"the {result.source}: {result.resources_looked_at} of {result.resources_in} resources looked at, "
        f"{len(result.checks)} checks run, {proven} of {len(result.proofs)} guarantees proven"
        + (f", {left_open} answers left open by checkov" if left_open else "")
    )


def data(results: Sequence[GateResult]) -> dict[str, Any]:
    """For machines: everything but the proofs' single facts."""
    return {
        "passed": bool(results) and all(result.passes for result in results),
        "stacks": [
            {
                "environment": result.environment,
                "cloud": result.cloud,
                "tier": result.tier,
                "passed": result.passes,
                "source": result.source,
                "resources_in": result.resources_in,
                "resources_looked_at": result.resources_looked_at,
                "findings": [_plain(finding) for finding in result.findings],
                "guarantees": {proof.guarantee.id: proof.status for proof in result.proofs},
                "checks": [
                    {
                        "id": run.id,
                        "passed": len(run.passed),
                        "failed": len(run.failed),
                        "unknown": len(run.unknown),
                    }
                    for run in result.checks
                ],
                "tools": dict(result.tools),
                "inputs": dict(sorted(result.inputs.items())),
            }
            for result in results
        ],
    }


def _plain(finding: Finding) -> dict[str, Any]:
    written = asdict(finding)
    if finding.waiver:
        written["waiver"]["expires"] = finding.waiver.expires.isoformat()
    return written


def as_json(results: Sequence[GateResult]) -> str:
    """The same, as text."""
    return json.dumps(data(results), indent=2) + "\n"


def as_csv(results: Sequence[GateResult]) -> str:
    """A row a finding."""
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\n")
    sheet.writerow(_COLUMNS)
    for finding in _all(results):
        waiver = finding.waiver
        own = [getattr(finding, column) for column in _COLUMNS[:-2]]
        sheet.writerow(
            [_cell(value) for value in [*own, waiver.expires if waiver else "", waiver.reason if waiver else ""]]
        )
    return out.getvalue()


def _cell(value: object) -> str:
    """Text that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def junit(results: Sequence[GateResult]) -> str:
    """A suite a stack, a case a check: what blocks is a failure, what was not judged an error, the rest skipped."""
    root = ElementTree.Element("testsuites", name="terrace gate")
    for result in results:
        by_id: dict[str, list[Finding]] = {run.id: [] for run in result.checks}
        for finding in result.findings:
            by_id.setdefault(finding.id, []).append(finding)
        kinds = {id: _kind(found) for id, found in by_id.items()}
        attributes = {"name": f"{result.environment} on {result.cloud}", "tests": str(len(by_id))}
        for kind, name in _KINDS.items():
            attributes[name] = str(list(kinds.values()).count(kind))
        suite = ElementTree.SubElement(root, "testsuite", attributes)
        for id, found in by_id.items():
            case = ElementTree.SubElement(
                suite, "testcase", classname=f"terrace.{result.cloud}.{result.environment}", name=id
            )
            if kinds[id]:
                told = ElementTree.SubElement(case, kinds[id], message=found[0].sentence)
                told.text = "\n".join(f"{one.construct or one.resource or one.line}: {one.sentence}" for one in found)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


_KINDS = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def _kind(findings: Sequence[Finding]) -> str:
    blocking = [one for one in findings if one.blocks]
    if not findings:
        return ""
    if not blocking:
        return "skipped"
    return "error" if all(one.status == "error" for one in blocking) else "failure"


def github(results: Sequence[GateResult]) -> str:
    """Workflow commands: an annotation a finding at its environment line."""
    lines = []
    for finding in _all(results):
        level = "error" if finding.blocks else "notice" if finding.status == "waived" else "warning"
        place = dict(zip(("file", "line", "col"), finding.line.rsplit(":", 2), strict=False)) if finding.line else {}
        place["title"] = f"{finding.id} ({finding.severity}) {finding.environment} on {finding.cloud}"
        properties = ",".join(f"{name}={_escaped(value, ',:')}" for name, value in place.items())
        said = f"{finding.sentence}: {finding.construct or finding.resource}. {finding.why} {finding.mend}"
        lines.append(f"::{level} {properties}::{_escaped(said)}")
    return "\n".join([*lines, *(f"{one.environment} on {one.cloud}: {verdict(one)}" for one in results)]) + "\n"


def _escaped(text: str, also: str = "") -> str:
    for sign in "%\r\n" + also:
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def html(results: Sequence[GateResult]) -> str:
    """A page of its own, without anything from elsewhere."""
    parts = []
    for result in results:
        rows = "".join(
            f'<tr class="{"blocks" if one.blocks else one.status}">'
            + "".join(
                f"<td>{escape(str(value))}</td>"
                for value in (
                    one.capability,
                    "blocks" if one.blocks else "waived" if one.status == "waived" else "warning",
                    one.severity,
                    one.id,
                    one.sentence,
                    one.construct or one.resource,
                    one.line,
                    f"waived until {one.waiver.expires}: {one.waiver.reason}"
                    if one.waiver
                    else f"{one.why} {one.mend}",
                )
            )
            + "</tr>"
            for one in result.findings
        )
        heads = "".join(
            f'<th scope="col">{word}</th>'
            for word in ("capability", "", "severity", "check", "finding", "construct", "set in", "why, and what to do")
        )
        parts.append(
            f"<table><caption>{escape(f'{result.environment} on {result.cloud}: {verdict(result)}')}</caption>"
            f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table><p>{escape(scope(result))}</p>"
        )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Terrace: gate</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><h1>Gate</h1>{''.join(parts)}</body></html>\n"
    )


def _all(results: Sequence[GateResult]) -> Iterator[Finding]:
    for result in results:
        yield from result.findings


def sarif(results: Sequence[GateResult]) -> str:
    """See gate_sarif."""
    from terrace.assurance.output import sarif as gate_sarif

    return json.dumps(gate_sarif.log(results), indent=2) + "\n"


OUTPUTS: Mapping[str, Callable[[Sequence[GateResult]], str]] = {
    "table": lambda results: table(results) + "\n",
    "sarif": sarif,
    "json": as_json,
    "junit": junit,
    "github": github,
    "html": html,
    "csv": as_csv,
}
