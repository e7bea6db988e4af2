"""The gate's findings as workflow commands of GitHub Actions: an annotation a finding, at its environment line."""

from collections.abc import Sequence

from terrace.assurance.gate_result import Finding, GateResult
from terrace.assurance.output.summary import verdict


def gate(results: Sequence[GateResult]) -> str:
    annotations = [_annotation(finding) for result in results for finding in result.findings]
    verdicts = [f"{result}: {verdict(result)}" for result in results]
    return "\n".join([*annotations, *verdicts]) + "\n"


def _annotation(finding: Finding) -> str:
    level = "error" if finding.blocks else "notice" if finding.status == "waived" else "warning"
    location = finding.line.rsplit(":", 2) if finding.line else []
    properties = dict(zip(("file", "line", "col"), location, strict=False))
    properties["title"] = f"{', '.join(finding.checks)} ({finding.severity}) {finding.environment} on {finding.cloud}"
    listed = ",".join(f"{name}={_escaped(value, ',:')}" for name, value in properties.items())
    resource = finding.construct or finding.resource
    return (
        f"::{level} {listed}::{_escaped(f'{finding.sentence}: {resource}. {finding.rationale} {finding.remediation}')}"
    )


def _escaped(text: str, also: str = "") -> str:
    for character in "%\r\n" + also:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
